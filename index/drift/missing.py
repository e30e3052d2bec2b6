"""Passages that a version lacks and others have, and versions that say much less than the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from index.alignment import unit_length
from index.drift.sides import Drift, DriftKind, Quote, Versions
from index.drift.wording import RUN_ON
from index.store import Store
from index.types import Vectors

__all__ = ["Passages"]

LEAST_AT_END = 3
"""Statements in a row that a version lacks at its end, from which it is cut short."""

LEAST_CHARACTERS = 80
"""Of a passage that is missed. Shorter ones are mostly labels, which one language has and another does without."""

FILLED = 0.5
"""A version that has this share of a passage's length of its own at its place has the passage, said otherwise."""

MUCH_SHORTER = 0.5
SHORTER_FROM = 5, 400
"""How many statements, and how many characters of them in the others, tell that a version says less in each."""

RATIO_FROM = 200
"""Letters that two versions share, from which their lengths say how long one language is for the other."""

WIDE = 2.5
WIDE_CHARACTERS = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
"""How many letters an ideograph, a kana or a syllable of Hangul stands for."""

ELSEWHERE = 0.22
"""The similarity of a passage with other sentences of a version from which the version has it in another place.
Measured on 290 help pages in six languages: 0.13 and less where it is missing, 0.24 and more where it is elsewhere."""


class Passages:
    """What the versions of an article have and lack."""

    def __init__(self, store: Store, versions: Versions) -> None:
        self._store = store
        self._versions = versions
        self._rows = versions.rows
        self._widths = {
            document: {
                place: _width(versions.quote(document, place, place).text) for place in versions.places(document)
            }
            for document in versions.documents
        }

    def missing(self) -> Iterator[Drift]:
        """One for each stretch that a version lacks, between two rows that it shares with others."""
        for version in self._versions.documents:
            shared = self._versions.shared(version)
            for before, behind in pairwise([-1, *shared, len(self._rows)]):
                if found := self._missing_between(version, before, behind):
                    yield found

    def _missing_between(self, version: str, before: int, behind: int) -> Drift | None:
        others = len(self._versions.documents) - 1
        lacked = [
            place
            for place in range(before + 1, behind)
            if version not in self._rows[place].sentences and len(self._rows[place].sentences) >= min(2, others)
        ]
        if not lacked:
            return None
        holders = {
            document: sum(document in self._rows[place].sentences for place in lacked)
            for document in self._versions.documents
        }
        other = max(holders, key=lambda document: holders[document])
        held = [place for place in lacked if other in self._rows[place].sentences]
        quote = self._versions.quote(other, held[0], held[-1])
        if _width(quote.text) < LEAST_CHARACTERS or not (len(held) > 1 or self._is_whole_paragraph(other, held[0])):
            return None
        if self._is_filled(version, other, (before, behind), quote) or self._is_moved(version, other, held):
            return None
        cut = (
            behind == len(self._rows) and sum(2 * len(self._rows[p].sentences) >= others for p in held) >= LEAST_AT_END
        )
        having = [self._versions.language(document) for document, count in holders.items() if 2 * count > len(lacked)]
        size = "1 statement" if len(held) == 1 else f"{len(held)} statements"
        return self._versions.drift(
            DriftKind.CUT_SHORT if cut else DriftKind.MISSING,
            version,
            None,
            quote,
            f"{size}, {len(quote.text):,} characters, in {', '.join(having)}",
            after=self._versions.quote(version, before, before) if before >= 0 else None,
        )

    def _is_whole_paragraph(self, document: str, place: int) -> bool:
        here = self._rows[place].sentences[document]
        passages = {unit.passage for unit in here}
        return not any(
            unit.passage in passages
            for beside in self._versions.places(document)
            if beside != place
            for unit in self._rows[beside].sentences[document]
        )

    def _is_filled(self, version: str, other: str, gap: tuple[int, int], quote: Quote) -> bool:
        """Whether this version has too much text to lack the passage.

        Its own text may stand there unaligned, or in the sentences on both sides: where sentences end is not found
        equally well in every language.
        """
        both = self._versions.places(version, other)
        before = [place for place in both if place <= gap[0]]
        behind = [place for place in both if place >= gap[1]]
        inside = {
            document: _width(self._versions.between(document, max(before, default=None), min(behind, default=None)))
            for document in (version, other)
        }
        farthest = 3 if RUN_ON & {self._versions.language(document) for document in (version, other)} else 1
        for far in range(farthest + 1):
            beside = [*before[max(0, len(before) - far) :], *behind[:far]]
            ratio = self._ratio(version, other, [place for place in both if place not in beside])
            here, there = (
                inside[document] + sum(self._widths[document][place] for place in beside)
                for document in (version, other)
            )
            if here > ratio * (there - FILLED * _width(quote.text)):
                return True
        return False

    def _is_moved(self, version: str, other: str, places: Sequence[int]) -> bool:
        """Whether sentences of this version that stand beside none of the other's say what stands there."""
        aligned = {unit.id for row in self._rows if other in row.sentences for unit in row.sentences.get(version, ())}
        mine = [vector for sentence, vector in self._vectors(version).items() if sentence not in aligned]
        if not mine:
            return False
        theirs = self._vectors(other)
        passage = [unit for place in places for unit in self._rows[place].sentences[other]]
        nearest = (np.stack([theirs[unit.id] for unit in passage]) @ np.stack(mine).T).max(axis=1)
        return bool(np.average(nearest, weights=[unit.end - unit.start for unit in passage]) >= ELSEWHERE)

    def _vectors(self, document: str) -> dict[int, Vectors]:
        """Of its sentences, less what they have in common: the language, and the subject."""
        sentences = self._store.articles.sentences(document)
        centred = unit_length(sentences.vectors - sentences.vectors.mean(axis=0))
        return dict(zip(sentences.ids.tolist(), centred, strict=True))

    def _ratio(self, version: str, other: str, places: Sequence[int]) -> float:
        """How long this version's text is for a letter of the other's, where they say the same."""
        here, there = (sum(self._widths[document][place] for place in places) for document in (version, other))
        return min(2.0, max(0.5, here / there)) if there >= RATIO_FROM else 1.0

    def shorter(self) -> Iterator[Drift]:
        """Versions that have the statements and say much less in them."""
        for version in self._versions.documents:
            shared = self._versions.shared(version)
            pairs = {place: self._lengths(version, place) for place in shared}
            here, there = (sum(pair[side] for pair in pairs.values()) for side in (0, 1))
            if len(shared) < SHORTER_FROM[0] or there < SHORTER_FROM[1] or here >= MUCH_SHORTER * there:
                continue
            worst = max(pairs, key=lambda place: pairs[place][1] - pairs[place][0])
            other = max(
                (document for document in self._rows[worst].sentences if document != version),
                key=lambda document: self._widths[document][worst],
            )
            yield self._versions.drift(
                DriftKind.CUT_SHORT,
                version,
                self._versions.quote(version, worst, worst),
                self._versions.quote(other, worst, worst),
                f"{100 * here / there:.0f} % of the others' length in what it says",
            )

    def _lengths(self, version: str, place: int) -> tuple[float, float]:
        """Of this version's sentences in a row, and of the others' on average."""
        widths = {document: self._widths[document][place] for document in self._rows[place].sentences}
        here = widths.pop(version)
        return here, median(widths.values())


def _width(text: str) -> float:
    """The length of a text in letters, about as long in every language."""
    return len(text) + (WIDE - 1) * len(WIDE_CHARACTERS.findall(text))
