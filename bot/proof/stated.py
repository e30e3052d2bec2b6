"""Numbers, dates and addresses: whether a sentence's are its sources'."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from bot.proof.reading import Reading
from bot.proof.words import UNBROKEN, fold
from index.drift.facts import Fact
from index.drift.sides import DriftKind
from index.drift.wording import day_periods, is_in_words, spelled_out

__all__ = ["facts", "half_a_day_apart", "has_fact", "has_number", "number_of", "same_fact"]

DECLINING = {"ar", "cs", "de", "el", "fi", "he", "pl", "ro", "ru", "tr", "uk"}
"""Languages whose numbers have endings."""

ONE_IS_AN_ARTICLE = {"da", "de", "el", "es", "fr", "it", "nb", "nl", "pt", "ro", "sv"}

LONGEST_ENDING = 3
MOST_SPELLED = 10_000

ADDRESS = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![\w-])")
"""A host's name without anything before or behind it."""

SPELLED = (*range(2, 32), *range(40, 100, 10), 100, 1000, 1_000_000)
"""Numbers that are often one word."""


def facts(said: Reading, cited: Sequence[Reading]) -> str | None:
    """What the sources do not have, in figures or in words."""
    known = "\n".join(reading.facts.text for reading in cited).casefold()
    missing = [address for address in ADDRESS.findall(said.facts.text) if address.casefold() not in known]
    missing += [fact.label for fact in said.facts.found if not any(has_fact(reading, fact, said) for reading in cited)]
    spelled = _spelled_here(said, cited)
    missing += [
        word
        for word in said.words
        if (number := number_of(word, said.language)) is not None
        and word not in spelled
        and not any(has_number(reading, number) or word in reading.words for reading in cited)
    ]
    return f"its sources do not have: {', '.join(missing)}" if missing else None


def _spelled_here(said: Reading, cited: Sequence[Reading]) -> set[str]:
    """The words of numbers of several words that the sources have in figures or in one word."""
    numbers = {
        int(value)
        for reading in cited
        for fact in reading.facts.found
        for value in fact.readings
        if isinstance(value, Decimal) and value == int(value) and value < MOST_SPELLED
    }
    numbers |= {
        n for reading in cited for word in reading.words if (n := number_of(word, reading.language)) is not None
    }
    return {
        word
        for number in numbers
        if is_in_words(Decimal(number), said.facts.text, said.language)
        for form in spelled_out(number, said.language)
        for word in fold(form).split()
    }


def same_fact(one: Fact, other: Fact) -> bool:
    """Whether what the first may mean, the second may mean too. Of a date, the first may leave out a part.

    8:00 and 20:00 are not the same, though with "p.m." they may be: that is seen to by `half_a_day_apart`.
    """
    return any(_same(mine, its) for mine in one.readings for its in other.readings)


def half_a_day_apart(one: Fact, other: Fact) -> bool:
    """Of two times of the day that may be the same, whether one is told in twelve hours and one in twenty-four."""
    hours = [int(match[0]) for fact in (one, other) if (match := re.match("[0-9]+", fact.label))]
    return len(hours) == 2 and same_fact(one, other) and abs(hours[0] - hours[1]) == 12


def _same(mine: object, its: object) -> bool:
    if isinstance(mine, tuple) and isinstance(its, tuple) and len(mine) == len(its):
        return all(part is None or part == other for part, other in zip(mine, its, strict=True))
    return mine == its


def has_fact(reading: Reading, fact: Fact, beside: Reading | None = None) -> bool:
    """Whether the text has it, in figures or, if it is a number, in words; `beside` is where the fact is from."""
    for mine in reading.facts.found:
        if same_fact(fact, mine) and (
            beside is None or not half_a_day_apart(fact, mine) or _in_halves(reading, beside)
        ):
            return True
    if fact.kind in (DriftKind.EMAIL, DriftKind.URL, DriftKind.DATES):
        return False
    numbers = [number for number in fact.readings if isinstance(number, Decimal)]
    if 1 in numbers and reading.language not in ONE_IS_AN_ARTICLE:
        ones = {fold(form) for form in spelled_out(1, reading.language)}
        if ones & set(reading.text.split()) or any(UNBROKEN.search(one) and one in reading.text for one in ones):
            return True
    return any(is_in_words(number, reading.facts.text, reading.language) for number in numbers) or any(
        number_of(word, reading.language) in numbers for word in reading.words
    )


def _in_halves(one: Reading, other: Reading) -> bool:
    """Whether one of the two says which half of the day it means."""
    return any(day_periods(reading.language).search(reading.facts.text) for reading in (one, other))


def has_number(reading: Reading, number: int) -> bool:
    """Whether the text has it, in figures or as a word."""
    if any(Decimal(number) in fact.readings for fact in reading.facts.found):
        return True
    return any(number_of(word, reading.language) == number for word in reading.text.split())


@lru_cache(maxsize=20_000)
def number_of(word: str, language: str) -> int | None:
    """The number that a word spells, other than one: that is also an article. Endings may differ where they do."""
    known, word = _spelled(language), word.replace("ё", "е")
    if word in known:
        return known[word]
    if language not in DECLINING or len(word) < 4:
        return None
    stems = ((spelled[: -2 if len(spelled) > 5 else -1], number) for spelled, number in known.items())
    return next((number for stem, number in stems if len(stem) > 2 and _ends(word, stem)), None)


def _ends(word: str, stem: str) -> bool:
    return word.startswith(stem) and len(word) - len(stem) <= min(LONGEST_ENDING, len(stem) - 1)


@lru_cache(maxsize=64)
def _spelled(language: str) -> dict[str, int]:
    """Words that spell a number by themselves, the longest first."""
    found = {fold(word).replace("ё", "е"): number for number in SPELLED for word in spelled_out(number, language)}
    return {word: found[word] for word in sorted(found, key=lambda word: (-len(word), word)) if " " not in word}
