"""Who does what to whom, and which value belongs to what: told by the order of what a sentence shares with a source."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.proof.reading import Item, Reading
from bot.proof.same import same_word
from bot.proof.stated import number_of, same_fact

__all__ = ["order", "same_item"]

LONGEST_EXCHANGED = 5
"""Items that change places together."""

MOST_EXCHANGES = 3
"""Pairs that change places in one sentence."""

FEW = 3
"""A source that gives fewer items than this only says who or what a pronoun stands for, wherever that is put."""

LONG = 9

MOST_ITEMS = 28
"""Of a longer sentence that is not in order it is not looked for why: the ways grow with the fourth power."""

ENOUGH = 3
"""Items that a clause shares with a clause of a source, for their order to tell anything."""

IN_ORDER = {"before", "after", "since", "until", "more", "less", "at_least", "at_most"}
"""Limits whose place tells what they limit."""

WITH_CASES = {"ar", "cs", "de", "el", "fi", "he", "pl", "ru", "tr", "uk", "ko", "ja"}
"""Languages that show by a word's form who does what to whom."""

CASES_TELL = {"ru", "uk", "pl", "cs", "el", "fi", "tr", "ko"}
"""Those of them in which that is so whatever the order: in one clause, what kept its form kept its part."""

PARTICLES = {"hi", "ja"}
"""Languages that show it by a word behind."""

ATTACHED = re.compile("(?:لل|بال|كال|[بل](?=ا))")

ARTICLES = {
    *("the", "a", "an", "de", "het", "een", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem"),
    *("einer", "le", "la", "les", "l", "un", "une", "el", "los", "las", "una", "il", "lo", "i", "gli", "o", "os", "as"),
    *("um", "uma", "en", "ett", "et", "det", "ο", "η", "το", "οι", "τα", "του", "τησ", "τον", "την", "των"),
}
"""Words before a noun that do not tell what it does in its sentence."""

CONTRACTED = {
    "vom": "von",
    **dict.fromkeys(("zum", "zur"), "zu"),
    **dict.fromkeys(("im", "ins"), "in"),
    "am": "an",
    "beim": "bei",
    **dict.fromkeys(("du", "d"), "de"),
    **dict.fromkeys(("au", "aux"), "à"),
    **dict.fromkeys(("do", "da", "dos", "das", "del"), "de"),
    **dict.fromkeys(("ao", "aos", "al"), "a"),
    **dict.fromkeys(("no", "na", "nos", "nas"), "em"),
}
"""Prepositions that have an article in them."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """An item of the sentence, the same in the source, the sentence's clause, its place there, the source's number."""

    mine: Item
    its: Item
    clause: int
    place: int
    source: int


def order(said: Reading, cited: Sequence[Reading]) -> str | None:
    """Two things have changed places: put back, all stands in the source's order again.

    A part that was moved to the front or the end is no such exchange, nor is one that took its preposition along.
    """
    mine = [(item, number) for number, clause in enumerate(said.clauses) for item in _ordered(clause.items)]
    whole = [(item, number) for number, reading in enumerate(cited) for item in _ordered(reading.items)]
    for clauses, its in [(mine, whole), *_clauses(mine, cited)]:
        if exchanged := _exchanged(_shared(clauses, its), said.language):
            one, other = exchanged
            return f"it exchanges {_shown(one)!r} and {_shown(other)!r}"
    return None


def _clauses(
    mine: Sequence[tuple[Item, int]], cited: Sequence[Reading]
) -> Iterator[tuple[list[tuple[Item, int]], list[tuple[Item, int]]]]:
    """Each clause with each of the sources'."""
    for _, items in groupby(mine, key=lambda one: one[1]):
        clause = list(items)
        for number, reading in enumerate(cited):
            for its in reading.clauses:
                yield clause, [(item, number) for item in _ordered(its.items)]


def _ordered(items: Sequence[Item]) -> list[Item]:
    """Those whose place tells something: "must" and "not" stand wherever a language's grammar has them."""
    return [item for item in items if item.kind != "limit" or item.text in IN_ORDER]


def _shared(mine: Sequence[tuple[Item, int]], its: Sequence[tuple[Item, int]]) -> list[_Shared]:
    """What both have, the same number of times, in the sentence's order."""
    at: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, (item, _) in enumerate(mine):
        there = tuple(i for i, (other, _) in enumerate(its) if same_item(item, other))
        exact = tuple(i for i in there if its[i][0].text == item.text and item.kind != "fact")
        at[exact or there].append(place)
    pairs = sorted(
        (place, there)
        for candidates, places in at.items()
        if len(candidates) == len(places)
        for place, there in zip(places, candidates, strict=True)
    )
    return [_Shared(mine[place][0], its[there][0], mine[place][1], there, its[there][1]) for place, there in pairs]


def same_item(one: Item, other: Item) -> bool:
    """Whether the two say the same, in whatever form."""
    if one.kind != other.kind:
        return False
    if one.fact is not None and other.fact is not None:
        return same_fact(one.fact, other.fact)
    return one.text == other.text or (one.kind == "word" and same_word(one.text, other.text))


def _exchanged(shared: Sequence[_Shared], language: str) -> tuple[Sequence[_Shared], Sequence[_Shared]] | None:
    """The first pair that changed places, where putting back such pairs puts all in order."""
    if len(shared) < ENOUGH:
        return None
    given = Counter(one.source for one in shared)
    left, first = list(shared), None
    if moved := _moved(shared):
        both = all(len(side) == 1 and side[0].mine.text != side[0].its.text for side in moved)
        return moved if both and language in WITH_CASES else None
    falls = [at for at in range(1, len(shared)) if shared[at].place < shared[at - 1].place]
    if falls and len(shared) > MOST_ITEMS:
        return shared[falls[0] - 1 : falls[0]], shared[falls[0] : falls[0] + 1]
    for _ in range(MOST_EXCHANGES):
        if _longest_rise(left) == len(left) or (first and _is_in_order(left)):
            return first
        best = max(_exchanges(left, given, language), key=lambda one: (one[0], -one[1], -one[4]), default=None)
        if best is None:
            return None
        _, a, b, c, d = best
        first = first or (left[a:b], left[c:d])
        left = [*left[:a], *left[c:d], *left[b:c], *left[a:b], *left[d:]]
    return first if _is_in_order(left) else None


def _moved(shared: Sequence[_Shared]) -> tuple[Sequence[_Shared], Sequence[_Shared]] | None:
    """The two stretches, next to each other, whose exchange puts all in order: one of them was moved."""
    wrong = [at for at, place in enumerate(sorted(one.place for one in shared)) if shared[at].place != place]
    part = shared[wrong[0] : wrong[-1] + 1] if wrong else []
    falls = [at for at in range(1, len(part)) if part[at].place < part[at - 1].place]
    if len(falls) == 1 and part[-1].place < part[0].place:
        return part[: falls[0]], part[falls[0] :]
    return None


def _is_in_order(shared: Sequence[_Shared]) -> bool:
    """Whether all of it stands in the source's order; of a long one, all but a single item."""
    return len(shared) - _longest_rise(shared) <= (len(shared) >= LONG)


def _exchanges(shared: list[_Shared], given: Counter[int], language: str) -> Iterator[tuple[int, int, int, int, int]]:
    """`(gain, a, b, c, d)`: what comes into order when `[a, b)` and `[c, d)` change places."""
    rising = _longest_rise(shared)
    for a in range(len(shared)):
        for b in range(a + 1, min(a + LONGEST_EXCHANGED, len(shared)) + 1):
            for c in range(b + 1, len(shared)):
                for d in range(c + 1, min(c + LONGEST_EXCHANGED, len(shared)) + 1):
                    one, other = shared[a:b], shared[c:d]
                    if min(given[one[0].source], given[other[0].source]) < FEW:
                        continue
                    if not _are_exchanged(one, other, language):
                        continue
                    gain = _longest_rise([*shared[:a], *other, *shared[b:c], *one, *shared[d:]]) - rising
                    if gain >= min(2, len(shared) - rising):
                        yield gain, a, b, c, d


def _are_exchanged(one: Sequence[_Shared], other: Sequence[_Shared], language: str) -> bool:
    """Whether the two may stand for each other: not a time for a thing, nor one that took its preposition along."""
    heads = one[0], other[0]
    if _has_value(one, language) != _has_value(other, language):
        return False
    if any(head.mine.kind == "limit" for head in heads):
        return all(head.mine.kind == "limit" for head in heads) and len(one) == len(other) == 1
    if language in CASES_TELL and heads[0].clause == heads[1].clause and not _has_value(one, language):
        return all(head.mine.text != head.its.text for head in heads)
    if language in PARTICLES:
        heads = one[-1], other[-1]
    markers = [_marker(head.mine, language) for head in heads]
    kept = [_marker(head.its, language) == mine != "" for head, mine in zip(heads, markers, strict=True)]
    return not (any(kept) and markers[0] != markers[1])


def _has_value(shared: Sequence[_Shared], language: str) -> bool:
    return any(one.mine.fact or number_of(one.mine.text, language) is not None for one in shared)


def _marker(item: Item, language: str) -> str:
    """The preposition or the like before it; the particle after it; in Arabic, what is written together with it."""
    if language in PARTICLES:
        return item.after
    if language == "ar" and (attached := ATTACHED.match(item.text)):
        return attached.group()
    words = [CONTRACTED.get(word, word) for word in item.marker.split() if word not in ARTICLES]
    return words[-1] if words else ""


def _longest_rise(shared: Sequence[_Shared]) -> int:
    """How many can be picked out so that they stand in the source's order."""
    tails: list[int] = []
    for one in shared:
        at = bisect_left(tails, one.place)
        tails[at : at + 1] = [one.place]
    return len(tails)


def _shown(shared: Sequence[_Shared]) -> str:
    return " ".join(one.mine.fact.label if one.mine.fact else one.mine.text for one in shared)
