"""Which full stops end a sentence, where sentencex is wrong: after abbreviations, and with no space behind them.

Machine translation drops the space after a full stop ("particulières.En effet", "làm việc.của các"); URLs, file
names, code and initials have full stops inside. What tells them apart is the shape of the two words, and the habit
of the text itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from index.segmentation.abbreviations import LONGEST, stands_before_name, stands_before_number
from index.segmentation.characters import Span

_PROTECTED = re.compile(
    r"`[^`\n]{1,200}`"  # code in running text
    r"|\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"]{1,2000}"  # a URL with its scheme
    r"|\bwww\.[^\s<>\"]{1,2000}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"  # an e-mail address
)
_GLUED = re.compile(r"(?<=[^\s,;:!?])[.](?=[“«„¿¡]?[^\W\d_])")
_GLUED_CAPITAL = re.compile(r"[a-zà-ÿ\u0100-\u1fff]{2}[.][A-ZÀ-ÞĐ][a-zà-ÿ\u0100-\u1fff]*[\s,'’]")
_NOTE = re.compile(r"(?:\[[^\[\]]{1,30}\]){1,5}")
_SPACED = re.compile(r"\w[.]\s")
_WORD = re.compile(r"[^\W\d_]{1,40}")
_WORD_BACKWARDS = re.compile(r"[^\W_]{1,40}[\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0900-\u0dff]{0,3}\Z")
_FREE_WORD = re.compile(r"(?<=[ ,])[^\W\d_]{2,20}(?=[ ,])")
_SUFFIXES_SPELT = (
    "com org net edu gov mil int info biz io ai app dev co me tv eu uk us de fr nl be es pt it ch at pl cz ro dk "
    "se no fi ru ua gr tr il in id vn th jp cn kr br mx ca au eu html htm php asp aspx jsp js ts css json xml yml "
    "yaml toml csv tsv txt md rst pdf doc docx xls xlsx ppt pptx odt ods odp png jpg jpeg gif svg webp mp mp3 mp4 "
    "zip gz tar py pyc rb go rs java jar exe dll so sh bat ini cfg conf log sql db tmp bak"
)
_SUFFIXES = frozenset(_SUFFIXES_SPELT.split())


@dataclass(frozen=True, slots=True)
class Habits:
    """How a whole text writes: whether its sentences follow each other without a space, and its free-standing words."""

    glues: bool
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Habits:
        glued = len(_GLUED_CAPITAL.findall(text))
        glues = glued >= 2 and glued * 2 > len(_SPACED.findall(text))
        return cls(glues, frozenset(_FREE_WORD.findall(text)) if glues else frozenset())


def protected_spans(text: str) -> list[Span]:
    """URLs, e-mail addresses and code in running text, within which nothing ends."""
    return [match.span() for match in _PROTECTED.finditer(text)]


def _is_inside(position: int, spans: Sequence[Span]) -> bool:
    at = bisect_right(spans, (position, 0)) - 1
    return at >= 0 and spans[at][0] < position < spans[at][1]


def is_real_end(text: str, end: int, language: str, protected: Sequence[Span]) -> bool:
    """Whether the sentence end proposed at `end` stands: not in a URL, not after an abbreviation, not glued.

    Glued full stops are judged by `glued_ends` alone, so a proposal at one is turned down here.
    """
    if _is_inside(end, protected):
        return False
    before = text[max(0, end - 2 * LONGEST - 4) : end].rstrip()
    if not before.endswith("."):
        return True
    following = text[end : end + 1]
    if not before.endswith("...") and text[end - 1] == "." and _WORD.match(following):
        return False
    word = before[:-1].rsplit(" ", 1)[-1].lstrip("([{\"'“‘«¿¡")
    if stands_before_name(word, language):
        return False
    if following.isdigit():
        return not stands_before_number(word)
    return not (following.islower() and (len(word) <= 4 or "." in word))


def behind_note(text: str, end: int) -> int:
    """The end of a sentence, moved behind a reference mark such as "[3]" that belongs to it."""
    note = _NOTE.match(text, end)
    return note.end() if note else end


def glued_ends(text: str, language: str, habits: Habits, protected: Sequence[Span]) -> list[int]:
    """Ends of sentences that the next sentence follows without a space."""
    return [
        match.end()
        for match in _GLUED.finditer(text)
        if not _is_inside(match.end(), protected) and _is_glued_end(text, match.start(), language, habits)
    ]


def _is_glued_end(text: str, stop: int, language: str, habits: Habits) -> bool:
    following = _WORD.match(text, stop + 1 + (text[stop + 1] in "“«„¿¡"))
    if following is None or _goes_on(text, following.end(), len(following.group())):
        return False
    word = _WORD_BACKWARDS.search(text, max(0, stop - 40), stop)
    after = following.group()
    if word is None:  # a bracket, a quote, an ellipsis, a sign
        return not after[0].islower() and len(after) > 1
    before = word.group()
    if _is_in_chain(text, word.start()) or stands_before_name(before, language):
        return False
    if after[0].islower():
        return _is_glued_small(before, after, habits)
    return _is_glued_capital(text, word.start(), before, after, habits)


def _is_in_chain(text: str, start: int) -> bool:
    """Whether the word before is the end of something longer: a.b.C, path/to.X, snake_case.Name."""
    return text[max(0, start - 1) : start] in tuple("._/\\@#") and text[start].islower()


def _goes_on(text: str, end: int, length: int) -> bool:
    """Whether the word behind is the start of something longer: x.Path/to, a.Snake_case, call.Of(), U.S.A."""
    right = text[end : end + 2]
    return right[:1] in tuple("_(/\\@=") or (right[:1] == "." and (length < 3 or right[1:].islower()))


def _is_glued_small(before: str, after: str, habits: Habits) -> bool:
    """A small letter starts a sentence only in garbled text; a file or host name looks the same, but is ASCII."""
    if len(before) < 3 or len(after) < 2 or before[-1].isdigit() or after in _SUFFIXES:
        return False
    return not (before + after).isascii() or (habits.glues and after in habits.words)


def _is_glued_capital(text: str, start: int, before: str, after: str, habits: Habits) -> bool:
    if len(before) == 1 and not before.isdigit():  # initials
        return False
    if before.isdigit() and start < 12 and not text[:start].strip(" .0123456789"):  # "1.Introduction", "1.2.Scope"
        return False
    is_plain = len(after) == 1 or after[1:].islower() or not after[0].isupper()  # not Node.JS, fastapi.FastAPI
    return habits.glues or is_plain
