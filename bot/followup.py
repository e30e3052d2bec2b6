"""A follow-up -> what it is about: whether a question stands on an earlier one, told by its words, without a model."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from index.tokens import terms

__all__ = ["earlier_question", "may_follow_up"]

FEW_TERMS = 4
FEW_TERMS_WITHOUT_SPACES = 6
"""A question of so few terms may have left its subject to the one before: "how much?", "and in the evening?".

Where no spaces part the words, particles are terms of their own.
"""

WITHOUT_SPACES = frozenset({"ja", "th", "zh"})
"""Languages whose cues are looked for anywhere in the letters, since no space shows where a word ends."""


@dataclass(frozen=True, slots=True)
class _Cues:
    """How questions of one language show that they continue an earlier one; normalised, with spaces around words."""

    openers: tuple[str, ...]
    pointers: tuple[str, ...]


def may_follow_up(question: str, language: str) -> bool:
    """Whether the question begins like a continuation, points back to something said, or says too little alone."""
    cues = _cues().get(language, _Cues((), ()))
    words = _words(question)
    if language in WITHOUT_SPACES:
        letters = words.replace(" ", "")
        shows = letters.startswith(cues.openers) or any(pointer in letters for pointer in cues.pointers)
    else:
        shows = words.startswith(cues.openers) or any(pointer in words for pointer in cues.pointers)
    few = FEW_TERMS_WITHOUT_SPACES if language in WITHOUT_SPACES else FEW_TERMS
    return shows or len(terms(question)) <= few


def earlier_question(history: Sequence[str], language_of: Callable[[str], str]) -> str | None:
    """What a follow-up stands on: the last question that stands alone, else the first one; None without a history."""
    for earlier in reversed(history):
        if not may_follow_up(earlier, language_of(earlier)):
            return earlier
    return history[0] if history else None


@cache
def _cues() -> dict[str, _Cues]:
    listed = tomllib.loads(resources.files("bot").joinpath("cues.toml").read_text("utf-8"))
    return {
        language: _Cues(
            *(
                tuple(cue.replace(" ", "") if language in WITHOUT_SPACES else cue for cue in map(_words, found[kind]))
                for kind in ("openers", "pointers")
            )
        )
        for language, found in listed.items()
    }


def _words(text: str) -> str:
    """Its words in lower case, with a space before and after each; the marks of a script belong to its letters."""
    folded = unicodedata.normalize("NFC", text).casefold()
    spaced = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return f" {' '.join(''.join(spaced).split())} "
