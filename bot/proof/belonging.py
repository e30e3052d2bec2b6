"""Whether the words of a sentence belong together in its sources too, and are not picked from here and there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from bot.proof.order import same_item
from bot.proof.reading import Clause, Item, Reading
from bot.proof.same import same_word
from bot.proof.used import Used

__all__ = ["belonging"]


def belonging(said: Reading, used: Sequence[Used]) -> str | None:
    """A word that only a part of a source has which the sentence does not say: another's name, another's hours.

    A source's first part is no such part: what it begins with often goes for all of it ("The desk is open from 9 to 5
    on weekdays and from 10 to 2 on Saturdays").
    """
    allowed = [
        word
        for reading, places in used
        for place, clause in enumerate(reading.clauses)
        if place == 0 or place in places or not places
        for word in clause.words
    ]
    elsewhere = [
        word
        for reading, places in used
        for place, clause in enumerate(reading.clauses)
        if place and places and place not in places
        for word in clause.words
    ]
    strays = [
        word
        for word in said.words
        if not any(same_word(word, other) for other in allowed) and any(same_word(word, other) for other in elsewhere)
    ]
    strays = strays or _exchanged(said, [reading for reading, _ in used])
    return f"its sources say this of something else: {', '.join(strays)}" if strays else None


def _exchanged(said: Reading, cited: Sequence[Reading]) -> list[str]:
    """What two clauses have from each other's source, each from the other's."""
    theirs = [clause for reading in cited for clause in reading.clauses if clause.items]
    matched = [
        (mine, max(theirs, key=lambda its: _shared(mine, its))) for mine in said.clauses if mine.items and theirs
    ]
    for (one, its), (other, others) in combinations(matched, 2):
        if its is not others:
            taken, given = _taken(one, its, others), _taken(other, others, its)
            if taken and given:
                return [*taken, *given]
    return []


def _shared(mine: Clause, its: Clause) -> float:
    """A thing tells more about which clause is meant than its value does, which may be the wrong one."""
    return sum(_has(its, item) / (1 if item.kind == "word" else 2) for item in mine.items)


def _taken(mine: Clause, its: Clause, others: Clause) -> list[str]:
    """What a clause has not from its own source but from the other."""
    taken = [item for item in mine.items if not _has(its, item) and _has(others, item)]
    return [item.fact.label if item.fact else item.text for item in taken]


def _has(clause: Clause, item: Item) -> bool:
    return any(same_item(item, other) for other in clause.items)
