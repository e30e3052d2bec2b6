"""How the time to align two texts grows with their length: `align_pair` against the dynamic programme over all pairs.

`python -m benchmarks.alignment [LONGEST]` prints a Markdown table. The texts are generated: a sentence is a random
direction, its translation the same with noise, and each text lacks another tenth of them. Both ways take turns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from index import alignment
from index.alignment import Bead, VersionText, align_pair, unit_length

SHORTEST, LONGEST = 100, 6_400
DIMENSION = 384
NOISE = 0.8
"""How long a translation's own part is, beside what it has in common with the original: a cosine of .6."""

DROPPED = 0.1
ROUNDS = 3
ENOUGH_SECONDS = 10.0
EVERYTHING = 1_000_000_000


def texts(sentences: int, chance: np.random.Generator) -> tuple[VersionText, VersionText]:
    """Two versions of so many sentences, without a tenth of them each."""
    meanings = chance.standard_normal((sentences, DIMENSION)) / np.sqrt(DIMENSION)
    lengths = chance.lognormal(4.3, 0.5, sentences)
    return version(meanings, lengths, chance), version(meanings, lengths, chance)


def version(
    meanings: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    lengths: np.ndarray[tuple[int], np.dtype[np.float64]],
    chance: np.random.Generator,
) -> VersionText:
    """The sentences in other words, some of them left out."""
    kept = np.flatnonzero(chance.random(len(meanings)) >= DROPPED)
    noise = NOISE * chance.standard_normal((len(kept), DIMENSION)) / np.sqrt(DIMENSION)
    vectors = unit_length((meanings[kept] + noise).astype(np.float32))
    return VersionText(vectors, lengths[kept] * chance.lognormal(0.1, 0.15, len(kept)))


@contextmanager
def looking_at_all_pairs() -> Iterator[None]:
    """However long the texts are."""
    before = alignment.WHOLE_UP_TO
    alignment.WHOLE_UP_TO = EVERYTHING
    try:
        yield
    finally:
        alignment.WHOLE_UP_TO = before


def timed(left: VersionText, right: VersionText) -> tuple[float, list[Bead]]:
    """Seconds and beads."""
    start = time.perf_counter()
    beads = align_pair(left, right)
    return time.perf_counter() - start, beads


def measure(left: VersionText, right: VersionText) -> tuple[float, float, float]:
    """Best seconds of both ways, and the share of the beads of the whole programme that ours has too."""
    ours: list[float] = []
    whole: list[float] = []
    while len(ours) < ROUNDS and sum(whole) < ENOUGH_SECONDS:
        seconds, beads = timed(left, right)
        ours.append(seconds)
        with looking_at_all_pairs():
            seconds, expected = timed(left, right)
        whole.append(seconds)
    places = {(bead.left, bead.right) for bead in beads}
    same = sum((bead.left, bead.right) in places for bead in expected) / len(expected)
    return min(ours), min(whole), same


def main() -> None:
    """Prints the table."""
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else LONGEST
    chance = np.random.default_rng(7)
    measure(*texts(SHORTEST, chance))  # to warm up
    print(
        "| sentences | align_pair, s | to half as many | all pairs, s | to half as many | ratio | same beads |\n"
        "|---|---|---|---|---|---|---|"
    )
    before: tuple[float, float] | None = None
    sentences = SHORTEST
    while sentences <= longest:
        ours, whole, same = measure(*texts(sentences, chance))
        growth = ("", "") if before is None else (f"{ours / before[0]:.2f}x", f"{whole / before[1]:.2f}x")
        print(
            f"| {sentences:,} | {ours:.4f} | {growth[0]} | {whole:.4f} | {growth[1]} | {whole / ours:.1f} "
            f"| {same:.1%} |",
            flush=True,
        )
        before = ours, whole
        sentences *= 2


if __name__ == "__main__":
    main()
