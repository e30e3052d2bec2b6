"""A comparison of two runs, printed."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.visible import visible
from evaluation.compare import Change, Comparison, Difference
from evaluation.report.terminal import SIGNIFICANT, shown
from evaluation.types import Outcome

__all__ = ["print_comparison"]

MARKS = {"mended": ("+", "green"), "broken": ("-", "red"), "other words": ("~", "yellow")}


def print_comparison(console: Console, comparison: Comparison, *, everything: bool) -> None:
    """The metrics that changed, then the questions; answers that stayed right or wrong only with `everything`."""
    for note in comparison.notes:
        console.print(Text(visible(f"note: {note}"), "yellow"))
    changed = [difference for difference in comparison.differences if abs(difference.after - difference.before) > 5e-7]
    console.print(_table(changed) if changed else "no metric changed")
    counts = {kind: sum(change.kind == kind for change in comparison.changes) for kind in MARKS}
    console.print(
        f"\nanswers mended: {counts['mended']}, broken: {counts['broken']}, changed and as right or wrong as before: "
        f"{counts['other words']}" + ("" if everything else " (--all lists them)")
    )
    for change in sorted(comparison.changes, key=lambda change: list(MARKS).index(change.kind)):
        if everything or change.kind != "other words":
            _print_change(console, change)


def _table(differences: list[Difference]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("metric")
    for column in ("before", "after", "change", "95 % interval", "p"):
        table.add_column(column, justify="right")
    for difference in differences:
        significant = difference.p < SIGNIFICANT
        style = ("green" if difference.better else "red") if significant else ""
        change = difference.after - difference.before
        sign = "+" if change > 0 else "−"
        table.add_row(
            difference.metric.name,
            shown(difference.before, difference.metric),
            shown(difference.after, difference.metric),
            Text(sign + shown(abs(change), difference.metric), style),
            "" if math.isnan(difference.low) else f"{difference.low:+.3f} to {difference.high:+.3f}",
            "" if math.isnan(difference.p) else f"{difference.p:.3f}",
        )
    return table


def _print_change(console: Console, change: Change) -> None:
    mark, colour = MARKS[change.kind]
    question = change.question
    console.print()
    console.print(
        Text(visible(f"{mark} {question.text}  ({question.language}, {question.kind}, {question.id})"), colour)
    )
    if question.gold:
        console.print(Text(visible(f"    gold    {question.gold[0]}"), "dim"))
    for label, outcome in (("before", change.before), ("after", change.after)):
        console.print(Text(visible(f"    {label:7} {_said(outcome)}")))


def _said(outcome: Outcome) -> str:
    if not outcome.answered:
        return f"(abstained, {outcome.confidence:.2f})"
    quoted = outcome.quotes[0].language if outcome.quotes else ""
    language = outcome.language if outcome.composer == "generative" else quoted
    return f"{outcome.text} ({language}, {outcome.confidence:.2f})"
