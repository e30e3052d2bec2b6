"""Means over languages with bootstrap intervals, and paired tests, by resampling facts.

The questions of one fact in eleven languages stand or fall together, so what is drawn with replacement is the fact with
all of its questions (cluster bootstrap; Efron & Tibshirani 1993, chapter 8; Field & Welsh 2007). Percentile intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Figure", "Floats", "Resamples", "interval", "p_value"]

Floats = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval; `n` counts the questions (for pairs of languages, the searches)."""

    value: float
    low: float
    high: float
    n: int


class Resamples:
    """The draws: how often each group is in each resample, the same for every metric and system of one report."""

    def __init__(self, groups: Sequence[str], *, draws: int = 1000, seed: int = 20_260_101) -> None:
        """`groups` gives the group of each question, by its place."""
        names = sorted(set(groups))
        numbers = {name: number for number, name in enumerate(names)}
        self.codes: NDArray[np.intp] = np.array([numbers[group] for group in groups], dtype=np.intp)
        self.counts: Floats = (
            np.random.default_rng(seed)
            .multinomial(len(names), np.full(len(names), 1 / max(1, len(names))), size=draws)
            .astype(np.float64)
        )
        """float64 (draws, groups)."""

    def macro_mean(
        self, values: Sequence[float], places: Sequence[int], cells: Sequence[str]
    ) -> tuple[Figure, dict[str, Figure], Floats]:
        """The mean of the cells' means, each cell's own mean, and the first in every resample (float64 (draws,)).

        `values[i]` is of the question at `places[i]` and counts in `cells[i]`; NaN is left out. A cell that a resample
        leaves empty is left out of that resample's mean.
        """
        kept = [i for i, value in enumerate(values) if not np.isnan(value)]
        names, columns = np.unique(np.array([cells[i] for i in kept], dtype=str), return_inverse=True)
        rows = self.codes[np.array([places[i] for i in kept], dtype=np.intp)]
        sums = np.zeros((self.counts.shape[1], len(names)))
        sizes = np.zeros_like(sums)
        np.add.at(sums, (rows, columns), [values[i] for i in kept])
        np.add.at(sizes, (rows, columns), 1.0)
        drawn = _ratio(self.counts @ sums, self.counts @ sizes)
        means = _ratio(sums.sum(axis=0), sizes.sum(axis=0))
        by_cell = {
            str(name): interval(float(means[column]), drawn[:, column], int(sizes[:, column].sum()))
            for column, name in enumerate(names)
        }
        macro = _mean(drawn)
        return interval(float(means.mean()) if len(names) else np.nan, macro, len(kept)), by_cell, macro

    def pooled(self, metric: Callable[[Floats], float], places: Sequence[int], n: int) -> tuple[Figure, Floats]:
        """`metric` of weights (float64, one for each of `places`), and its value in every resample, (draws,)."""
        codes = self.codes[list(places)]
        value = metric(np.ones(len(codes)))
        drawn = np.array([metric(counts[codes]) for counts in self.counts]) if len(codes) else np.array([])
        return interval(value, drawn, n), drawn


def interval(value: float, drawn: Floats, n: int) -> Figure:
    """The value with the percentile interval of what was drawn; NaN draws are those in which it is undefined."""
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return Figure(value, np.nan, np.nan, n)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high), n)


def p_value(differences: Floats) -> float:
    """Two-sided, of the paired bootstrap (Koehn 2004; Berg-Kirkpatrick et al. 2012): how seldom the sign turns.

    `differences` are those of two systems in each resample. Never below one over the number of draws.
    """
    differences = differences[~np.isnan(differences)]
    if not len(differences):
        return float("nan")
    turned = min(float(np.mean(differences <= 0)), float(np.mean(differences >= 0)))
    return min(1.0, max(2 * turned, 1 / len(differences)))


def _ratio(sums: Floats, sizes: Floats) -> Floats:
    return np.divide(sums, sizes, out=np.full_like(sums, np.nan), where=sizes > 0)


def _mean(drawn: Floats) -> Floats:
    """Of each row, over what is not NaN; NaN for a row of NaN alone."""
    there = ~np.isnan(drawn)
    sums: Floats = np.where(there, drawn, 0.0).sum(axis=1)
    return _ratio(sums, there.sum(axis=1).astype(np.float64))
