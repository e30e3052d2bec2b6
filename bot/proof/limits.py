"""Words that limit what is said: whether a sentence limits what its sources limit, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.proof.reading import Clause, Reading
from bot.proof.used import Used, told

__all__ = ["limits"]

WHOLE = 0.66
"""A condition has to be told with so many of its words."""

ALIKE = {"always": "all", "within": "at_most"}
"""Limits that are put for each other: "all the time", "always"; "at most 3 days", "within 3 days"."""

SHORT = 2
"""So few words after an "and", and "only" behind them, belong to what is before: "for students and staff only"."""

CONDITIONS = {"except", "if"}
"""They hold for the clause that they are attached to."""

CONDITION_FIRST = {"ja", "ko", "zh", "tr"}
"""Languages in which what holds under a condition mostly follows it."""

MAY_BE_ADDED = {"may", "yes"}
"""They claim less."""

MAY_BE_DROPPED = {"all"}
"""Without these, less is claimed."""

MODAL = {"may", "must", "should"}
"""What is told without any of these may be told as a duty: "the form is to be sent", "you must send the form"."""


def limits(said: Reading, used: Sequence[Used]) -> str | None:
    """What the sentence adds or leaves out."""
    mine = Counter(ALIKE.get(limit, limit) for limit in said.limits)
    theirs = Counter(ALIKE.get(limit, limit) for reading, places in used for limit in _of(reading, places, said))
    if mine["forbidden"] or theirs["forbidden"]:
        mine, theirs = _plainly(mine), _plainly(theirs)
    harmless = MAY_BE_ADDED if MODAL & theirs.keys() else MAY_BE_ADDED | {"must"}
    added = [limit for limit in mine if limit not in theirs and limit not in harmless]
    if added:
        return f"it limits what its sources do not: {', '.join(sorted(added))}"
    kept = set() if theirs["not"] else MAY_BE_DROPPED
    dropped = [limit for limit in theirs if limit not in mine and limit not in kept]
    if dropped:
        return f"it leaves out what its sources limit: {', '.join(sorted(dropped))}"
    if mine["not"] != theirs["not"]:
        return "it denies more or less than its sources"
    return None


def _plainly(found: Counter[str]) -> Counter[str]:
    """What is forbidden may not be done."""
    plain = Counter(
        {limit: count for limit, count in found.items() if limit not in {"forbidden", "may", "must", "not"}}
    )
    plain["not"] = found["forbidden"] + found["not"]
    return +plain


def _of(reading: Reading, used: set[int], said: Reading) -> Iterator[str]:
    """The limits of what the sentence takes from a source, conditions of it included."""
    for place, clause in enumerate(reading.clauses):
        condition = _condition(clause, reading.language)
        attached = condition is not None and _attached(place, reading) in used
        if place in used or (place - 1 in used and _belongs_to_what_is_before(clause)):
            yield from clause.limits
        elif condition and attached:
            yield condition
        share = told(clause, said)
        if attached and share is not None and share < WHOLE:
            yield "a condition as a whole"


def _belongs_to_what_is_before(clause: Clause) -> bool:
    last = clause.items[-1] if clause.items else None
    return clause.joined and len(clause.words) <= SHORT and last is not None and last.text in {"only", "except"}


def _condition(clause: Clause, language: str) -> str | None:
    """What makes the clause a condition: a word that opens it, or ends it where what is governed comes first."""
    first, last = clause.items[:1], clause.items[-1:]
    if first and first[0].kind == "limit" and first[0].text in CONDITIONS:
        return first[0].text
    if language in CONDITION_FIRST and last and last[0].kind == "limit" and last[0].text in CONDITIONS | {"only"}:
        return last[0].text
    return None


def _attached(place: int, reading: Reading) -> int:
    """The clause that a condition in this place belongs to."""
    if reading.language in CONDITION_FIRST:
        return place + 1 if place + 1 < len(reading.clauses) else place
    return place - 1 if place else 1
