"""What a sentence must not leave out of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.proof.reading import Clause, Item, Reading
from bot.proof.stated import has_fact, has_number, number_of
from bot.proof.used import Used, is_told, told
from bot.proof.words import turns

__all__ = ["omissions"]

SHORT = 2
"""A source's first clause of so few words may be what the rest is about; one after "and" belongs to what is before."""


def omissions(said: Reading, used: Sequence[Used]) -> str | None:
    """Whom a source speaks of, the second of two things, a number before its unit, "outside" and the like."""
    left_out = next((words for reading, places in used for words in _left_out(reading, places, said)), None)
    return f"it leaves out what its sources say: {left_out}" if left_out else None


def _left_out(reading: Reading, used: set[int], said: Reading) -> Iterator[str]:
    first = reading.clauses[0] if reading.clauses else None
    if first and used and 0 not in used and _is_short(first) and not told(first, said):
        yield first.text
    for place in used:
        yield from _dropped(reading.clauses[place], said)
        after = reading.clauses[place + 1] if place + 1 < len(reading.clauses) else None
        if after and after.joined and place + 1 not in used and _is_short(after) and not told(after, said):
            yield after.text


def _is_short(clause: Clause) -> bool:
    return 0 < len(clause.words) <= SHORT and len(clause.words) == len(clause.items)


def _dropped(clause: Clause, said: Reading) -> Iterator[str]:
    """Words left out from between words that are told."""
    items = clause.items
    kept = [_is_kept(item, said) for item in items]
    for at, item in enumerate(items[:-1]):
        if kept[at] or not kept[at + 1] or (at and not kept[at - 1]):
            continue
        if item.fact or number_of(item.text, said.language) is not None:
            if items[at + 1].kind == "word":
                yield item.fact.label if item.fact else item.text
        elif turns(item.text, said.language):
            yield item.text


def _is_kept(item: Item, said: Reading) -> bool:
    if item.fact:
        return has_fact(said, item.fact)
    if item.kind != "word":
        return True
    number = number_of(item.text, said.language)
    return is_told(item.text, said) or (number is not None and has_number(said, number))
