"""Demands on metrics, as `--fail-under` takes them: "mixed.sentence.AP=0.7"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.errors import MetricError
from evaluation.metrics.catalogue import Metric, metric_named
from evaluation.results import Results

__all__ = ["Demand", "parse_demand", "unmet"]


@dataclass(frozen=True, slots=True)
class Demand:
    """At least `value` of the metric; at most, where less is better."""

    metric: Metric
    value: float


def parse_demand(text: str) -> Demand:
    """Raises MetricError for what is not METRIC=VALUE, or names no metric."""
    name, equals, number = text.rpartition("=")
    metric = metric_named(name.strip() if equals else text.strip())
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not equals or not math.isfinite(value):
        raise MetricError(f"{text!r} demands nothing that can be measured: write {metric.name}=NUMBER")
    return Demand(metric, value)


def unmet(results: Results, demands: Sequence[Demand]) -> list[str]:
    """A line for each demand that the first system does not meet. Raises MetricError for what was not measured."""
    lines = []
    for demand in demands:
        name = demand.metric.name
        figure = results.first.figures.get(name)
        if figure is None:
            raise MetricError(f"{name} was not measured: these questions, settings or systems do not give it")
        worse = figure.value > demand.value if demand.metric.lower_is_better else figure.value < demand.value
        if worse:
            limit = "most" if demand.metric.lower_is_better else "least"
            lines.append(f"{name} is {figure.value:.4g}, and was to be at {limit} {demand.value:g}")
    return lines
