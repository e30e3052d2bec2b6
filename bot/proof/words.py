"""What words do in a sentence: which claim nothing, which limit what is said, and which are each other's opposite."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

from index.tokens import WITHOUT_SPACES

__all__ = ["AND", "FREE", "UNBROKEN", "WE", "YOU", "Span", "Wording", "are_opposite", "fold", "turns", "wording"]

UNBROKEN = re.compile(f"[{WITHOUT_SPACES}]+")
"""Text in a script whose words have no spaces between them."""

OUTSIDE = 1
"""The place of inside and outside among the opposites, which all languages list in one order."""

FREE, AND, WE, YOU = "free", "and", "we", "you"

Span: TypeAlias = tuple[int, int]


def fold(text: str) -> str:
    """Lower case, compatible characters made one, a space for all that is no letter, digit or mark."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in plain)
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class Wording:
    """A language's. Each pattern finds its words in a folded text, the longest first."""

    free: re.Pattern[str]
    joins: re.Pattern[str]
    we: re.Pattern[str]
    you: re.Pattern[str]
    limits: Mapping[str, re.Pattern[str]]
    opposites: Sequence[tuple[re.Pattern[str], re.Pattern[str]]]
    spoken_to: Sequence[re.Pattern[str]]

    def spans(self, text: str) -> Iterator[tuple[Span, str]]:
        """Where words stand that are no content, and what they do: `not`, `only`, ..., FREE, AND, WE, YOU."""
        for name, pattern in (
            (FREE, self.free),
            (AND, self.joins),
            (WE, self.we),
            (YOU, self.you),
            *self.limits.items(),
        ):
            for match in pattern.finditer(text):
                yield match.span(), name


def are_opposite(word: str, other: str, language: str) -> bool:
    """Whether the words are listed as each other's opposite."""
    return any(
        (one.fullmatch(word) and two.fullmatch(other)) or (two.fullmatch(word) and one.fullmatch(other))
        for one, two in wording(language).opposites
    )


def turns(word: str, language: str) -> bool:
    """Whether the word turns what stands beside it into its opposite, as "outside" does."""
    return any(side.fullmatch(word) for pair in wording(language).opposites[OUTSIDE : OUTSIDE + 1] for side in pair)


@cache
def wording(language: str) -> Wording:
    """That of a language; of one without a list, nothing is known, and every word counts as claiming something."""
    file = resources.files("bot.proof").joinpath("words", f"{language}.toml")
    listed = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    return Wording(
        _any_of(listed.get("free", ())),
        _any_of(listed.get("joins", ())),
        _any_of(listed.get("we", ())),
        _any_of(listed.get("you", ())),
        {name: _any_of(entries) for name, entries in listed.get("limits", {}).items()},
        [(_side(one), _side(other)) for one, other in listed.get("opposites", ())],
        [_any_of(entries) for entries in listed.get("spoken_to", ())],
    )


def _side(entry: str) -> re.Pattern[str]:
    return _any_of(entry.split("|"))


def _any_of(entries: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(set(entries), key=lambda entry: (-len(entry), entry))
    return re.compile("|".join(map(_entry, longest_first)) or "(?!)")


def _entry(entry: str) -> str:
    """A word or words whole; with a dash, the beginning, the end or the inside of a word."""
    inner = re.escape(fold(entry))
    if UNBROKEN.search(entry):
        return inner.replace(r"\ ", "")
    before = r"(?<!\S)" + (r"\S*" if entry.startswith("-") else "")
    after = (r"\S*" if entry.endswith("-") else "") + r"(?!\S)"
    return before + inner + after
