"""The versions of one article, aligned sentence by sentence.

Two texts are aligned by the monotone path of beads (1-1, 1-2, 2-1, 2-2 sentences, and sentences left alone) that gains
most: the dynamic programme of Gale and Church (1993, "A Program for Aligning Sentences in Bilingual Corpora"), with the
similarity of sentence vectors for a score as in Vecalign (Thompson and Koehn 2019, "Vecalign: Improved Sentence
Alignment in Linear Time and Space") and Bertalign (Liu and Zhu 2023). As in Vecalign, a long text is aligned coarsely
first, its sentences taken together in pairs, and then only near that path: the cost is linear in its length.

Several versions are aligned with what they have in common, one after the other, as biologists align more than two
sequences: the columns of what is aligned so far are the text that the next version is aligned with. So a garbled
sentence in one version is held against all the others, and N versions cost N alignments, not N squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import Vectors

__all__ = [
    "ALONE",
    "Bead",
    "Column",
    "VersionText",
    "align_pair",
    "align_versions",
    "common_share",
    "unit_length",
]

ALONE = 0.20
"""The similarity, less what is common to both texts, below which two sentences are better left alone."""

CERTAIN = 0.20
"""That below which a sentence's place in its column is too uncertain to keep."""

BEADS = {(1, 1): 0.0, (1, 2): 0.1, (2, 1): 0.1, (1, 3): 0.2, (3, 1): 0.2, (2, 2): 0.3}
"""How many sentences of the left and the right a bead holds, and what it has to gain beside the bead of one each."""

LONGEST_RUN = 3
ORDER = tuple(BEADS)
RUN_LENGTHS = range(1, LONGEST_RUN + 1)
LEFT_ALONE, RIGHT_ALONE = -1, -2
NOTHING = np.zeros(0)

LENGTH_WEIGHT = 0.03
"""How much an unlikely ratio of lengths takes from a bead's similarity, per squared natural logarithm of the ratio."""

MOST_LENGTH_PENALTY = 0.3

COMMON_AFTER = 4
"""In a text of so many sentences, half of what a sentence has in common with the average of the other text counts as
common to all of it; the average of fewer is mostly the sentence's own translation."""

WHOLE_UP_TO = 1024
"""Sentences in both texts together up to which all pairs are looked at; of longer ones, those near the coarse path."""

BAND = 12
"""How far from the coarse path, in sentences."""


@dataclass(frozen=True, slots=True)
class VersionText:
    """The sentences of one version.

    `vectors` is `float32 (n, dim)`, language-centred and of unit length; a sentence that says nothing is a zero row.
    `lengths` is `float64 (n,)`, in characters, all positive.
    """

    vectors: Vectors
    lengths: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences `[first, last)` of one text that say what `[first, last)` of the other says, and how sure that is."""

    left: tuple[int, int]
    right: tuple[int, int]
    score: float


@dataclass(frozen=True, slots=True)
class Column:
    """One unit of meaning: the run of sentences `[first, last)` that each version has for it, and the score of each.

    A score is the cosine of the run with the mean of the other versions' runs, less what is common to all of the text.
    """

    runs: dict[int, tuple[int, int]]
    scores: dict[int, float]


def align_pair(left: VersionText, right: VersionText) -> list[Bead]:
    """The beads of the best path, in order; sentences in none of them are left alone."""
    if not len(left.vectors) or not len(right.vectors):
        return []
    return _Pair(left, right).beads()


class _Pair:
    """Two texts on their way through the dynamic programme.

    Cell (i, j) is reached when i sentences of the left and j of the right are behind. A row is all cells of one i that
    are looked at: those from `low[i]` to `high[i]`.
    """

    def __init__(self, left: VersionText, right: VersionText) -> None:
        self._left, self._right = left, right
        self._rows, self._columns = len(left.vectors), len(right.vectors)
        texts = left, right
        self._runs = [{length: _runs(text, length) for length in RUN_LENGTHS} for text in texts]
        shares = [text.lengths / text.lengths.sum() for text in texts]
        self._logs = [{length: np.log(_sums(share, length)) for length in RUN_LENGTHS} for share in shares]
        self._common = [
            {
                length: 0.5 * common_share(len(other.vectors)) * (of_length @ other.vectors.mean(axis=0))
                for length, of_length in runs.items()
            }
            for runs, other in zip(self._runs, (right, left), strict=True)
        ]
        self._is_small = self._rows + self._columns <= WHOLE_UP_TO
        everything = slice(None), slice(None)
        self._gains = {move: self._gain(move, *everything) for move in BEADS} if self._is_small else {}

    def beads(self) -> list[Bead]:
        low, high = self._window()
        rows: list[NDArray[np.float64]] = []
        moves: list[NDArray[np.int8]] = []
        for i in range(self._rows + 1):
            best = np.full(high[i] - low[i] + 1, -np.inf)
            move = np.full(len(best), LEFT_ALONE, dtype=np.int8)
            if i == 0:
                best[0] = 0.0
            else:
                _put(best, low[i], rows[i - 1], low[i - 1])
            for number, (a, _) in enumerate(ORDER):
                if i >= a:
                    self._try(number, i, best, move, low, rows[i - a])
            along = np.maximum.accumulate(best)
            move[along > best] = RIGHT_ALONE
            rows.append(along)
            moves.append(move)
            if i >= LONGEST_RUN:
                rows[i - LONGEST_RUN] = NOTHING  # no bead reaches back that far
        return self._walk_back(moves, low)

    def _try(
        self,
        number: int,
        i: int,
        best: NDArray[np.float64],
        move: NDArray[np.int8],
        low: Sequence[int],
        before: NDArray[np.float64],
    ) -> None:
        """Takes the bead wherever it gains more than what was best so far in row `i`."""
        a, b = ORDER[number]
        first = max(low[i], low[i - a] + b)
        last = min(low[i] + len(best), low[i - a] + len(before) + b)
        if first >= last:
            return
        columns = slice(first - b, last - b)
        row = i - a
        gain = (
            self._gains[a, b][row, columns] if self._is_small else self._gain((a, b), slice(row, row + 1), columns)[0]
        )
        gain = gain + before[first - b - low[row] : last - b - low[row]]
        here = slice(first - low[i], last - low[i])
        better = gain > best[here]
        best[here][better] = gain[better]
        move[here][better] = number

    def _walk_back(self, moves: Sequence[NDArray[np.int8]], low: Sequence[int]) -> list[Bead]:
        i, j, beads = self._rows, self._columns, []
        while i or j:
            number = moves[i][j - low[i]]
            if number == LEFT_ALONE:
                i -= 1
            elif number == RIGHT_ALONE:
                j -= 1
            else:
                a, b = ORDER[number]
                i, j = i - a, j - b
                score = self._similarity((a, b), slice(i, i + 1), slice(j, j + 1))[0, 0]
                beads.append(Bead((i, i + a), (j, j + b), float(score)))
        return beads[::-1]

    def _similarity(self, bead: tuple[int, int], rows: slice, columns: slice) -> NDArray[np.float64]:
        """Of runs of the left with runs of the right, less what is common to the texts."""
        a, b = bead
        cosines = self._runs[0][a][rows] @ self._runs[1][b][columns].T
        similar: NDArray[np.float64] = (
            cosines - self._common[0][a][rows][:, None] - self._common[1][b][columns][None, :]
        )
        return similar

    def _gain(self, bead: tuple[int, int], rows: slice, columns: slice) -> NDArray[np.float64]:
        a, b = bead
        ratio = self._logs[0][a][rows][:, None] - self._logs[1][b][columns][None, :]
        unlikely = np.minimum(LENGTH_WEIGHT * ratio**2, MOST_LENGTH_PENALTY)
        above = self._similarity(bead, rows, columns) - unlikely - ALONE
        gain: NDArray[np.float64] = (a + b) / 2 * above - BEADS[bead]
        return gain

    def _window(self) -> tuple[list[int], list[int]]:
        """The first and the last cell of each row to look at."""
        n, m = self._rows, self._columns
        if self._is_small:
            return [0] * (n + 1), [m] * (n + 1)
        coarse = align_pair(_halved(self._left), _halved(self._right))
        ends = [(0, 0), *((2 * bead.left[0], 2 * bead.right[0]) for bead in coarse), (n, m)]
        low, high = [m] * (n + 1), [0] * (n + 1)
        for (i, j), (k, end) in pairwise(ends):
            # Where two beads are far apart, nothing in between was aligned, and everything is possible.
            for row in range(max(0, i - BAND), min(n, k + BAND) + 1):
                low[row] = max(0, min(low[row], j - BAND))
                high[row] = min(m, max(high[row], end + BAND))
        return low, high


def _put(best: NDArray[np.float64], low: int, before: NDArray[np.float64], low_before: int) -> None:
    """Copies the cells of the row before into this row, where both have them."""
    first, last = max(low, low_before), min(low + len(best), low_before + len(before))
    if first < last:
        best[first - low : last - low] = before[first - low_before : last - low_before]


def common_share(sentences: int) -> float:
    """How far what a sentence has in common with the average of a text of so many sentences is common to all of it."""
    return sentences / (sentences + COMMON_AFTER)


def _runs(text: VersionText, length: int) -> Vectors:
    """`float32 (n - length + 1, dim)`: the direction of each run of so many sentences, weighted by their lengths."""
    if length == 1:
        return text.vectors
    weighted = text.vectors * text.lengths[:, None].astype(np.float32)
    return unit_length(_sums(weighted, length))


def _sums(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """Of each so many rows that follow each other; none where there are fewer."""
    count = max(0, len(rows) - length + 1)
    return sum((rows[offset : offset + count] for offset in range(length)), start=np.zeros_like(rows[:count]))


def _halved(text: VersionText) -> VersionText:
    """Every two sentences taken together, the last alone where their number is odd."""
    starts = np.arange(0, len(text.lengths), 2)
    weighted = text.vectors * text.lengths[:, None].astype(np.float32)
    return VersionText(unit_length(np.add.reduceat(weighted, starts)), np.add.reduceat(text.lengths, starts))


def unit_length(vectors: Vectors) -> Vectors:
    """The same directions, of unit length; what has no direction stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-6)
    return scaled


# More than two versions.


def align_versions(versions: Sequence[VersionText]) -> list[Column]:
    """The columns that at least two versions share, in order of the text; a version has no run where it lacks one."""
    if len(versions) < 2:
        return []
    order = _from_the_middle(versions)
    columns: list[dict[int, tuple[int, int]]] = []
    for version in order:
        columns = _with_version(columns, version, versions)
    if len(versions) > 2:
        for version in order:  # the first ones were aligned with little; now all of the others are there
            others = [{v: run for v, run in column.items() if v != version} for column in columns]
            columns = _with_version([column for column in others if column], version, versions)
    shared: list[Column] = []
    for column in (_scored(column, versions) for column in columns):
        if len(column.runs) < 2 or (shared and column.runs.items() <= shared[-1].runs.items()):
            continue
        if shared and shared[-1].runs.items() <= column.runs.items():
            shared.pop()  # the same sentences, of fewer versions
        shared.append(column)
    return shared


def _from_the_middle(versions: Sequence[VersionText]) -> list[int]:
    """The versions, first the one that is most like the others."""
    means = unit_length(np.array([version.vectors.sum(axis=0) for version in versions], dtype=np.float32))
    likeness = (means @ means.T).sum(axis=1)
    return sorted(range(len(versions)), key=lambda version: -likeness[version])


def _with_version(
    columns: list[dict[int, tuple[int, int]]], version: int, versions: Sequence[VersionText]
) -> list[dict[int, tuple[int, int]]]:
    """The columns with this version's sentences among them; those that no column matches make columns of their own."""
    size = len(versions[version].vectors)
    beads = align_pair(_consensus(columns, versions), versions[version]) if columns else []
    result: list[dict[int, tuple[int, int]]] = []
    column_at, sentence_at = 0, 0
    for bead in [*beads, Bead((len(columns), len(columns)), (size, size), 0.0)]:
        result += columns[column_at : bead.left[0]]
        result += [{version: (sentence, sentence + 1)} for sentence in range(sentence_at, bead.right[0])]
        result += [column | {version: bead.right} for column in columns[bead.left[0] : bead.left[1]]]
        column_at, sentence_at = bead.left[1], bead.right[1]
    return result


def _consensus(columns: Sequence[dict[int, tuple[int, int]]], versions: Sequence[VersionText]) -> VersionText:
    """What the versions in each column say together. Lengths are in parts of each version's own."""
    wholes = [version.lengths.sum() for version in versions]
    vectors = [sum(_of_run(versions[v], run) for v, run in column.items()) for column in columns]
    lengths = [
        np.mean([versions[v].lengths[slice(*run)].sum() / wholes[v] for v, run in column.items()]) for column in columns
    ]
    return VersionText(unit_length(np.array(vectors, dtype=np.float32)), np.array(lengths, dtype=np.float64))


def _of_run(version: VersionText, run: tuple[int, int]) -> Vectors:
    first, last = run
    if last - first == 1:
        vector: Vectors = version.vectors[first]
        return vector
    return unit_length(version.lengths[first:last].astype(np.float32) @ version.vectors[first:last])


def _scored(column: dict[int, tuple[int, int]], versions: Sequence[VersionText]) -> Column:
    """Without the versions whose place in it is uncertain."""
    kept = dict(column)
    while len(kept) > 1:
        scores = _scores(kept, versions)
        worst = min(scores, key=lambda version: scores[version])
        if scores[worst] >= CERTAIN:
            return Column(kept, scores)
        del kept[worst]
    return Column(kept, dict.fromkeys(kept, 0.0))


def _scores(column: dict[int, tuple[int, int]], versions: Sequence[VersionText]) -> dict[int, float]:
    vectors = {version: _of_run(versions[version], run) for version, run in column.items()}
    whole = sum(vectors.values())
    common = {
        version: versions[version].vectors.mean(axis=0) * common_share(len(versions[version].vectors))
        for version in column
    }
    all_common = sum(common.values())
    scores = {}
    for version, vector in vectors.items():
        others = whole - vector
        length = float(np.linalg.norm(others)) or 1.0
        shared = 0.5 * (vector @ (all_common - common[version]) / (len(column) - 1) + others @ common[version] / length)
        scores[version] = float(vector @ others / length - shared)
    return scores
