from __future__ import annotations

import math

import pytest

from evaluation.demands import Demand, parse_demand, unmet
from evaluation.errors import MetricError
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure
from evaluation.results import Results, SystemResults


def measured(**figures: float) -> Results:
    """Results whose first system has these figures; the second's are worthless."""
    first, second = [
        SystemResults(
            name, 0.0, {key: Figure(value, math.nan, math.nan, 9) for key, value in values.items()}, {}, (), ()
        )
        for name, values in (("dragoman", figures), ("keyword", dict.fromkeys(METRICS, math.inf)))
    ]
    return Results({}, {}, {}, (first, second))


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("mixed.sentence.AP=0.7", "mixed.sentence.AP", 0.7),
        ("accuracy=1", "accuracy", 1.0),
        ("accuracy=.5", "accuracy", 0.5),
        ("latency_p50=2e2", "latency_p50", 200.0),
        (" mono.passage.R@5 = 0.25 ", "mono.passage.R@5", 0.25),
        ("accuracy=-0", "accuracy", 0.0),
    ],
)
def test_a_demand_is_a_metric_and_a_number(text: str, name: str, value: float) -> None:
    assert parse_demand(text) == Demand(METRICS[name], value)


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy=", "accuracy=high", "accuracy=0,7", "accuracy=70%", "accuracy=nan", "accuracy=-inf"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(MetricError) as caught:
        parse_demand(text)
    assert str(caught.value) == f"{text!r} demands nothing that can be measured: write accuracy=NUMBER"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acuracy=0.7", "no metric is called 'acuracy': did you mean accuracy"),
        ("acuracy", "no metric is called 'acuracy': did you mean accuracy"),
        ("mixed.sentance.AP=0.7", "no metric is called 'mixed.sentance.AP': did you mean mixed.sentence.AP"),
        ("accuracy==0.7", "no metric is called 'accuracy=': did you mean accuracy"),
        ("accuracy>=0.7", "no metric is called 'accuracy>': did you mean accuracy"),
        ("=0.7", "no metric is called '': did you mean"),
        ("0.7", "no metric is called '0.7': `dragoman evaluate metrics` lists them"),
    ],
)
def test_an_unknown_metric_meets_a_hint(text: str, said: str) -> None:
    with pytest.raises(MetricError) as caught:
        parse_demand(text)
    assert str(caught.value).startswith(said)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("demand", "value", "expected"),
    [
        ("accuracy=0.7", 0.71, []),
        ("accuracy=0.7", 0.7, []),
        ("accuracy=0.7", 0.6, ["accuracy is 0.6, and was to be at least 0.7"]),
        ("error_rate=0.2", 0.1, []),
        ("error_rate=0.2", 0.2, []),
        ("error_rate=0.2", 0.25, ["error_rate is 0.25, and was to be at most 0.2"]),
        ("latency_p50=20", 19.9, []),
        ("latency_p50=20", 20.5, ["latency_p50 is 20.5, and was to be at most 20"]),
    ],
)
def test_more_is_wanted_but_of_errors_and_waiting(demand: str, value: float, expected: list[str]) -> None:
    name = demand.partition("=")[0]
    assert unmet(measured(**{name: value}), [parse_demand(demand)]) == expected


def test_every_demand_is_looked_at_in_its_order() -> None:
    demands = [parse_demand(text) for text in ("auroc=0.9", "accuracy=0.1", "brier=0.1", "auroc=0.8")]
    assert unmet(measured(accuracy=0.5, auroc=0.75, brier=0.25), demands) == [
        "auroc is 0.75, and was to be at least 0.9",
        "brier is 0.25, and was to be at most 0.1",
        "auroc is 0.75, and was to be at least 0.8",
    ]
    assert unmet(measured(accuracy=0.5), []) == []


def test_a_metric_that_was_not_measured_is_an_error_and_not_met() -> None:
    demands = [parse_demand("accuracy=0.1"), parse_demand("mixed.sentence.AP=0.7")]
    with pytest.raises(MetricError) as caught:
        unmet(measured(accuracy=0.5), demands)
    assert str(caught.value) == (
        "mixed.sentence.AP was not measured: these questions, settings or systems do not give it"
    )
