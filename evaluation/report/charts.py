"""What the page's charts show and where: the matrix of language pairs, and the geometry of the two plots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evaluation.metrics.abstention import Bin
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure
from evaluation.results import SystemResults

__all__ = ["SHADES", "Dot", "HeatMap", "Matrix", "Plot", "dots", "heat_map", "risk_plot"]

Pair: TypeAlias = tuple[str, str]
"""The asker's language, and the documents'."""

SHADES = 10
"""Of the heat map; the page's style sheet has a colour for each."""

PREFERRED = "sentence.Success@1"
"""The measure that a reader of the heat map sees first."""

LARGEST_DOT = 14.0
SMALLEST_DOT = 3.0


@dataclass(frozen=True, slots=True)
class Matrix:
    """One measure of one system, by (asker's language, documents' language); the diagonal is the asker's own.

    The means leave the diagonal out, so `mean`, over all pairs, is the figure that the report gives for "cross".
    """

    askers: tuple[str, ...]
    documents: tuple[str, ...]
    cells: Mapping[Pair, Figure]

    @property
    def rows(self) -> list[list[Figure | None]]:
        """`rows[i][j]` is asked in `askers[i]`, of documents in `documents[j]`; None where that was not measured."""
        return [[self.cells.get((asker, language)) for language in self.documents] for asker in self.askers]

    @property
    def row_means(self) -> list[float]:
        return [self._mean(asker=asker) for asker in self.askers]

    @property
    def column_means(self) -> list[float]:
        return [self._mean(documents=language) for language in self.documents]

    @property
    def mean(self) -> float:
        return self._mean()

    def _mean(self, asker: str | None = None, documents: str | None = None) -> float:
        """Of the pairs with these languages; None stands for any."""
        values = [
            figure.value
            for (one, other), figure in self.cells.items()
            if one != other and asker in (None, one) and documents in (None, other)
        ]
        return sum(values) / len(values) if values else math.nan


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`matrices[system][measure]`, all over the same languages; measures are named "sentence.Success@1".

    The shades go from `low` to `high` in every matrix alike, so that one colour means one value throughout.
    """

    askers: tuple[str, ...]
    documents: tuple[str, ...]
    measures: tuple[str, ...]
    matrices: tuple[tuple[Matrix, ...], ...]
    low: float
    high: float

    def shade(self, value: float) -> int:
        """0 for the lowest values to SHADES - 1 for the highest."""
        return max(0, min(SHADES - 1, int((value - self.low) / (self.high - self.low) * SHADES)))


def heat_map(systems: Sequence[SystemResults]) -> HeatMap | None:
    """None where fewer than two languages meet."""
    measures = _measures(systems)
    measured = [[_cells(system, measure) for measure in measures] for system in systems]
    figures = [(pair, cell.value) for system in measured for cells in system for pair, cell in cells.items()]
    askers = tuple(sorted({asker for (asker, _), _ in figures}))
    documents = tuple(sorted({language for (_, language), _ in figures}))
    if len({*askers, *documents}) < 2:
        return None
    values = [value for _, value in figures]
    low = min(math.floor(min(values) * 10), 9) / 10
    high = max(math.ceil(max(values) * 10) / 10, low + 0.1)
    matrices = tuple(tuple(Matrix(askers, documents, cells) for cells in system) for system in measured)
    return HeatMap(askers, documents, measures, matrices, low, high)


def _measures(systems: Sequence[SystemResults]) -> tuple[str, ...]:
    """Those that some system was measured by within a language or across two, the preferred one first."""
    measured = {name for system in systems for name, cells in system.cells.items() if cells}
    order = dict.fromkeys(name.partition(".")[2] for name in METRICS if name.startswith(("mono.", "cross.")))
    found = [one for one in order if measured & {f"mono.{one}", f"cross.{one}"}]
    return tuple(sorted(found, key=lambda one: one != PREFERRED))


def _cells(system: SystemResults, measure: str) -> dict[Pair, Figure]:
    mono = system.cells.get(f"mono.{measure}", {})
    cross = system.cells.get(f"cross.{measure}", {})
    pairs = {(own, own): figure for own, figure in mono.items()}
    for name, figure in cross.items():
        own, _, documents = name.partition(">")
        pairs[own, documents] = figure
    return {pair: figure for pair, figure in pairs.items() if not math.isnan(figure.value)}


@dataclass(frozen=True, slots=True)
class Plot:
    """Coordinates of a drawing whose x goes from 0 to 1 and whose y goes from 0 to `top`."""

    top: float = 1.0
    width: int = 460
    height: int = 340
    left: int = 66
    right: int = 436
    upper: int = 16
    lower: int = 288

    def x(self, value: float) -> float:
        return round(self.left + value * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        return round(self.lower - value / self.top * (self.lower - self.upper), 1)

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        """For the `points` of a polyline."""
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Six for each axis, (x, y)."""
        return [(fifth / 5, fifth * self.top / 5) for fifth in range(6)]


@dataclass(frozen=True, slots=True)
class Dot:
    """A bin of the reliability diagram; the area of the dot, not its radius, grows with the number of answers."""

    bin: Bin
    radius: float


def dots(bins: Sequence[Bin]) -> list[Dot]:
    """Largest first, so that no dot hides a smaller one."""
    most = max((one.n for one in bins), default=1)
    drawn = [Dot(one, round(max(SMALLEST_DOT, LARGEST_DOT * math.sqrt(one.n / most)), 1)) for one in bins]
    return sorted(drawn, key=lambda dot: -dot.radius)


def risk_plot(curves: Iterable[Sequence[tuple[float, float]]]) -> Plot:
    """As high as the worst risk, in tenths."""
    worst = max((risk for curve in curves for _, risk in curve), default=0.0)
    return Plot(top=max(1, math.ceil(round(worst * 10, 6))) / 10)
