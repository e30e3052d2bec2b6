"""When a system answers and when it abstains, and what its confidence is worth.

Arrays have one place a question: `answerable`, `answered` and `right` are bool (n,), `confidence` is float (n,). The
optional `weights`, float (n,), say how often each question counts (a bootstrap's multiplicities); None: once. A metric
is NaN where there is nothing that it could be measured on. Arrays of differing lengths, empty ones, a confidence that
is NaN and weights below zero raise ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.intervals import Floats

__all__ = [
    "Bin",
    "abstention_f1",
    "auroc",
    "brier_score",
    "calibration_error",
    "coverage_at_risk",
    "error_rate",
    "hallucination_rate",
    "percentile",
    "reliability",
    "risk_coverage",
]

Booleans = NDArray[np.bool_]


def hallucination_rate(answerable: Booleans, answered: Booleans, weights: Floats | None = None) -> float:
    """Unanswerable and answered / unanswerable: how often it makes something up where it should have abstained.

    NoMIRACL (Thakur et al. 2024, arXiv:2312.11361). NaN where every question is answerable.
    """
    weights = _checked(weights, answerable, answered)
    return _share(weights, answered, among=~answerable)


def error_rate(answerable: Booleans, answered: Booleans, weights: Floats | None = None) -> float:
    """Answerable and abstained / answerable: how often it says that it does not know where the documents do.

    NoMIRACL (Thakur et al. 2024, arXiv:2312.11361). NaN where no question is answerable.
    """
    weights = _checked(weights, answerable, answered)
    return _share(weights, ~answered, among=answerable)


def abstention_f1(answerable: Booleans, answered: Booleans, weights: Floats | None = None) -> float:
    """F1 of abstaining, the unanswerable as positives: 2 * rightly abstained / (unanswerable + abstained).

    F1 as in van Rijsbergen 1979. NaN where every question is answerable: there is nothing to abstain from.
    """
    weights = _checked(weights, answerable, answered)
    unanswerable, abstained = weights @ ~answerable, weights @ ~answered
    if unanswerable == 0:
        return float(np.nan)
    return float(2 * (weights @ (~answerable & ~answered)) / (unanswerable + abstained))


def auroc(answerable: Booleans, confidence: Floats, weights: Floats | None = None) -> float:
    """The chance that an answerable question has more confidence than an unanswerable one; a tie counts half.

    The area under the receiver operating characteristic, as a Mann-Whitney statistic (Hanley & McNeil 1982): 1 where
    some threshold tells all of them apart, 0.5 where confidence says nothing. NaN unless there are questions of both
    sorts.
    """
    weights = _checked(weights, answerable, confidence)
    levels, level = np.unique(confidence, return_inverse=True)
    positive = _sums(level, weights * answerable, len(levels))
    negative = _sums(level, weights * ~answerable, len(levels))
    pairs = positive.sum() * negative.sum()
    if pairs == 0:
        return float(np.nan)
    below = np.cumsum(negative) - negative
    return float(positive @ (below + negative / 2) / pairs)


def coverage_at_risk(right: Booleans, confidence: Floats, risk: float = 0.05, weights: Floats | None = None) -> float:
    """The largest share of all questions that can be answered, surest first, with at most `risk` of those wrong.

    `right` is False for an unanswerable question: every answer to it is wrong. Questions of equal confidence stand or
    fall together, as under a threshold. 0.0 where no threshold keeps within `risk`; NaN where no question has weight.
    Selective prediction (El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017).
    """
    weights = _checked(weights, right, confidence)
    if not 0 <= risk <= 1:
        raise ValueError(f"risk is a share, from 0 to 1, and not {risk}")
    if not weights.any():
        return float(np.nan)
    coverage, risks = _curve(right, confidence, weights)
    return float(coverage[risks <= risk].max(initial=0.0))


def risk_coverage(right: Booleans, confidence: Floats) -> tuple[Floats, Floats]:
    """The risk-coverage curve (El-Yaniv & Wiener 2010): the share of questions answered, the share of those wrong.

    Two float64 (m,), a point for each distinct confidence taken as the threshold, from the highest to the lowest; the
    last answers everything.
    """
    return _curve(right, confidence, _checked(None, right, confidence))


@dataclass(frozen=True, slots=True)
class Bin:
    """The `n` answers with a confidence in `[low, high)` (the last bin has 1, too): mean confidence, share right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


def reliability(right: Booleans, confidence: Floats, bins: int = 10) -> list[Bin]:
    """The reliability diagram (Niculescu-Mizil & Caruana 2005): confidence against the share that was right.

    Bins of equal width over [0, 1]; the empty ones are left out. Raises ValueError where a confidence is outside.
    """
    sizes, confidences, rights = _binned(right, confidence, _checked(None, right, confidence), bins)
    return [
        Bin(i / bins, (i + 1) / bins, int(sizes[i]), float(confidences[i] / sizes[i]), float(rights[i] / sizes[i]))
        for i in np.flatnonzero(sizes).tolist()
    ]


def calibration_error(right: Booleans, confidence: Floats, weights: Floats | None = None, bins: int = 10) -> float:
    """Expected calibration error: |mean confidence - share right| of each bin, averaged by the bin's size.

    Bins of equal width over [0, 1] (Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599). 0 where confidence is the
    frequency of being right. NaN where no question has weight; raises ValueError where a confidence is outside of
    [0, 1].
    """
    weights = _checked(weights, right, confidence)
    sizes, confidences, rights = _binned(right, confidence, weights, bins)
    return _ratio(float(np.abs(confidences - rights).sum()), float(sizes.sum()))


def brier_score(right: Booleans, confidence: Floats, weights: Floats | None = None) -> float:
    """The mean of (confidence - right)^2 (Brier 1950, for the event of being right): 0 is best, 0.25 says 0.5 always.

    NaN where no question has weight; raises ValueError where a confidence is outside of [0, 1].
    """
    weights = _checked(weights, right, confidence)
    _require_probabilities(confidence)
    return _ratio(float(weights @ (confidence - right) ** 2), float(weights.sum()))


def percentile(values: Floats, q: float, weights: Floats | None = None) -> float:
    """The least of `values`, float (n,), that at least `q` per cent of them, by weight, do not exceed; for latencies.

    The inverse of the empirical distribution function (Hyndman & Fan 1996, definition 1), so always a measured value.
    NaN where no value has weight; raises ValueError where `q` is outside of [0, 100].
    """
    weights = _checked(weights, values)
    if not weights.any():
        return float(np.nan)
    return float(np.percentile(values, q, weights=weights, method="inverted_cdf"))


def _checked(weights: Floats | None, *columns: Booleans | Floats) -> Floats:
    """The weights, ones if none are given, after a look at whether the columns can be measured at all."""
    shapes = [column.shape for column in (*columns, *(() if weights is None else (weights,)))]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(f"one value a question is needed in each array, and not shapes {shapes}")
    if shapes[0] == (0,):
        raise ValueError("no questions to measure")
    if any(np.isnan(column).any() for column in columns):
        raise ValueError("a confidence or a value is NaN")
    if weights is None:
        return np.ones(shapes[0])
    if not (weights >= 0).all():
        raise ValueError("weights say how often a question counts: none can be below zero or NaN")
    return weights


def _share(weights: Floats, hits: Booleans, *, among: Booleans) -> float:
    return _ratio(float(weights @ (hits & among)), float(weights @ among))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float(np.nan)


def _curve(right: Booleans, confidence: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Coverage and risk at each distinct confidence, the highest first; levels without weight are left out."""
    levels, level = np.unique(confidence, return_inverse=True)
    sizes = _sums(level, weights, len(levels))[::-1]
    wrong = _sums(level, weights * ~right, len(levels))[::-1]
    answered = np.cumsum(sizes)[sizes > 0]
    return answered / answered[-1], np.cumsum(wrong)[sizes > 0] / answered


def _binned(right: Booleans, confidence: Floats, weights: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Of each bin, float64 (bins,): the weight, the sum of confidences, the weight of what is right."""
    _require_probabilities(confidence)
    if bins < 1:
        raise ValueError(f"at least one bin is needed, and not {bins}")
    lows = np.arange(bins) / bins
    place = np.searchsorted(lows, confidence, side="right") - 1
    return _sums(place, weights, bins), _sums(place, weights * confidence, bins), _sums(place, weights * right, bins)


def _sums(groups: NDArray[np.intp], values: Floats, n: int) -> Floats:
    """The sum of the values in each of the groups 0 to n - 1, float64 (n,)."""
    return np.bincount(groups, values, n).astype(np.float64)


def _require_probabilities(confidence: Floats) -> None:
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError(f"confidence is a probability here, and not {confidence.min():g} to {confidence.max():g}")
