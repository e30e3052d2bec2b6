from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.types import ModelUse
from evaluation.metrics.prose import Composed, composed, prose_rate, rejection_rate, shown_rate, tried
from evaluation.types import Outcome

# One answer a row: written, rejected, shown, and how many were tried.
ANSWERS = {
    "all passed": (3, 0, 3, 3),
    "one failed, and its repair": (4, 2, 3, 5),
    "one failed, its repair passed": (4, 1, 4, 5),
    "one failed and was not repaired": (4, 1, 3, 4),
    "none passed": (2, 4, 0, 4),
    "the model broke off after three that passed": (3, 0, 0, 3),
    "it wrote nothing": (0, 0, 0, 0),
    "it said the same twice, which is shown once": (2, 0, 1, 2),
}


def use(written: int, rejected: int, shown: int, **more: Any) -> ModelUse:
    parts = {"calls": 1, "input_tokens": 100, "output_tokens": 10, "cost": None} | more
    return ModelUse(model="openai:x", written=written, rejected=("words",) * rejected, shown=shown, **parts)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_was_tried_is_what_was_rejected_or_shown_and_no_less_than_was_written(name: str) -> None:
    written, rejected, shown, attempts = ANSWERS[name]
    assert tried(use(written, rejected, shown)) == attempts


@pytest.mark.parametrize(
    ("rejected", "shown", "rate"),
    [(2, 3, 2 / 5), (1, 4, 1 / 5), (1, 3, 1 / 4), (0, 4, 0)],  # the docstring's, one without repair, none rejected
)
def test_the_rate_of_one_answer_of_four_sentences(rejected: int, shown: int, rate: float) -> None:
    assert rejection_rate(np.array([4]), np.array([rejected]), np.array([shown])) == pytest.approx(rate)


def test_rates_are_of_all_sentences_together() -> None:
    written, rejected, shown, attempts = map(np.array, zip(*ANSWERS.values(), strict=True))
    assert rejection_rate(written, rejected, shown) == pytest.approx(8 / 26) == sum(rejected) / sum(attempts)
    assert shown_rate(written, shown) == pytest.approx(14 / 22)
    assert prose_rate(np.array([True, False, False]), np.array([True, True, False])) == 1 / 2


def test_weights_say_how_often_an_answer_counts() -> None:
    written, rejected, shown = np.array([4, 2]), np.array([2, 0]), np.array([3, 2])
    assert rejection_rate(written, rejected, shown, np.array([1.0, 3.0])) == pytest.approx(2 / (5 + 3 * 2))
    assert shown_rate(written, shown, np.array([2.0, 0.0])) == pytest.approx(3 / 4)


def test_nothing_written_is_no_rate() -> None:
    none = np.array([0, 0])
    assert math.isnan(rejection_rate(none, none, none))
    assert math.isnan(shown_rate(none, none))
    assert math.isnan(prose_rate(np.array([False]), np.array([False])))


def outcome(answered: bool = True, **more: Any) -> Outcome:
    return Outcome("q", answered, True, "text", 0.5, (), True, 0.5, None, None, None, 9.0, (), **more)


def test_the_sums_of_a_system() -> None:
    counted = use(4, 2, 3, calls=2, cost=0.25)
    assert composed(
        [
            outcome(composer="generative", model_use=counted),
            outcome(composer="generative", model_use=use(1, 0, 1, cost=0.5)),
            outcome(fallback="late", model_use=use(3, 0, 0, cost=0.0)),
            outcome(fallback="unreachable", model_use=use(0, 0, 0, input_tokens=0, output_tokens=0, cost=0.0)),
            outcome(fallback="late", model_use=use(0, 0, 0, cost=0.0)),
            outcome(answered=False, model_use=use(0, 0, 0, calls=0, input_tokens=0, output_tokens=0, cost=0.0)),
        ]
    ) == Composed(
        composers={"extractive": 3, "generative": 2},
        fallbacks={"late": 2, "unreachable": 1},
        model="openai:x",
        calls=6,
        input_tokens=400,
        output_tokens=40,
        cost=0.75,
        written=8,
        tried=5 + 1 + 3,
        rejected={"words": 2},
        shown=4,
    )


def test_without_prices_there_is_no_cost() -> None:
    assert composed([outcome(model_use=use(1, 0, 1, cost=0.5)), outcome(model_use=use(1, 0, 1))]).cost is None


def test_without_a_model_only_the_composers_are_counted() -> None:
    assert composed([outcome(), outcome(answered=False)]) == Composed(composers={"extractive": 1})
