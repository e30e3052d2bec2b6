"""Text -> the terms that keyword search matches on; one way for documents and questions, in whatever language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["WITHOUT_SPACES", "terms"]

STEM_LENGTH = 5
"""Words are cut to their first letters, a stemmer for every language at once: "opleiding", "opleidingen" -> "oplei".
On XQuAD-R that ranks as well as one Snowball stemmer a language (docs/language-and-keywords.md)."""

ARABIC_STEM_LENGTH = 4
HEBREW_GRAM = 4
SPACE = ord(" ")

WITHOUT_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Myanmar, Khmer, kana, Han."""

PIECE = re.compile(
    f"(?P<unbroken>[{WITHOUT_SPACES}]+)|(?P<hangul>[\uac00-\ud7a3]+)|(?P<arabic>[\u0600-\u06ff]+)"
    f"|(?P<hebrew>[\u0590-\u05ff]+)|(?P<other>.[^\u0590-\u06ff\uac00-\ud7a3{WITHOUT_SPACES}]*)",
    re.DOTALL,
)

ARABIC_PREFIX = re.compile(r"[وفبكل]?ال(?=\w{3})|لل(?=\w{3})|و(?=\w{3})")
"""The article and what is written together with it: "and", "so", "in", "like", "for"; and "and" alone."""

ARABIC_SPELLING = str.maketrans("أإآٱىة", "ااااي" + "ه") | {0x640: None} | dict.fromkeys(range(0x64B, 0x653))
"""Letters that people write for one another, made one; the tatweel and the vowel signs are left out."""


class _WordCharacters(dict[int, int]):
    """For `str.translate`: letters, digits and the marks on them stay, all else becomes a space. Fills itself."""

    def __missing__(self, code: int) -> int:
        kept = code if unicodedata.category(chr(code))[0] in "LNM" else SPACE
        self[code] = kept
        return kept


_WORD_CHARACTERS = _WordCharacters()


def terms(text: str) -> list[str]:
    """The terms of `text`, in order, repeats and all. Any string will do: NULs and lone surrogates end a word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return [term for word in folded.translate(_WORD_CHARACTERS).split() for term in _terms_of(word)]


def _terms_of(word: str) -> Iterator[str]:
    if word.isascii():
        yield word[:STEM_LENGTH]
        return
    for piece in PIECE.finditer(word):
        run = piece.group()
        match piece.lastgroup:
            case "unbroken":
                yield from _words(run)
            case "hangul":  # words carry their particles; two syllables are what they share without them
                yield from _grams(run, 2)
            case "arabic":
                yield from _arabic(run)
            case "hebrew":
                yield from _grams(run, HEBREW_GRAM)
            case _:
                yield run[:STEM_LENGTH]


def _words(run: str) -> Iterator[str]:
    """By dictionary, as ICU breaks them."""
    from icu4py.breakers import WordBreaker  # 35 ms that questions in other scripts need not pay

    return (word[:STEM_LENGTH] for word in WordBreaker(run, "und"))


def _grams(run: str, size: int) -> Iterator[str]:
    return (run[start : start + size] for start in range(max(1, len(run) - size + 1)))


def _arabic(run: str) -> Iterator[str]:
    plain = run.translate(ARABIC_SPELLING)
    stem = ARABIC_PREFIX.sub("", plain, count=1) if ARABIC_PREFIX.match(plain) else plain
    if stem:
        yield stem[:ARABIC_STEM_LENGTH]
