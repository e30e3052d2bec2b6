"""Words that claim something: whether what a sentence cites has them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.proof.form import SIGNS
from bot.proof.nearness import Nearness
from bot.proof.reading import Reading
from bot.proof.same import same_word
from bot.proof.stated import half_a_day_apart, has_number, number_of
from bot.proof.words import UNBROKEN, are_opposite
from index.drift.wording import day_periods

__all__ = ["unsupported"]

SAME_MEANING = 0.945
"""Words whose vectors are that near are taken for forms of one."""


def unsupported(said: Reading, cited: Sequence[Reading], titles: Sequence[Reading], near: Nearness) -> str | None:
    """What neither the sources nor the titles of their documents say, as far as letters and vectors tell."""
    if not said.words and not said.facts.found:
        return "it says nothing"
    new = [
        word
        for word in dict.fromkeys(said.words)
        if not _is_said(word, said.language, [*cited, *titles]) and not _tells_half_of_day(word, said, cited)
    ]
    there = list(dict.fromkeys(word for reading in cited for word in reading.words))
    if new and there:
        cosines = near.of_words(new, there)
        nearest = [(word, there[int(row.argmax())], float(row.max())) for word, row in zip(new, cosines, strict=True)]
        new = [word for word, other, cosine in nearest if not _is_form(word, other, cosine, said.language)]
    return f"what it cites does not say: {', '.join(new)}" if new else None


def _is_form(word: str, other: str, cosine: float, language: str) -> bool:
    if number_of(word, language) is not None or are_opposite(word, other, language):
        return False
    return cosine >= SAME_MEANING


def _is_said(word: str, language: str, readings: Sequence[Reading]) -> bool:
    """Whether one of the texts has the word in some form, or the number that it spells, or the sign."""
    number = number_of(word, language)
    for reading in readings:
        if number is not None and has_number(reading, number):
            return True
        if any(sign in reading.facts.text and spelled.match(word) for sign, spelled in SIGNS.items()):
            return True
        if any(same_word(word, other) and not are_opposite(word, other, language) for other in reading.text.split()):
            return True
        if UNBROKEN.match(word) and word in reading.text.replace(" ", ""):
            return True
    return False


def _tells_half_of_day(word: str, said: Reading, cited: Sequence[Reading]) -> bool:
    """Whether the word says in which half of the day a time is that a source tells in twenty-four hours."""
    return day_periods(said.language).search(word) is not None and any(
        half_a_day_apart(mine, its) for mine in said.facts.found for reading in cited for its in reading.facts.found
    )
