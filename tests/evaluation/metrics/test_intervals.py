from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics.intervals import Figure, Floats, Resamples, interval, p_value

NAN = math.nan


@dataclass(frozen=True)
class Rows:
    """Questions with their groups, and values of them in cells: some are NaN, some questions have several values."""

    groups: list[str]
    values: list[float]
    places: list[int]
    cells: list[str]


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    groups = draw(st.lists(st.sampled_from(["a", "b", "c c", "c\0", "c"]), min_size=1, max_size=12))
    n = draw(st.integers(0, 15))
    values = st.one_of(st.just(NAN), st.sampled_from([0.0, 1.0]), st.floats(0, 1))
    return Rows(
        groups,
        draw(st.lists(values, min_size=n, max_size=n)),
        draw(st.lists(st.integers(0, len(groups) - 1), min_size=n, max_size=n)),
        draw(st.lists(st.sampled_from(["nl", "vi", "nl>vi"]), min_size=n, max_size=n)),
    )


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else NAN


def macro(case: Rows, times: Sequence[float]) -> float:
    """The mean of the means of the cells, each value counted as often as its question was drawn."""
    by_cell: dict[str, list[float]] = {}
    for value, place, cell in zip(case.values, case.places, case.cells, strict=True):
        if not math.isnan(value):
            by_cell.setdefault(cell, []).extend([value] * int(times[place]))
    return mean([mean(values) for values in by_cell.values() if values])


def same(one: float, other: float) -> bool:
    return one == pytest.approx(other, nan_ok=True)


def times_drawn(resamples: Resamples, draw: int) -> list[float]:
    """How often each question is in a resample."""
    return [float(resamples.counts[draw, code]) for code in resamples.codes]


def test_each_language_counts_alike_however_many_questions_it_has() -> None:
    values = [1.0, 1.0, 1.0, 0.0, NAN, 0.5, 0.0]
    cells = ["nl", "nl", "nl", "nl", "nl", "vi", "vi"]
    figure, by_cell, drawn = Resamples(list("abcdefg"), draws=50).macro_mean(values, range(7), cells)
    assert (figure.value, figure.n) == ((3 / 4 + 1 / 4) / 2, 6)
    assert {cell: (one.value, one.n) for cell, one in by_cell.items()} == {"nl": (0.75, 4), "vi": (0.25, 2)}
    assert drawn.shape == (50,)


@given(rows())
@settings(deadline=None)
def test_means_are_those_of_a_plain_loop(case: Rows) -> None:
    resamples = Resamples(case.groups, draws=20)
    figure, by_cell, drawn = resamples.macro_mean(case.values, case.places, case.cells)
    assert same(figure.value, macro(case, [1] * len(case.groups)))
    assert figure.n == sum(not math.isnan(value) for value in case.values)
    assert [same(float(drawn[i]), macro(case, times_drawn(resamples, i))) for i in range(20)] == [True] * 20
    for cell, one in by_cell.items():
        there = [v for v, c in zip(case.values, case.cells, strict=True) if c == cell and not math.isnan(v)]
        assert same(one.value, mean(there))
        assert one.n == len(there)


def test_a_resample_has_as_many_groups_as_there_are_and_counts_all_questions_of_a_group_alike() -> None:
    groups = ["b", "a", "b", "c\0", "c", "b"]
    resamples = Resamples(groups, draws=200)
    assert resamples.counts.shape == (200, 4)
    assert (resamples.counts.sum(axis=1) == 4).all()
    codes = dict(zip(groups, resamples.codes.tolist(), strict=True))
    assert [codes[group] for group in groups] == resamples.codes.tolist()
    assert len(set(codes.values())) == 4


def test_whole_groups_are_drawn() -> None:
    # 50 questions of each of 20 facts, all right or all wrong: every resample's mean is k / 20. Questions drawn one by
    # one would give other fractions, and an interval a seventh as wide.
    groups = [f"fact {i // 50}" for i in range(1000)]
    values = [float(i // 50 % 2) for i in range(1000)]
    figure, _, drawn = Resamples(groups, draws=2000).macro_mean(values, range(1000), ["nl"] * 1000)
    assert (drawn * 20 == np.round(drawn * 20)).all()
    assert drawn.std() == pytest.approx(math.sqrt(0.25 / 20), rel=0.05)
    assert (figure.low, figure.high) == pytest.approx((0.3, 0.7), abs=0.051)


def test_a_fact_is_drawn_in_all_languages_at_once() -> None:
    # One language is right where the other is wrong: together they are half right in every resample.
    groups = [f"fact {i}" for i in range(30)] * 2
    values = [float(i % 2) for i in range(30)] + [1.0 - i % 2 for i in range(30)]
    figure, by_cell, drawn = Resamples(groups).macro_mean(values, range(60), ["nl"] * 30 + ["vi"] * 30)
    assert drawn == pytest.approx(np.full(1000, 0.5))
    assert (figure.low, figure.high) == pytest.approx((0.5, 0.5))
    assert by_cell["nl"].low < 0.4 < 0.6 < by_cell["nl"].high


def test_a_language_that_a_resample_leaves_out_is_left_out_of_its_mean() -> None:
    resamples = Resamples(["a", "b"], draws=100)
    figure, by_cell, drawn = resamples.macro_mean([1.0, 0.0], [0, 1], ["nl", "vi"])
    by_draw = {(2, 0): 1.0, (0, 2): 0.0, (1, 1): 0.5}
    assert drawn.tolist() == [by_draw[int(a), int(b)] for a, b in resamples.counts]
    assert set(drawn.tolist()) == {0.0, 0.5, 1.0}
    assert figure.value == 0.5
    assert by_cell == {"nl": Figure(1.0, 1.0, 1.0, 1), "vi": Figure(0.0, 0.0, 0.0, 1)}


@pytest.mark.parametrize("values", [[], [NAN, NAN]])
def test_of_no_values_everything_is_undefined(values: list[float]) -> None:
    cells = ["nl"] * len(values)
    figure, by_cell, drawn = Resamples(["a", "b"], draws=10).macro_mean(values, range(len(values)), cells)
    assert math.isnan(figure.value) and math.isnan(figure.low) and math.isnan(figure.high)
    assert (figure.n, by_cell) == (0, {})
    assert drawn.shape == (10,) and np.isnan(drawn).all()


def test_the_same_questions_give_the_same_draws_in_any_order() -> None:
    rng = np.random.default_rng(1)
    values, groups = rng.random(40), [f"fact {i // 3}" for i in range(40)]
    first = Resamples(groups).macro_mean(values.tolist(), range(40), ["nl"] * 40)
    again = Resamples(groups).macro_mean(values.tolist(), range(40), ["nl"] * 40)
    assert first[:2] == again[:2] and (first[2] == again[2]).all()
    order = rng.permutation(40)
    mixed_up = Resamples([groups[i] for i in order]).macro_mean(values[order].tolist(), range(40), ["nl"] * 40)
    assert mixed_up[2] == pytest.approx(first[2])
    other = Resamples(groups, seed=2).macro_mean(values.tolist(), range(40), ["nl"] * 40)
    assert not np.allclose(other[2], first[2])


def test_intervals_are_those_of_scipy() -> None:
    values = np.random.default_rng(7).beta(2, 1, size=80)
    ours = Resamples([str(i) for i in range(80)], draws=5000).macro_mean(values.tolist(), range(80), ["nl"] * 80)[0]
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(8)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)
    assert theirs.high - theirs.low > 0.08  # so the tolerance tells other levels and methods apart


def test_pooled_gives_the_metric_how_often_each_question_was_drawn() -> None:
    values = np.array([0.2, 0.9, 0.4])
    resamples = Resamples(["a", "b", "a", "c"], draws=300)

    def weighted(weights: Floats) -> float:
        return float(weights @ values / weights.sum()) if weights.sum() else NAN

    figure, drawn = resamples.pooled(weighted, [0, 1, 2], 17)
    _, by_cell, _ = resamples.macro_mean(values.tolist(), [0, 1, 2], ["nl"] * 3)
    assert figure.value == pytest.approx(0.5)
    assert figure.n == 17
    assert (figure.low, figure.high) == pytest.approx((by_cell["nl"].low, by_cell["nl"].high))
    assert drawn.shape == (300,)
    assert figure.low == pytest.approx(np.nanquantile(drawn, 0.025))


def test_pooled_looks_at_its_own_places() -> None:
    resamples = Resamples(["a", "b", "c"], draws=100)
    seen: list[list[float]] = []

    def noted(weights: Floats) -> float:
        seen.append(weights.tolist())
        return 1.0

    resamples.pooled(noted, [2, 0], 2)
    assert seen == [[1.0, 1.0], *resamples.counts[:, [2, 0]].tolist()]


def test_an_interval_holds_the_middle_95_per_cent() -> None:
    drawn = np.random.default_rng(0).permutation(np.arange(1001.0))
    figure = interval(3.0, drawn, 7)
    assert (figure.value, figure.n) == (3.0, 7)
    assert (figure.low, figure.high) == pytest.approx((25, 975))


def test_draws_in_which_it_is_undefined_are_left_out_of_an_interval() -> None:
    drawn = np.arange(1001.0)
    assert interval(3.0, np.concatenate([drawn, np.full(500, NAN)]), 7) == interval(3.0, drawn, 7)


@pytest.mark.parametrize(("value", "drawn"), [(NAN, [0.1, 0.2]), (0.5, [NAN, NAN]), (0.5, [])])
def test_without_a_value_or_draws_there_are_no_bounds(value: float, drawn: list[float]) -> None:
    figure = interval(value, np.array(drawn), 4)
    assert same(figure.value, value) and math.isnan(figure.low) and math.isnan(figure.high)
    assert figure.n == 4


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([0.1] * 99 + [-0.1], 2 / 100),
        ([-0.1] * 99 + [0.1], 2 / 100),
        ([0.1] * 90 + [0.0] * 7 + [-0.1] * 3, 2 * 10 / 100),
        ([0.1] * 50 + [-0.1] * 50, 1.0),
        ([0.1] * 40 + [0.0] * 30 + [-0.1] * 30, 1.0),
        ([0.0] * 100, 1.0),
        ([0.1] * 100, 1 / 100),
        ([-0.1] * 1000, 1 / 1000),
        ([0.1] * 99 + [-0.1] + [NAN] * 50, 2 / 100),
    ],
)
def test_p_is_twice_how_seldom_the_sign_turns(differences: list[float], expected: float) -> None:
    assert p_value(np.array(differences)) == pytest.approx(expected)
    assert p_value(-np.array(differences)) == pytest.approx(expected)


def test_p_of_nothing_is_undefined() -> None:
    assert math.isnan(p_value(np.array([])))
    assert math.isnan(p_value(np.array([NAN, NAN])))


def test_p_agrees_with_the_sign_that_the_interval_shows() -> None:
    rng = np.random.default_rng(3)
    for shift in np.linspace(0, 0.5, 21):
        drawn = rng.normal(shift, 0.15, size=1000)
        figure = interval(float(shift), drawn, 10)
        if abs(p_value(drawn) - 0.05) > 0.005:
            assert (figure.low > 0) == (p_value(drawn) < 0.05)
