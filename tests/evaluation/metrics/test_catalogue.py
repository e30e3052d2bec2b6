from __future__ import annotations

import pytest

from evaluation.errors import MetricError
from evaluation.metrics.catalogue import HEADLINES, METRICS, metric_named
from evaluation.metrics.retrieval import MEASURES

ANSWERS = {
    "accuracy",
    "containment",
    "token_f1",
    "exact_match",
    "language_match",
    "citation_exactness",
    "citation_precision",
    "citation_recall",
    "hallucination_rate",
    "error_rate",
    "abstention_f1",
    "auroc",
    "coverage_at_5",
    "brier",
    "calibration_error",
    "prose_rate",
    "rejection_rate",
    "shown_rate",
    "latency_p50",
    "latency_p95",
    "latency_p99",
}


def test_every_measure_of_retrieval_is_there_for_every_setting_and_grain() -> None:
    retrieval = {
        f"{setting}.{grain}.{measure}"
        for setting in ("mono", "cross", "mixed", "cross-only")
        for grain in ("sentence", "passage")
        for measure in [*MEASURES, *(["ArticleR@5", "LPR"] if setting == "mixed" else [])]
    }
    assert set(METRICS) == ANSWERS | retrieval
    assert len(METRICS) == 21 + 4 * 2 * 7 + 2 * 2


def test_a_metric_is_found_by_its_name() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric_named(name) is metric


def test_less_is_better_of_errors_rejections_and_waiting_alone() -> None:
    assert {name for name, metric in METRICS.items() if metric.lower_is_better} == {
        "hallucination_rate",
        "error_rate",
        "brier",
        "calibration_error",
        "rejection_rate",
        "latency_p50",
        "latency_p95",
        "latency_p99",
    }


def test_all_but_latency_are_shares() -> None:
    assert {metric.unit for metric in METRICS.values()} == {"share", "ms"}
    assert {name for name, metric in METRICS.items() if metric.unit == "ms"} == {
        "latency_p50",
        "latency_p95",
        "latency_p99",
    }


def test_every_metric_says_what_it_is_and_where_it_comes_from() -> None:
    for metric in METRICS.values():
        assert metric.label and metric.meaning
        assert metric.source or metric.unit == "ms"
        assert "\n" not in metric.label + metric.meaning + metric.source
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)


def test_what_a_retrieval_metric_says_names_its_grain_and_documents() -> None:
    assert METRICS["cross-only.passage.R@5"].meaning == (
        "relevant documents found in the first 5 / relevant documents "
        "(passages; all documents but those in the asker's language searched)"
    )
    assert METRICS["mono.sentence.Success@1"].label == "mono, sentences: Success@1"


def test_headlines_are_in_the_order_of_the_catalogue() -> None:
    assert HEADLINES == (
        "accuracy",
        "language_match",
        "citation_exactness",
        "citation_recall",
        "hallucination_rate",
        "error_rate",
        "auroc",
        "coverage_at_5",
        "prose_rate",
        "rejection_rate",
        "shown_rate",
        "latency_p50",
        "mono.sentence.Success@1",
        "cross.sentence.Success@1",
        "mixed.sentence.AP",
        "mixed.sentence.LPR",
        "mixed.passage.ArticleR@5",
        "cross-only.passage.Success@1",
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("acuracy", "accuracy"),
        ("Auroc", "auroc"),
        ("mixed.sentance.AP", "mixed.sentence.AP"),
        ("mixed.sentence.MAP", "mixed.sentence.AP"),
        ("cross.sentence.R@1 ", "cross.sentence.R@1"),
        ("hallucination", "hallucination_rate"),
        ("halucinating", "hallucination_rate"),
    ],
)
def test_an_unknown_name_meets_the_nearest_first(name: str, nearest: str) -> None:
    with pytest.raises(MetricError) as caught:
        metric_named(name)
    assert str(caught.value).startswith(f"no metric is called {name!r}: did you mean {nearest}")


@pytest.mark.parametrize("name", ["MRR", "AP", "lpr"])
def test_a_measure_alone_meets_the_metrics_that_have_it(name: str) -> None:
    with pytest.raises(MetricError) as caught:
        metric_named(name)
    named = str(caught.value).partition("did you mean ")[2].rstrip("?").split(" or ")
    assert named
    assert all(known in METRICS and name.lower() in known.lower() for known in named)


@pytest.mark.parametrize("name", ["zzzz", "0.7", "☃\n☃"])
def test_a_name_like_none_is_sent_to_the_list(name: str) -> None:
    with pytest.raises(MetricError) as caught:
        metric_named(name)
    assert str(caught.value) == f"no metric is called {name!r}: `dragoman evaluate metrics` lists them"
