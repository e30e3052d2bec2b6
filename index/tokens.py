"""Text -> the terms that keyword search matches on; one implementation for documents and for questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["terms"]

STEM_LENGTH = 5
"""Words are cut to their first five characters: a stemmer for every language at once (docs/language-and-keywords.md)."""

SPACE = ord(" ")

UNBROKEN = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Runs of the scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana and Han."""


class _WordCharacters(dict[int, int]):
    """For `str.translate`: letters, digits and the marks on them stay, all else becomes a space; fills itself."""

    def __missing__(self, code: int) -> int:
        kept = code if unicodedata.category(chr(code))[0] in "LNM" else SPACE
        self[code] = kept
        return kept


_WORD_CHARACTERS = _WordCharacters()


def terms(text: str) -> list[str]:
    """The terms of `text`, in order, repeats and all. Takes any string; NULs and lone surrogates end a word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return [word[:STEM_LENGTH] for run in folded.translate(_WORD_CHARACTERS).split() for word in _words(run)]


def _words(run: str) -> Iterator[str]:
    if run.isascii():
        yield run
        return
    done = 0
    for unbroken in UNBROKEN.finditer(run):
        if done < unbroken.start():
            yield run[done : unbroken.start()]
        yield from _broken(unbroken.group())
        done = unbroken.end()
    if done < len(run):
        yield run[done:]


def _broken(run: str) -> list[str]:
    from icu4py.breakers import WordBreaker  # noqa: PLC0415 - 36 ms that a question in another script need not pay

    return list(WordBreaker(run, "und"))
