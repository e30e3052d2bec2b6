"""What changed from one evaluation to another, metric by metric and question by question."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluation.errors import ResultsError
from evaluation.metrics.catalogue import METRICS, Metric
from evaluation.metrics.intervals import Resamples, interval, p_value
from evaluation.results import AskedQuestion, Results
from evaluation.types import UNANSWERABLE, Outcome

__all__ = ["Change", "Comparison", "Difference", "compare"]

PAIRED: dict[str, Callable[[AskedQuestion, Outcome], float | None]] = {
    "accuracy": lambda _, outcome: float(outcome.right),
    "citation_recall": lambda question, outcome: (
        None if question.kind in UNANSWERABLE else float(any(quote.right for quote in outcome.quotes))
    ),
    "containment": lambda _, outcome: outcome.containment,
    "token_f1": lambda _, outcome: outcome.token_f1,
}
"""Metrics that the outcomes of single questions give, so that the two runs can be tested in pairs; None: left out."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric before and after. The interval and `p` are of the paired bootstrap, NaN where it cannot be had."""

    metric: Metric
    before: float
    after: float
    low: float
    high: float
    p: float

    @property
    def better(self) -> bool:
        """Whether the change goes the right way."""
        return self.after < self.before if self.metric.lower_is_better else self.after > self.before


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose answer changed, with what was said before and after."""

    question: AskedQuestion
    before: Outcome
    after: Outcome

    @property
    def kind(self) -> str:
        """`mended`, `broken`, or `other words` where it stayed right or stayed wrong."""
        if self.before.right == self.after.right:
            return "other words"
        return "mended" if self.after.right else "broken"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first systems of two files of results. `notes` say what makes the two less than comparable."""

    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def compare(before: Results, after: Results) -> Comparison:
    """Raises ResultsError where the two have no question in common."""
    earlier = {outcome.question: outcome for outcome in before.first.outcomes}
    later = {outcome.question: outcome for outcome in after.first.outcomes}
    questions = [question for question in after.questions if question.id in earlier and question.id in later]
    if after.questions and before.questions and not questions:
        raise ResultsError("the two files have no question in common: they are of different datasets")
    changes = [Change(question, earlier[question.id], later[question.id]) for question in questions]
    return Comparison(
        differences=tuple(_differences(before, after, questions, earlier, later)),
        changes=tuple(change for change in changes if _has_changed(change)),
        notes=tuple(_notes(before, after, len(questions))),
    )


def _has_changed(change: Change) -> bool:
    places = [
        (
            outcome.answered,
            [(quote.uri, quote.start, quote.end) for quote in outcome.quotes],
            outcome.text if outcome.composer == "generative" else "",
        )
        for outcome in (change.before, change.after)
    ]
    return places[0] != places[1] or change.before.right != change.after.right


def _differences(
    before: Results,
    after: Results,
    questions: list[AskedQuestion],
    earlier: dict[str, Outcome],
    later: dict[str, Outcome],
) -> list[Difference]:
    rows = []
    resamples = Resamples([question.group or question.id for question in questions]) if questions else None
    for name, metric in METRICS.items():
        if name not in before.first.figures or name not in after.first.figures:
            continue
        low = high = p = math.nan
        if resamples is not None and name in PAIRED:
            low, high, p = _paired(resamples, questions, name, earlier, later)
        values = before.first.figures[name].value, after.first.figures[name].value
        rows.append(Difference(metric, *values, low, high, p))
    return rows


def _paired(
    resamples: Resamples,
    questions: list[AskedQuestion],
    name: str,
    earlier: dict[str, Outcome],
    later: dict[str, Outcome],
) -> tuple[float, float, float]:
    means = []
    for outcomes in (earlier, later):
        found = [PAIRED[name](question, outcomes[question.id]) for question in questions]
        values = [np.nan if value is None else value for value in found]
        means.append(resamples.macro_mean(values, range(len(values)), [q.language for q in questions]))
    (before, _, drawn_before), (after, _, drawn_after) = means
    differences = drawn_after - drawn_before
    bounds = interval(after.value - before.value, differences, len(questions))
    return bounds.low, bounds.high, p_value(differences)


def _notes(before: Results, after: Results, common: int) -> list[str]:
    notes = []
    if before.first.name != after.first.name:
        notes.append(f"the systems differ: {before.first.name} and {after.first.name}")
    if before.dataset["fingerprint"] != after.dataset["fingerprint"]:
        notes.append(f"the dataset changed between the two; {common} questions are in both")
    notes += [
        f"they were measured with another {what}: {before.dataset[what]} and {after.dataset[what]}"
        for what in ("split", "sample", "settings")
        if before.dataset[what] != after.dataset[what]
    ]
    if before.index["embedder"] != after.index["embedder"]:
        names = [results.index["embedder"]["name"] for results in (before, after)]
        notes.append(f"the embedders differ: {' and '.join(names)}")
    models = [results.made.get("model", {}).get("name", "none") for results in (before, after)]
    if models[0] != models[1]:
        notes.append(f"the language models differ: {' and '.join(models)}")
    if not (before.first.outcomes and after.first.outcomes):
        notes.append("one of the files holds no single questions, so only the figures are compared")
    return notes
