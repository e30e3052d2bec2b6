"""Which clauses of its sources a sentence says: the others it may leave out, with all that they limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from bot.proof.reading import Clause, Reading
from bot.proof.same import same_word
from bot.proof.stated import has_fact, has_number, number_of, same_fact

__all__ = ["Used", "is_told", "told", "used_clauses"]

Used: TypeAlias = tuple[Reading, set[int]]
"""A source, and the places of those of its clauses that a sentence says, in whole or in part."""

USED = 0.75
"""A source's clause is used by a sentence that has more of its words than that."""

DRAWN_ON = 2
"""Words that a sentence has from one clause alone, at least, for it to be drawn on; and half of the clause's."""

VALUE = 2

FITTING = 0.6
"""So many of the words of one of the sentence's clauses have to stand in a source's clause for it to be used by it."""


def used_clauses(said: Reading, cited: Sequence[Reading]) -> list[Used]:
    """Of each source."""
    used = [
        {place for place, clause in enumerate(reading.clauses) if _is_used(clause, reading, said)} for reading in cited
    ]
    if len(cited) == 1:
        used[0] |= {place for place in range(len(cited[0].clauses)) if _is_drawn_on(place, cited[0], said)}
    for mine in said.clauses:
        fitting = [
            (_fitting(mine, clause), -number, -place)
            for number, reading in enumerate(cited)
            if mine.words and len(mine.items) > 1
            for place, clause in enumerate(reading.clauses)
        ]
        share, number, place = max(fitting, default=(0.0, 0, 0))
        if share >= FITTING:
            used[-number].add(-place)
    return list(zip(cited, used, strict=True))


def _fitting(mine: Clause, clause: Clause) -> float:
    """How much of the one is in the other. A value tells more about which clause is meant than what all have alike."""
    words, facts = set(mine.words), mine.facts
    shared = sum(any(same_word(word, other) for other in clause.words) for word in words)
    held = sum(any(same_fact(fact, other) for other in clause.facts) for fact in facts)
    return (shared + VALUE * held) / (len(words) + VALUE * len(facts))


def _is_used(clause: Clause, reading: Reading, said: Reading) -> bool:
    """Where it leaves out all of the clause's facts, it has to say all the rest."""
    facts = [has_fact(said, fact) for fact in clause.facts]
    facts += [has_number(said, n) for word in clause.words if (n := number_of(word, reading.language)) is not None]
    share = told(clause, said)
    if share is None:
        return any(facts) if facts else bool(clause.limits)
    return share == 1 if facts and not any(facts) else share > USED


def _is_drawn_on(place: int, reading: Reading, said: Reading) -> bool:
    """Whether half of what the clause says, and no other clause does, is told; with facts, it is used or it is not."""
    clause = reading.clauses[place]
    words = set(clause.words)
    others = [word for other in reading.clauses if other is not clause for word in other.words]
    its = [word for word in words if is_told(word, said) and not any(same_word(word, other) for other in others)]
    return not clause.facts and len(its) >= DRAWN_ON and 2 * len(its) >= len(words)


def told(clause: Clause, said: Reading) -> float | None:
    """How many of the clause's words the sentence has, numbers aside; None for a clause of none."""
    words = {word for word in clause.words if number_of(word, said.language) is None}
    return sum(is_told(word, said) for word in words) / len(words) if words else None


def is_told(word: str, said: Reading) -> bool:
    """Whether the sentence has the word in some form."""
    return any(same_word(word, other) for other in said.words)
