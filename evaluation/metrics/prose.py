"""What a language model's sentences come to: how many answers are prose, and how many sentences fail their checks.

Of each answer is known how many sentences the model has `written`, repairs not counted; how often a sentence or its
repair was `rejected` by a check; and how many were `shown` in the end. A repair is one more sentence that is tried, and
what is tried is rejected or shown, except where the model failed in the middle, so that nothing was shown of what it
had written. So max(written, rejected + shown) sentences were tried for an answer.

Arrays have one place an answer, int or bool (n,). The optional `weights`, float (n,), say how often each counts; None:
once. A metric is NaN where there is nothing to divide by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.types import ModelUse
from evaluation.metrics.intervals import Floats
from evaluation.types import Outcome

__all__ = ["Composed", "composed", "prose_rate", "rejection_rate", "shown_rate", "tried"]

Counts = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def prose_rate(prose: Booleans, answered: Booleans, weights: Floats | None = None) -> float:
    """Answers in prose / answers; the others are quoted, since the model failed or nothing it wrote passed."""
    return _share(prose & answered, answered, weights)


def rejection_rate(written: Counts, rejected: Counts, shown: Counts, weights: Floats | None = None) -> float:
    """Rejected / tried, a repair being a sentence of its own.

    Four are written, one fails, its repair fails too: 2 / 5. Had the repair passed: 1 / 5.
    """
    return _share(rejected, np.maximum(written, rejected + shown), weights)


def shown_rate(written: Counts, shown: Counts, weights: Floats | None = None) -> float:
    """Shown / written, whether as they were written or repaired: never above 1."""
    return _share(shown, written, weights)


def tried(use: ModelUse) -> int:
    """The sentences of an answer that were rejected or shown, each repair counted."""
    return max(use.written, len(use.rejected) + use.shown)


def _share(part: NDArray[Any], whole: NDArray[Any], weights: Floats | None) -> float:
    weights = np.ones(len(whole)) if weights is None else weights
    total = float(weights @ whole)
    return float(weights @ part) / total if total else float(np.nan)


@dataclass(frozen=True, slots=True)
class Composed:
    """How the answers of a system came about, in sums over all questions.

    `composers` counts the answers by what put them together, and `fallbacks` those that are quoted in spite of the
    `model`, by the reason. `rejected` counts by the check that failed. `cost` is None where some answer's is not known.
    """

    composers: Mapping[str, int] = field(default_factory=dict)
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    model: str | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    written: int = 0
    tried: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    shown: int = 0


def composed(outcomes: Iterable[Outcome]) -> Composed:
    """The sums; without a model, of the composers alone."""
    outcomes = list(outcomes)
    uses = [outcome.model_use for outcome in outcomes if outcome.model_use is not None]
    costs = [use.cost for use in uses]
    return Composed(
        composers=_counted(outcome.composer for outcome in outcomes if outcome.answered),
        fallbacks=_counted(outcome.fallback for outcome in outcomes if outcome.fallback),
        model=uses[0].model if uses else None,
        calls=sum(use.calls for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cost=None if None in costs or not costs else sum(cost for cost in costs if cost is not None),
        written=sum(use.written for use in uses),
        tried=sum(map(tried, uses)),
        rejected=_counted(check for use in uses for check in use.rejected),
        shown=sum(use.shown for use in uses),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    """Most frequent first, equal ones by name."""
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
