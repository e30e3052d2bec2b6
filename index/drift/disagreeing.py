"""Numbers, dates and addresses in which versions of a statement disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from index.drift.facts import Fact, Facts, read_facts
from index.drift.sides import Drift, DriftKind, Versions

__all__ = ["Disagreements"]

SURE = 0.3
"""How well two versions of a statement must be aligned for a difference to be one. Where each has a telling number that
the other lacks, that is enough."""

MOST_BESIDE = 2
"""So many sentences of two versions may stand unaligned beside two that are. Where there are more, the versions have
their passages in different orders, as lists in alphabetical order do, and what is aligned is so by chance."""

NEARBY = 300
"""So far around a statement, in characters that are in no statement, a version may say what it lacks there."""


class Disagreements:
    """What the versions of an article say otherwise in a statement that they share."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._rows = versions.rows
        self._facts_of: dict[tuple[str, int | None], Facts] = {}

    def all(self) -> Iterator[Drift]:
        for place, row in enumerate(self._rows):
            if len(row.sentences) < 2:
                continue
            said = {
                document: self._facts_at(document, place)
                for document in self._versions.documents
                if document in row.sentences
            }
            for kind in (DriftKind.NUMBERS, DriftKind.DATES, DriftKind.EMAIL, DriftKind.URL):
                yield from self._differing(kind, place, said)

    def _differing(self, kind: DriftKind, place: int, said: Mapping[str, Facts]) -> Iterator[Drift]:
        """The versions that do not agree with the one which agrees best with all: it has what most of them have."""
        lacks = {
            (one, other): [fact for fact in said[one].of(kind) if not said[other].has(fact, said[one])]
            for one in said
            for other in said
            if one != other
        }
        if not any(lacks.values()):
            return
        base = min(
            said, key=lambda one: sum(len(lacks[one, other]) + len(lacks[other, one]) for other in said if other != one)
        )
        for version in said:
            if version == base:
                continue
            missing = [fact for fact in lacks[base, version] if not self._has_nearby(version, base, place, fact)]
            extra = [fact for fact in lacks[version, base] if not self._has_nearby(base, version, place, fact)]
            if missing and extra:
                surely = 0.0 if any(fact.weighty for fact in (*missing, *extra)) else SURE
            else:
                missing, extra = ([fact for fact in facts if fact.weighty] for facts in (missing, extra))
                surely = SURE
            if not (missing or extra) or not self._is_sure(version, base, place, surely):
                continue
            if self._is_elsewhere(version, missing, base, extra):
                continue
            drifted, other = version, base
            if len(said) == 2 and not missing:
                drifted, other, missing, extra = base, version, extra, []
            yield self._versions.drift(
                kind,
                drifted,
                self._versions.quote(drifted, place, place),
                self._versions.quote(other, place, place),
                _detail(missing, extra),
            )

    def _is_sure(self, version: str, other: str, place: int, least: float) -> bool:
        """Whether what the two versions say here is the same statement, so that they should agree."""
        if min(self._rows[place].scores[version], self._rows[place].scores[other]) < least:
            return False
        both = self._versions.places(version, other)
        here = both.index(place)
        gaps = [
            sum(version in row.sentences or other in row.sentences for row in self._rows[before + 1 : behind])
            for before, behind in pairwise(both[max(0, here - 1) : here + 2])
        ]
        return max(gaps, default=0) <= MOST_BESIDE

    def _is_elsewhere(self, version: str, missing: Sequence[Fact], other: str, extra: Sequence[Fact]) -> bool:
        """Whether each has in another place what it lacks here: they have the same passages in another order."""
        telling = [(version, fact) for fact in missing if fact.weighty] + [
            (other, fact) for fact in extra if fact.weighty
        ]
        return len(telling) > 1 and all(self._facts_at(document, None).has(fact) for document, fact in telling)

    def _has_nearby(self, version: str, other: str, place: int, fact: Fact) -> bool:
        """Whether the version has the fact around this place, where the other has not: a sentence ends elsewhere."""
        shared = self._versions.shared(version)
        here = shared.index(place)
        before = shared[here - 1] if here else None
        behind = shared[here + 1] if here + 1 < len(shared) else None
        language = self._versions.language(version)
        around = (
            self._versions.between(version, before, place)[-NEARBY:]
            + "\n"
            + self._versions.between(version, place, behind)[:NEARBY]
        )
        if read_facts(around, language).has(fact):
            return True
        return any(
            self._facts_at(version, at).has(fact)
            and not (other in self._rows[at].sentences and self._facts_at(other, at).has(fact))
            for at in (before, behind)
            if at is not None
        )

    def _facts_at(self, document: str, place: int | None) -> Facts:
        """Of a row, or of the whole document."""
        if (found := self._facts_of.get((document, place))) is None:
            held = self._versions.documents[document]
            text = held.text if place is None else self._versions.quote(document, place, place).text
            found = self._facts_of[document, place] = read_facts(text, held.language)
        return found


def _detail(missing: Sequence[Fact], extra: Sequence[Fact]) -> str:
    there, here = (", ".join(dict.fromkeys(fact.label for fact in facts)) for facts in (missing, extra))
    if there and here:
        return f"{there} there, {here} here"
    return f"{there} there, not here" if there else f"{here} here, not there"
