"""Which passages are a page's chrome rather than its content: judged by what they are like, in any language.

Chrome is short and holds no sentence of prose; it repeats itself, is built of links and labels, or hangs at the edges
of the page with nothing of its own to say. What is in doubt stays content: text that is wrongly hidden can never be
an answer, while chrome that is missed is caught by `repetition_key` once enough pages carry it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from index.language import LANGUAGES
from index.segmentation.characters import CLOSERS, TERMINALS, ends_sentence, is_question, weight
from index.types import Passage, Role

__all__ = ["REPEATED_ON_PAGES", "mark_boilerplate", "repetition_key"]

REPEATED_ON_PAGES = 3
"""In how many documents of one language the same short passage must stand to be chrome."""

_LONGEST_LABEL = 80
_LONGEST_CHROME = 200
_BODY = 20_000
_MOST_KEY_WORDS = 12
_NOT_A_WORD = re.compile(r"[\W_]+")
_DENSE_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af]")
_ECHO = re.compile(r"(?:^| )(.{6,}?)(?: \1)+(?= |$)")
_NOTHING_BUT_ECHO = re.compile(r"(.{2,}?)(?: \1)+")
_DENSE_ECHO = re.compile(r"(\S{4,}?)\1+")
_INNER_END = re.compile(f"[{re.escape(TERMINALS)}]\\s|[。！？]\\w")
_MACHINE_TEXT = re.compile(r"\S*://\S*|\{[^{}]*\}")
_SEPARATOR = re.compile(r"\s*[|›»→•·▸►❯¦]\s*|\s+[>/]\s+|\t+| {2,}")
_COPYRIGHT = re.compile(r"^\W*(?:[©℗Ⓒ]|\([cC]\)\s*(?:19|20)\d\d|\w{1,12}\s*[©℗])|[©℗]\s*(?:19|20)\d\d")
_CODES = re.compile(r"[A-Z]{2}(?: [A-Z]{2}){2,}|[A-Za-z]{2}(?:\s*[|/,·•]\s*[A-Za-z]{2}){2,}")


def mark_boilerplate(text: str, passages: Sequence[Passage]) -> list[Passage]:
    """The same passages, those that are page chrome (and their sentences) with the role `BOILERPLATE`."""
    words = [_normalised(text[p.start : p.end]) if p.end - p.start <= _LONGEST_CHROME else "" for p in passages]
    chrome = {at for at, passage in enumerate(passages) if _is_chrome(text, passage, words[at])}
    chrome |= {at for at in range(len(passages)) if _is_menu_heading(text, passages, at)}
    chrome |= _language_menus(text, passages, words)
    first = next((at for at in range(len(passages)) if at not in chrome), len(passages))
    if _is_label_on_menu(text, passages, first, chrome):
        chrome.add(first)
    content = [at for at in range(len(passages)) if at not in chrome and _is_content(text, passages, at)]
    if content:
        chrome |= _before_title(text, passages, content[0], chrome)
        chrome |= set(range(content[-1] + 1, len(passages)))
        chrome |= _stray_repeats(passages, words, chrome)
    return [_as_chrome(passage) if at in chrome else passage for at, passage in enumerate(passages)]


def repetition_key(text: str) -> str | None:
    """What a short passage says, normalised, to count the documents that it stands in; None where it may be content.

    A sentence that states something ("Call us on weekdays.") or holds a number may stand on many pages and still be
    the answer to a question; so only labels, questions and exclamations have a key, of at most 12 words or 80
    characters (ideographs count twice).
    """
    text = text.strip()
    if weight(text) > _LONGEST_LABEL or any(character.isdigit() for character in text):
        return None
    key = _normalised(text)
    bare = text.rstrip(CLOSERS + " ")
    states = ends_sentence(bare) and not is_question(bare) and not bare.endswith(("!", "！"))
    return None if not key or states or key.count(" ") >= _MOST_KEY_WORDS else key


def _as_chrome(passage: Passage) -> Passage:
    sentences = tuple(replace(sentence, role=Role.BOILERPLATE) for sentence in passage.sentences)
    return replace(passage, role=Role.BOILERPLATE, sentences=sentences)


def _normalised(text: str) -> str:
    folded = unicodedata.normalize("NFKC", _MACHINE_TEXT.sub(" ", text[: 2 * _LONGEST_CHROME])).casefold()
    return _NOT_A_WORD.sub(" ", folded).strip()


def _is_chrome(text: str, passage: Passage, words: str) -> bool:
    """Whether the passage is chrome by its own shape, wherever on the page it stands."""
    shown = text[passage.start : passage.end]
    if passage.role in (Role.CODE, Role.BOILERPLATE) or len(shown) > _LONGEST_CHROME:
        return passage.role is Role.BOILERPLATE
    if not any(character.isalnum() for character in shown):
        return True
    # "New York New York" may be a title, and Markdown headings repeat themselves in their anchors.
    if any(_NOTHING_BUT_ECHO.fullmatch(_normalised(line)) for line in shown.split("\n")) and _has_inner_end(shown):
        return True
    if _echoes(words) and (passage.role is not Role.HEADING or _has_inner_end(shown)):
        return True
    return _COPYRIGHT.search(shown) is not None


def _echoes(words: str) -> bool:
    """Whether most of the words are one phrase over and over: "thanks for the feedback thanks for the feedback"."""
    pattern = _DENSE_ECHO if _DENSE_WORD.search(words) else _ECHO
    repeated = sum(match.end() - match.start() for match in pattern.finditer(words))
    return repeated * 2 > len(words) > 0


def _has_inner_end(shown: str) -> bool:
    return _INNER_END.search(shown) is not None


def _is_content(text: str, passages: Sequence[Passage], at: int) -> bool:
    """Whether there is something to read: prose that says something, a list's item, code."""
    passage = passages[at]
    if passage.role is not Role.PROSE:
        return passage.role is Role.CODE or _is_in_table(text, passages, at)
    shown = text[passage.start : passage.end]
    if len(shown) > _LONGEST_CHROME or _is_in_table(text, passages, at):
        return True
    says = any(sentence.role is Role.PROSE for sentence in passage.sentences)
    return says and not (_is_link_list(shown) or _is_stub(shown) or _is_poll(text, passage))


def _is_label_on_menu(text: str, passages: Sequence[Passage], at: int, chrome: set[int]) -> bool:
    """A line of a few words that says nothing and is no heading, on top of the page's menu: a link past it."""
    if at + 1 >= len(passages) or passages[at].role is not Role.PROSE:
        return False
    following = text[passages[at + 1].start : passages[at + 1].end]
    is_menu = _is_link_list(following) and not _is_in_table(text, passages, at + 1)
    return _is_label(text, passages[at]) and (at + 1 in chrome or is_menu)


def _is_label(text: str, passage: Passage) -> bool:
    shown = text[passage.start : passage.end]
    is_short = len(shown) <= _LONGEST_LABEL and shown.count(" ") < 7
    return is_short and not ends_sentence(shown)


def _is_poll(text: str, passage: Passage) -> bool:
    """A question with its buttons: "Was this clear? Yes / No"."""
    *questions, last = passage.sentences
    buttons = text[last.start : last.end]
    return (
        bool(questions)
        and all(sentence.role is Role.QUESTION for sentence in questions)
        and buttons.count(" ") < 4
        and not ends_sentence(buttons)
    )


def _is_link_list(shown: str) -> bool:
    """A breadcrumb, a menu, a language switcher: short labels with marks between them, or names in three scripts."""
    if len(shown) > _LONGEST_CHROME or ends_sentence(shown):
        return False
    labels = [label for label in _SEPARATOR.split(shown) if label]
    is_menu = len(labels) > 2 and all(len(label) <= 30 and label.count(" ") < 4 for label in labels)
    return is_menu or _CODES.fullmatch(shown) is not None or len(_scripts(shown)) > 2


def _is_menu_heading(text: str, passages: Sequence[Passage], at: int) -> bool:
    """A line that would be a heading, were it not for its many labels: "Help   Search   Sign in"."""
    shown = text[passages[at].start : passages[at].end]
    return passages[at].role is Role.HEADING and _is_link_list(shown) and not _is_in_table(text, passages, at)


def _language_menus(text: str, passages: Sequence[Passage], words: Sequence[str]) -> set[int]:
    """Lines that are names of languages, each in itself, two or more in a row, and the label that stands above them."""
    found: set[int] = set()
    for at, (one, other) in enumerate(pairwise(words)):
        if one and other and one != other and {one, other} <= _autonyms():
            labelled = at > 0 and at not in found and _is_label(text, passages[at - 1])
            found |= {at, at + 1, *([at - 1] if labelled else [])}
    return found


@cache
def _autonyms() -> frozenset[str]:
    """What each language calls itself, as CLDR spells it, normalised."""
    from babel import Locale  # most pages have no such menu

    names = (Locale.parse(code).languages.get(code, "") for code in LANGUAGES)
    return frozenset(_normalised(name) for name in names) - {""}


def _scripts(shown: str) -> set[str]:
    names = {unicodedata.name(character, "").split(" ")[0] for character in shown if character.isalpha()}
    return {"CJK" if name in ("HIRAGANA", "KATAKANA") else name for name in names}


def _is_stub(shown: str) -> bool:
    """A few words in capitals: "ANDERE TALEN"."""
    return shown.isupper() and shown.count(" ") < 5 and not ends_sentence(shown) and not re.search(r"\d", shown)


def _is_in_table(text: str, passages: Sequence[Passage], at: int) -> bool:
    """Whether a line with column marks stands among lines with as many."""
    shown = text[passages[at].start : passages[at].end]
    columns = len(_SEPARATOR.findall(shown[:_LONGEST_CHROME]))
    near = [
        text[p.start : p.end][:_LONGEST_CHROME] for p in (*passages[max(0, at - 1) : at], *passages[at + 1 : at + 2])
    ]
    return columns > 0 and any(len(_SEPARATOR.findall(other)) == columns for other in near)


def _before_title(text: str, passages: Sequence[Passage], first: int, chrome: set[int]) -> set[int]:
    """What stands before the page's title: link lists, and lines that share no words with the page ("Skip to ...").

    The lines above the first prose may also be a title with a section's heading below, so that many are kept: one
    where the page has no other headings, else two. The title is the line that shares most with the page; a line that
    shares less and stands on top of a menu is no title.
    """
    top = [at for at in range(first) if at not in chrome]
    links = [at for at in top if _is_link_list(text[passages[at].start : passages[at].end])]
    lines = [at for at in top if at not in links]
    found = set(links) if lines else set()
    body = _stems(text[passages[first].start : passages[first].start + _BODY])
    shares = {at: _share(text[passages[at].start : passages[at].end], body) for at in lines}
    has_sections = any(
        passage.role is Role.HEADING and following.role is Role.PROSE
        for passage, following in pairwise(passages[first:])
    )
    title = max(lines, key=lambda at: shares[at], default=0)
    before = [at for at in lines if at < title and shares[at] * 3 <= shares[title]]
    above_menu = {at for at in lines if at < title and shares[at] < shares[title] and at + 1 in {*chrome, *links}}
    return found | above_menu | set(before[: max(0, len(lines) - 1 - has_sections)])


def _share(line: str, body: set[str]) -> float:
    """How much of the line's longer words the page has too, 0 to 1."""
    stems = _stems(line)
    return len(stems & body) / len(stems) if stems else 0.0


def _stems(text: str) -> set[str]:
    """The first five letters of the longer words; of scripts without spaces, all pairs of letters."""
    words = _NOT_A_WORD.sub(" ", text.casefold()).split()
    spaced = {word[:5] for word in words if len(word) > 3 and not _DENSE_WORD.search(word)}
    return spaced | {word[at : at + 2] for word in words if _DENSE_WORD.search(word) for at in range(len(word) - 1)}


def _stray_repeats(passages: Sequence[Passage], words: Sequence[str], chrome: set[int]) -> set[int]:
    """Headings that stand on the page more than once, and nowhere with content below them."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, passage in enumerate(passages):
        if passage.role is Role.HEADING and at not in chrome and words[at]:
            places[words[at]].append(at)
    headless = {key for key, found in places.items() if all(_heads_nothing(passages, at, chrome) for at in found)}
    return {at for key in headless if len(places[key]) > 1 for at in places[key]}


def _heads_nothing(passages: Sequence[Passage], at: int, chrome: set[int]) -> bool:
    return at + 1 == len(passages) or at + 1 in chrome or passages[at + 1].role is Role.HEADING
