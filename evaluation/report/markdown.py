"""The results as Markdown: the headline table of the README, and a whole page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from evaluation.figures import BY_KIND
from evaluation.metrics.catalogue import HEADLINES, METRICS
from evaluation.metrics.intervals import Figure
from evaluation.report.composers import composers
from evaluation.report.terminal import GRID, SIGNIFICANT, grid, shown, summary
from evaluation.results import Results

__all__ = ["headline_table", "markdown_page"]


def headline_table(results: Results) -> str:
    """A row a metric, a column a system; the best of each row is bold, * marks what differs from the first system."""
    names = [name for name in HEADLINES if any(name in system.figures for system in results.systems)]
    rows = []
    for name in names:
        metric = METRICS[name]
        values = [system.figures[name].value for system in results.systems if name in system.figures]
        best = min(values) if metric.lower_is_better else max(values)
        cells = []
        for system in results.systems:
            figure, against = system.figures.get(name), system.against.get(name)
            text = shown(figure.value, metric) if figure else "–"
            mark = "\\*" if against is not None and against.p < SIGNIFICANT else ""
            cells.append(f"**{text}**{mark}" if figure and figure.value == best and len(values) > 1 else text + mark)
        rows.append([f"{metric.label}, less is better" if metric.lower_is_better else metric.label, *cells])
    return _table(["", *(system.name for system in results.systems)], rows)


def markdown_page(results: Results) -> str:
    """Everything but the single questions: those are in the JSON and HTML."""
    made = results.made
    first = results.first
    parts = [
        f"# {_plain(results.dataset['name'])}",
        _plain(summary(results)) + ".",
        _plain(results.dataset["note"]),
        f"Measured {made['date']} at commit {made['commit'] or 'unknown'}"
        + (", with changes that are not committed." if made["uncommitted_changes"] else "."),
        headline_table(results),
        f"\\* differs from {first.name}, p < {SIGNIFICANT} (paired bootstrap over facts).",
        *(_plain(line) + "." for line in composers(results)),
        f"## Right sentence first, by asker (down) and documents (across): {first.name}",
        _pairs(results),
        "## Answered right, by kind of question",
        _cells(results, BY_KIND),
        "## Answered right, by the asker's language",
        _cells(results, "accuracy"),
        "## All metrics",
        _all(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pairs(results: Results) -> str:
    askers, documents, pairs = grid(results.first.cells, *GRID)
    rows = [[asker, *(_short(pairs.get(f"{asker}>{language}")) for language in documents)] for asker in askers]
    return _table(["", *documents], rows) if rows else ""


def _cells(results: Results, name: str) -> str:
    found = sorted({cell for system in results.systems for cell in system.cells.get(name, {})})
    rows = []
    for cell in found:
        figures = [system.cells.get(name, {}).get(cell) for system in results.systems]
        n = next(figure.n for figure in figures if figure)
        rows.append([cell, f"{n:,}", *(_long(figure) for figure in figures)])
    return _table(["", "n", *(system.name for system in results.systems)], rows) if rows else ""


def _all(results: Results) -> str:
    rows = []
    for name, metric in METRICS.items():
        figures = [system.figures.get(name) for system in results.systems]
        if any(figures):
            n = next(figure.n for figure in figures if figure)
            cells = (_long(figure) if metric.unit == "share" else _milliseconds(figure) for figure in figures)
            rows.append([f"`{name}`", f"{n:,}", *cells, f"{metric.meaning} ({metric.source or 'measured'})"])
    return _table(["metric", "n", *(system.name for system in results.systems), "what it says (source)"], rows)


def _short(figure: Figure | None) -> str:
    return shown(figure.value) if figure else "–"


def _long(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return (
        shown(figure.value)
        if math.isnan(figure.low)
        else f"{shown(figure.value)} ({shown(figure.low)}–{shown(figure.high)})"
    )


def _milliseconds(figure: Figure | None) -> str:
    return f"{figure.value:.0f} ms" if figure else "–"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(_plain(cell) for cell in header)} |", "|---" * len(header) + "|"]
    lines += [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A name from outside cannot break a table or a line."""
    return re.sub(r"[|\n\r<>]", " ", text)
