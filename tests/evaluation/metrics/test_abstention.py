from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from evaluation.metrics.abstention import (
    Bin,
    abstention_f1,
    auroc,
    brier_score,
    calibration_error,
    coverage_at_risk,
    error_rate,
    hallucination_rate,
    percentile,
    reliability,
    risk_coverage,
)
from evaluation.metrics.intervals import Floats

YES, NO = True, False

# Six answerable questions, of which two were abstained from; four unanswerable ones, of which one was answered.
ANSWERABLE = np.array([YES] * 6 + [NO] * 4)
ANSWERED = np.array([YES, YES, YES, YES, NO, NO, YES, NO, NO, NO])

# The second level has a tie of a right and a wrong one; risk is 0, 1/3, 1/4, 1/5.
RIGHT = np.array([YES, YES, NO, YES, YES])
CONFIDENCE = np.array([0.9, 0.8, 0.8, 0.7, 0.6])


@dataclass(frozen=True)
class Rows:
    """Both yes-or-no columns, confidences with many ties (some at the edges of bins), and whole weights."""

    first: list[bool]
    second: list[bool]
    confidence: list[float]
    weights: list[int]

    def columns(self) -> tuple[np.ndarray, np.ndarray, Floats, Floats]:
        return (
            np.array(self.first),
            np.array(self.second),
            np.array(self.confidence),
            np.array(self.weights, dtype=np.float64),
        )


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    n = draw(st.integers(1, 25))
    truths = st.lists(st.booleans(), min_size=n, max_size=n)
    confidence = st.lists(st.integers(0, 20).map(lambda twentieths: twentieths / 20), min_size=n, max_size=n)
    weights = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    return Rows(draw(truths), draw(truths), draw(confidence), draw(weights))


def test_rates_are_worked_out_by_hand() -> None:
    assert hallucination_rate(ANSWERABLE, ANSWERED) == 1 / 4
    assert error_rate(ANSWERABLE, ANSWERED) == 2 / 6
    assert abstention_f1(ANSWERABLE, ANSWERED) == pytest.approx(2 * 3 / (4 + 5))


def test_weighted_rates_are_worked_out_by_hand() -> None:
    """The hallucination counts three times, one of the wrong abstentions not at all."""
    weights = np.array([1.0, 1, 1, 1, 1, 0, 3, 1, 1, 1])
    assert hallucination_rate(ANSWERABLE, ANSWERED, weights) == 3 / 6
    assert error_rate(ANSWERABLE, ANSWERED, weights) == 1 / 5
    assert abstention_f1(ANSWERABLE, ANSWERED, weights) == pytest.approx(2 * 3 / (6 + 4))


def test_rates_of_nothing_are_undefined() -> None:
    every, none, answered = np.array([YES, YES]), np.array([NO, NO]), np.array([YES, NO])
    assert np.isnan(hallucination_rate(every, answered))
    assert np.isnan(abstention_f1(every, answered))
    assert np.isnan(auroc(every, np.array([0.1, 0.2])))
    assert np.isnan(error_rate(none, answered))
    assert np.isnan(auroc(none, np.array([0.1, 0.2])))
    assert np.isnan(hallucination_rate(ANSWERABLE, ANSWERED, ANSWERABLE.astype(np.float64)))


def test_abstention_f1_of_a_system_that_never_abstains_is_zero() -> None:
    assert abstention_f1(ANSWERABLE, np.ones(10, dtype=bool)) == 0.0


def test_auroc_is_worked_out_by_hand() -> None:
    """Of six pairs, four are in order and two tied."""
    answerable = np.array([YES, NO, YES, NO, YES])
    confidence = np.array([0.5, 0.5, 0.9, 0.1, 0.5])
    assert auroc(answerable, confidence) == pytest.approx(5 / 6)
    assert auroc(answerable, -confidence) == pytest.approx(1 / 6)
    assert auroc(answerable, confidence, np.array([1.0, 2, 1, 1, 1])) == pytest.approx((2 + 1 + 2 + 2) / 9)


@given(rows())
@settings(deadline=None)
def test_auroc_and_f1_agree_with_scikit_learn(drawn: Rows) -> None:
    answerable, answered, confidence, weights = drawn.columns()
    counted = answerable[weights > 0]
    if counted.any() and not counted.all():
        assert auroc(answerable, confidence, weights) == pytest.approx(
            roc_auc_score(answerable, confidence, sample_weight=weights)
        )
    if not counted.all():
        expected = f1_score(~answerable, ~answered, sample_weight=weights, zero_division=0)
        assert abstention_f1(answerable, answered, weights) == pytest.approx(expected)


def test_coverage_at_risk_is_worked_out_by_hand() -> None:
    """The risk falls again after the tie, so the largest coverage is not where the risk is first exceeded."""
    assert coverage_at_risk(RIGHT, CONFIDENCE) == 0.2
    assert coverage_at_risk(RIGHT, CONFIDENCE, 0.19) == 0.2
    assert coverage_at_risk(RIGHT, CONFIDENCE, 0.2) == 1.0
    assert coverage_at_risk(RIGHT, CONFIDENCE, 0.0) == 0.2
    assert coverage_at_risk(RIGHT, CONFIDENCE, 0.2, np.array([1.0, 1, 1, 1, 0])) == 0.25
    assert coverage_at_risk(RIGHT, CONFIDENCE, 0.2, np.array([3.0, 1, 1, 0, 2])) == 1.0


def test_one_wrong_in_twenty_is_a_risk_of_five_per_cent() -> None:
    confidence = np.linspace(1.0, 0.1, 20)
    right = np.arange(20) != 7
    assert coverage_at_risk(right, confidence) == 1.0
    assert coverage_at_risk(right[:-1], confidence[:-1]) == 7 / 19


def test_coverage_at_risk_is_zero_where_the_surest_answers_are_wrong() -> None:
    assert coverage_at_risk(np.array([NO, YES]), np.array([0.9, 0.1])) == 0.0
    assert coverage_at_risk(np.array([NO, YES]), np.array([0.5, 0.5])) == 0.0
    assert coverage_at_risk(np.array([NO, YES]), np.array([0.9, 0.1]), weights=np.array([0.0, 1])) == 1.0
    assert np.isnan(coverage_at_risk(RIGHT, CONFIDENCE, weights=np.zeros(5)))


@given(drawn=rows(), risk=st.integers(0, 20))
@settings(deadline=None, max_examples=300)
def test_coverage_at_risk_is_the_best_of_all_thresholds(drawn: Rows, risk: int) -> None:
    total = sum(drawn.weights)
    best = Fraction(0)
    for threshold in drawn.confidence:
        above = [i for i, confidence in enumerate(drawn.confidence) if confidence >= threshold]
        answered = sum(drawn.weights[i] for i in above)
        wrong = sum(drawn.weights[i] for i in above if not drawn.first[i])
        if answered and Fraction(wrong, answered) <= Fraction(risk, 20):
            best = max(best, Fraction(answered, total))
    right, _, confidence, weights = drawn.columns()
    if total:
        assert coverage_at_risk(right, confidence, risk / 20, weights) == float(best)


def test_the_curve_has_a_point_for_each_distinct_confidence() -> None:
    order = [2, 4, 0, 3, 1]
    coverage, risk = risk_coverage(RIGHT[order], CONFIDENCE[order])
    assert coverage.tolist() == [1 / 5, 3 / 5, 4 / 5, 1.0]
    assert risk.tolist() == [0.0, 1 / 3, 1 / 4, 1 / 5]


SURE = np.array([0.05, 0.3, 0.35, 1.0])
HELD = np.array([NO, YES, NO, YES])


def test_reliability_is_worked_out_by_hand() -> None:
    """An edge belongs to the bin above it, but for 1, which the last bin has."""
    assert reliability(HELD, SURE) == [
        Bin(0.0, 0.1, 1, 0.05, 0.0),
        Bin(0.3, 0.4, 2, (0.3 + 0.35) / 2, 0.5),
        Bin(0.9, 1.0, 1, 1.0, 1.0),
    ]
    assert reliability(HELD, SURE, bins=1) == [Bin(0.0, 1.0, 4, (0.05 + 0.3 + 0.35 + 1.0) / 4, 0.5)]


def test_calibration_error_is_worked_out_by_hand() -> None:
    assert calibration_error(HELD, SURE) == pytest.approx((0.05 + 2 * 0.175 + 0) / 4)
    assert calibration_error(HELD, SURE, bins=1) == pytest.approx(0.075)
    assert calibration_error(HELD, SURE, np.array([2.0, 0, 1, 1])) == pytest.approx((2 * 0.05 + 0.35) / 4)
    assert calibration_error(np.array([YES, NO]), np.array([0.5, 0.5])) == 0.0


def test_brier_score_is_worked_out_by_hand() -> None:
    assert brier_score(HELD, SURE) == pytest.approx((0.05**2 + 0.7**2 + 0.35**2 + 0) / 4)
    assert brier_score(HELD, SURE, np.array([0.0, 1, 3, 0])) == pytest.approx((0.7**2 + 3 * 0.35**2) / 4)


@given(rows())
@settings(deadline=None)
def test_calibration_error_is_the_gap_of_the_reliability_bins(drawn: Rows) -> None:
    right, _, confidence, _ = drawn.columns()
    found = reliability(right, confidence, bins=7)
    assert sum(one.n for one in found) == len(right)
    assert all(one.low <= one.confidence <= one.high and 0 <= one.right <= 1 for one in found)
    gap = sum(one.n * abs(one.confidence - one.right) for one in found) / len(right)
    assert calibration_error(right, confidence, bins=7) == pytest.approx(gap)


@pytest.mark.parametrize(("q", "expected"), [(0, 10), (25, 10), (26, 20), (50, 20), (75, 30), (95, 40), (100, 40)])
def test_percentiles_are_worked_out_by_hand(q: float, expected: float) -> None:
    assert percentile(np.array([30.0, 10, 40, 20]), q) == expected


def test_weighted_percentiles_are_worked_out_by_hand() -> None:
    values = np.array([30.0, 10, 40, 20])
    assert percentile(values, 50, np.array([5.0, 1, 1, 2])) == 30
    assert percentile(values, 33, np.array([5.0, 1, 1, 2])) == 20
    assert percentile(values, 0, np.array([1.0, 0, 0, 1])) == 20
    assert percentile(values, 100, np.array([1.0, 0, 0, 1])) == 30
    assert np.isnan(percentile(values, 50, np.zeros(4)))


@given(drawn=rows(), q=st.integers(1, 100))
@settings(deadline=None, max_examples=200)
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(drawn: Rows, q: int) -> None:
    values, weights = drawn.confidence, drawn.weights
    enough = [
        value
        for value in values
        if 100 * sum(w for v, w in zip(values, weights, strict=True) if v <= value) >= q * sum(weights)
    ]
    if sum(weights):
        assert percentile(np.array(values), q, np.array(weights, dtype=np.float64)) == min(enough)
    assert percentile(np.array(values), 50) == np.percentile(values, 50, method="inverted_cdf")


Columns = tuple[np.ndarray, np.ndarray, Floats]
METRICS: dict[str, Callable[[Columns, Floats | None], float]] = {
    "hallucination_rate": lambda c, w: hallucination_rate(c[0], c[1], w),
    "error_rate": lambda c, w: error_rate(c[0], c[1], w),
    "abstention_f1": lambda c, w: abstention_f1(c[0], c[1], w),
    "auroc": lambda c, w: auroc(c[0], c[2], w),
    "coverage_at_risk": lambda c, w: coverage_at_risk(c[0], c[2], 0.3, w),
    "calibration_error": lambda c, w: calibration_error(c[0], c[2], w),
    "brier_score": lambda c, w: brier_score(c[0], c[2], w),
    "percentile": lambda c, w: percentile(c[2], 95, w),
}


@pytest.mark.parametrize("name", METRICS)
@given(drawn=rows())
@settings(deadline=None)
def test_a_weight_is_a_repetition(name: str, drawn: Rows) -> None:
    first, second, confidence, weights = drawn.columns()
    weighted = METRICS[name]((first, second, confidence), weights)
    if not weights.any():
        assert np.isnan(weighted)
        return
    often = np.repeat(np.arange(len(weights)), weights.astype(int))
    repeated = METRICS[name]((first[often], second[often], confidence[often]), None)
    assert weighted == pytest.approx(repeated, nan_ok=True)


@pytest.mark.parametrize("name", METRICS)
def test_what_cannot_be_measured_is_refused(name: str) -> None:
    metric, yes = METRICS[name], np.array([YES, NO])
    half = np.array([0.5, 0.25])
    with pytest.raises(ValueError, match=r"shapes \[.*\(3,\)\]"):
        metric((yes, yes, half), np.ones(3))
    with pytest.raises(ValueError, match="no questions"):
        metric((yes[:0], yes[:0], half[:0]), None)
    with pytest.raises(ValueError, match="below zero or NaN"):
        metric((yes, yes, half), np.array([1.0, -1]))
    with pytest.raises(ValueError, match="below zero or NaN"):
        metric((yes, yes, half), np.array([1.0, np.nan]))
    if name != "percentile":
        with pytest.raises(ValueError, match="one value a question"):
            metric((yes, yes[:1], half[:1]), None)


@pytest.mark.parametrize(
    "metric", [auroc, coverage_at_risk, risk_coverage, reliability, calibration_error, brier_score]
)
def test_a_confidence_that_is_no_number_is_refused(metric: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="NaN"):
        metric(np.array([YES, NO]), np.array([0.5, np.nan]))


@pytest.mark.parametrize("metric", [reliability, calibration_error, brier_score])
@pytest.mark.parametrize("outside", [-0.01, 1.01])
def test_a_confidence_that_is_no_probability_is_refused(metric: Callable[..., object], outside: float) -> None:
    with pytest.raises(ValueError, match="is a probability"):
        metric(np.array([YES, NO]), np.array([0.5, outside]))


def test_demands_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="risk is a share"):
        coverage_at_risk(RIGHT, CONFIDENCE, 5)
    with pytest.raises(ValueError, match="at least one bin"):
        calibration_error(RIGHT, CONFIDENCE, bins=0)
    with pytest.raises(ValueError, match="range"):
        percentile(CONFIDENCE, 101)
