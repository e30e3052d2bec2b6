"""The results as a person reads them in a terminal, and the bars while they are measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bot.visible import visible
from evaluation.evaluate import EvaluationProgress
from evaluation.figures import BY_KIND
from evaluation.metrics.catalogue import HEADLINES, METRICS, Metric
from evaluation.metrics.intervals import Figure
from evaluation.report.composers import composers
from evaluation.results import Results, SystemResults

__all__ = ["GRID", "SIGNIFICANT", "Bars", "grid", "print_results", "shown", "summary"]

SIGNIFICANT = 0.05

WITH_BOUNDS = 2
"""Systems beside each other on a terminal of ordinary width, if each figure has its interval."""

GRID = ("mono.sentence.Success@1", "cross.sentence.Success@1")
"""The pair of metrics that the table of languages shows: on its diagonal, and off it."""


def shown(value: float, metric: Metric | None = None) -> str:
    """A share as .774, a time as 19 ms, what is undefined as a dash."""
    if math.isnan(value):
        return "–"
    if metric is not None and metric.unit == "ms":
        return f"{value:.0f} ms"
    return f"{value:.3f}".removeprefix("0") if value >= 0 else f"-{-value:.3f}".replace("-0", "-")


def summary(results: Results) -> str:
    """One line: what was asked, of what."""
    dataset, part = results.dataset, ""
    if dataset["split"] or dataset["sample"] is not None:
        part = f" ({dataset['split'] or 'a sample'})"
    documents = sum(counts["documents"] for counts in results.index["languages"].values())
    return (
        f"{dataset['name']}{part}: {dataset['questions']:,} questions in {len(dataset['languages'])} languages, "
        f"{dataset['unanswerable']:,} of them without an answer, asked of {documents:,} documents "
        f"in {len(results.index['languages'])} languages"
    )


def print_results(console: Console, results: Results) -> None:
    """The headlines, every pair of languages, and the kinds of questions."""
    console.print(Text(visible(summary(results)), "bold"))
    if results.dataset["note"]:
        console.print(Text(visible(results.dataset["note"]), "yellow"))
    console.print()
    console.print(_headlines(results))
    if len(results.systems) > 1:
        console.print(Text(f"* differs from {results.first.name}, p < {SIGNIFICANT} (paired bootstrap)", "dim"))
    for line in composers(results):
        console.print(Text(visible(line), "dim"))
    pairs, kinds = _pairs(results.first), _kinds(results)
    if pairs.row_count:
        said = (
            f"{results.first.name}: right sentence first, by language of the asker (down) and of the documents (across)"
        )
        console.print(Text(f"\n{said}", "bold"))
        console.print(pairs)
    if kinds.row_count:
        console.print()
        console.print(kinds)


def _headlines(results: Results) -> Table:
    table = _table("metric", [system.name for system in results.systems])
    for name in HEADLINES:
        if any(name in system.figures for system in results.systems):
            metric = METRICS[name]
            label = f"{metric.label} (less is better)" if metric.lower_is_better else metric.label
            bounds = len(results.systems) <= WITH_BOUNDS
            table.add_row(label, *(_cell(system, metric, bounds) for system in results.systems))
    return table


def _cell(system: SystemResults, metric: Metric, bounds: bool) -> str:
    figure = system.figures.get(metric.name)
    if figure is None:
        return "–"
    against = system.against.get(metric.name)
    mark = "*" if against is not None and against.p < SIGNIFICANT else ""
    interval = f" [{shown(figure.low)} {shown(figure.high)}]" if bounds and not math.isnan(figure.low) else ""
    return f"{shown(figure.value, metric)}{mark}{interval}"


def grid(
    cells: Mapping[str, Mapping[str, Figure]], mono: str, cross: str
) -> tuple[list[str], list[str], dict[str, Figure]]:
    """The askers' languages, the documents' languages, and the figure of each pair by "asker>documents"."""
    pairs = {f"{language}>{language}": figure for language, figure in cells.get(mono, {}).items()}
    pairs |= cells.get(cross, {})
    askers = sorted({pair.partition(">")[0] for pair in pairs})
    documents = sorted({pair.partition(">")[2] for pair in pairs})
    return askers, documents, pairs


def _pairs(system: SystemResults) -> Table:
    askers, documents, pairs = grid(system.cells, *GRID)
    table = _table("asker", documents)
    for asker in askers:
        figures = [pairs.get(f"{asker}>{language}") for language in documents]
        table.add_row(asker, *(Text(shown(f.value), _colour(f.value)) if f else Text("–", "dim") for f in figures))
    return table


def _colour(value: float) -> str:
    return "green" if value >= 0.7 else "yellow" if value >= 0.4 else "red"


def _kinds(results: Results) -> Table:
    table = _table("answered right, by kind", [system.name for system in results.systems])
    for kind in results.dataset["kinds"]:
        figures = [system.cells.get(BY_KIND, {}).get(kind) for system in results.systems]
        table.add_row(f"{kind} ({results.dataset['kinds'][kind]})", *(shown(f.value) if f else "–" for f in figures))
    return table


def _table(first: str, columns: Iterable[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


class Bars(EvaluationProgress):
    """A bar for the indexing, and one for each system; not drawn where nobody watches."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = TaskID(0)

    def start(self, total_bytes: int) -> None:
        self._task = self._progress.add_task("indexing (characters)", total=max(1, total_bytes))

    def advance(self, read_bytes: int, documents: int) -> None:
        self._progress.update(self._task, advance=read_bytes)

    def begin(self, system: str, questions: int) -> None:
        self._task = self._progress.add_task(f"asking {system}", total=questions)

    def asked(self) -> None:
        self._progress.update(self._task, advance=1)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
