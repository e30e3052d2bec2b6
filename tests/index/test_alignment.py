from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import alignment
from index.alignment import (
    ALONE,
    BAND,
    BEADS,
    CERTAIN,
    LENGTH_WEIGHT,
    MOST_LENGTH_PENALTY,
    Bead,
    Column,
    VersionText,
    _Pair,
    align_pair,
    align_versions,
    common_share,
    unit_length,
)
from index.types import Vectors

DIMENSION = 256
NOISE = 0.35
LEFT_OVER = 0.2
"""What centring has left of the language's own direction."""

Said = Sequence[tuple[int, ...]]
"""A text by what it says: of each sentence the numbers of its meanings, mostly one."""

Runs = tuple[tuple[int, int], tuple[int, int]]


@lru_cache(None)
def _direction(*seed: int) -> Vectors:
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


def text(language: int, said: Said) -> VersionText:
    """Each meaning has a direction, which every language renders with its own noise."""
    rows = [
        sum(_direction(1, meaning) + NOISE * _direction(2, language, meaning) for meaning in sentence)
        + LEFT_OVER * _direction(3, language)
        for sentence in said
    ]
    vectors = unit_length(np.array(rows, dtype=np.float32).reshape(-1, DIMENSION))
    numbers = np.random.default_rng([4, language])
    meanings = np.array([len(sentence) for sentence in said], dtype=np.float64)
    return VersionText(vectors, (30 + 10 * language) * meanings * numbers.uniform(0.9, 1.1, len(said)))


def one_each(*meanings: int) -> list[tuple[int, ...]]:
    return [(meaning,) for meaning in meanings]


def aligned(left: Said, right: Said) -> list[Runs]:
    return [(bead.left, bead.right) for bead in align_pair(text(1, left), text(2, right))]


def at(left: int, right: int) -> Runs:
    return (left, left + 1), (right, right + 1)


def columns_of(*versions: Said) -> list[dict[int, tuple[int, int]]]:
    return [column.runs for column in align_versions([text(language, said) for language, said in enumerate(versions)])]


# Two texts.


def test_the_same_sentences_in_the_same_order_are_aligned_one_to_one() -> None:
    said = one_each(*range(20))
    assert aligned(said, said) == [at(place, place) for place in range(20)]


@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("before", [0, 5])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([(10, 11)], [(10,), (11,)]),
        ([(10,), (11,)], [(10, 11)]),
        ([(10, 11, 12)], [(10,), (11,), (12,)]),
        ([(10,), (11,), (12,)], [(10, 11, 12)]),
    ],
    ids=["1-2", "2-1", "1-3", "3-1"],
)
def test_what_is_said_in_other_sentences_is_one_bead(left: Said, right: Said, before: int, after: int) -> None:
    first, last = one_each(*range(before)), one_each(*range(20, 20 + after))
    assert aligned([*first, *left, *last], [*first, *right, *last]) == [
        *(at(place, place) for place in range(before)),
        ((before, before + len(left)), (before, before + len(right))),
        *(at(before + len(left) + place, before + len(right) + place) for place in range(after)),
    ]


def test_two_sentences_that_are_parted_elsewhere_are_one_bead() -> None:
    left = [*one_each(0, 1, 2), (3, 4), (5,), *one_each(6, 7)]
    right = [*one_each(0, 1, 2), (3,), (4, 5), *one_each(6, 7)]
    ordinary = [at(place, place) for place in (0, 1, 2, 5, 6)]
    assert aligned(left, right) == [*ordinary[:3], ((3, 5), (3, 5)), *ordinary[3:]]


def test_a_paragraph_that_one_version_lacks_is_a_gap_and_nothing_else_moves() -> None:
    whole, shorter = one_each(*range(14)), one_each(*range(5), *range(9, 14))
    expected = [at(place, place) for place in range(5)] + [at(place, place - 4) for place in range(9, 14)]
    assert aligned(whole, shorter) == expected
    assert aligned(shorter, whole) == [(left, right) for right, left in expected]


def test_a_garbled_sentence_is_left_alone_between_its_aligned_neighbours() -> None:
    said = one_each(*range(12))
    garbled = [*said[:6], (900,), *said[7:]]
    assert aligned(said, garbled) == [at(place, place) for place in range(12) if place != 6]


def test_a_sentence_that_says_nothing_is_in_no_bead_of_its_own() -> None:
    left, right = text(1, one_each(*range(8))), text(2, one_each(*range(8)))
    right.vectors[3] = 0.0
    pairs = {(i, j) for bead in align_pair(left, right) for i in range(*bead.left) for j in range(*bead.right)}
    assert {(place, place) for place in range(8)} - pairs == {(3, 3)}
    right.vectors[:] = 0.0
    assert align_pair(left, right) == []


def test_sentences_added_at_the_start_and_the_end_are_left_alone() -> None:
    said = one_each(*range(8))
    assert aligned(said, [*one_each(800, 801), *said]) == [at(place, place + 2) for place in range(8)]
    assert aligned([*said, *one_each(800, 801, 802)], said) == [at(place, place) for place in range(8)]
    both = aligned([*one_each(800), *said, *one_each(801)], [*one_each(802, 803), *said, *one_each(804)])
    assert both == [at(place + 1, place + 2) for place in range(8)]


def test_a_text_without_sentences_is_aligned_with_nothing() -> None:
    assert aligned([], one_each(1, 2)) == aligned(one_each(1, 2), []) == aligned([], []) == []


def test_texts_of_one_sentence() -> None:
    assert aligned([(1,)], [(1,)]) == [at(0, 0)]
    assert aligned([(1,)], [(901,)]) == []
    assert aligned([(1, 2, 3)], one_each(1, 2, 3)) == [((0, 1), (0, 3))]
    assert aligned([(2,)], one_each(1, 2, 3)) == [at(0, 1)]


def test_what_is_common_to_all_sentences_does_not_align_them() -> None:
    """All sentences of both texts say 7 beside what is their own, as in a list of one kind of thing."""
    left = [(7, meaning) for meaning in range(100, 120)]
    right = [(7, meaning) for meaning in range(200, 220)]
    vectors = text(1, left).vectors @ text(2, right).vectors.T
    assert vectors.mean() > ALONE + 0.2
    assert len(aligned(left, right)) <= 2
    assert aligned(left, left) == [at(place, place) for place in range(20)]


@pytest.fixture
def near_the_coarse_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "WHOLE_UP_TO", 128)


@pytest.mark.usefixtures("near_the_coarse_path")
def test_a_long_text_with_drops_on_both_sides_is_aligned_as_it_should_be() -> None:
    left, right, truth = _with_drops(400)
    assert len(left) + len(right) > 4 * alignment.WHOLE_UP_TO
    found = set(aligned(left, right))
    assert len(found & truth) >= 0.99 * len(truth)
    assert len(found & truth) >= 0.99 * len(found)


def _with_drops(sentences: int) -> tuple[Said, Said, set[Runs]]:
    """Both sides lack 15 % of the sentences, each others; and the beads that are right."""
    kept = np.random.default_rng(sentences).random((2, sentences)) >= 0.15
    places = np.cumsum(kept, axis=1) - 1
    left, right = (one_each(*np.flatnonzero(side).tolist()) for side in kept)
    both = np.flatnonzero(kept.all(axis=0))
    return left, right, {at(int(places[0, meaning]), int(places[1, meaning])) for meaning in both}


@pytest.mark.usefixtures("near_the_coarse_path")
def test_a_chapter_that_a_long_text_lacks_is_stepped_over() -> None:
    chapter = range(110, 110 + 6 * BAND)
    whole = one_each(*range(300))
    shorter = [sentence for sentence in whole if sentence[0] not in chapter]
    truth = {at(meaning, place) for place, (meaning,) in enumerate(shorter)}
    found = set(aligned(whole, shorter))
    assert len(found & truth) >= 0.99 * max(len(truth), len(found))


@pytest.mark.usefixtures("near_the_coarse_path")
def test_the_cells_looked_at_grow_with_the_length_and_not_with_its_square() -> None:
    cells = []
    for sentences in (400, 800, 1600):
        left, right, _ = _with_drops(sentences)
        low, high = _Pair(text(1, left), text(2, right))._window()
        cells.append(sum(last - first + 1 for first, last in zip(low, high, strict=True)))
    assert cells[0] < 0.25 * 340**2
    for smaller, larger in pairwise(cells):
        assert 1.8 < larger / smaller < 2.2


@st.composite
def small_texts(draw: st.DrawFn) -> VersionText:
    """In so few dimensions that most sentences are like some other; a few say nothing."""
    size = draw(st.integers(0, 5))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = unit_length(numbers.standard_normal((size, 4)).astype(np.float32))
    vectors[numbers.random(size) < 0.1] = 0.0
    return VersionText(vectors, numbers.integers(1, 200, size).astype(np.float64))


@given(small_texts(), small_texts())
def test_no_path_gains_more_than_the_one_found(left: VersionText, right: VersionText) -> None:
    beads = align_pair(left, right)
    gained = sum(_gain(left, right, bead.left, bead.right) for bead in beads)
    assert gained == pytest.approx(_most_gain(left, right), abs=1e-4)
    for bead in beads:
        assert bead.score == pytest.approx(_similarity(left, right, bead.left, bead.right), abs=1e-5)


def _most_gain(left: VersionText, right: VersionText) -> float:
    n, m = len(left.vectors), len(right.vectors)

    @lru_cache(None)
    def most_from(i: int, j: int) -> float:
        gains = [most_from(k, end) for k, end in ((i + 1, j), (i, j + 1)) if k <= n and end <= m]
        for a, b in BEADS:
            if i + a <= n and j + b <= m:
                gains.append(_gain(left, right, (i, i + a), (j, j + b)) + most_from(i + a, j + b))
        return max(gains, default=0.0)

    return most_from(0, 0)


def _gain(left: VersionText, right: VersionText, here: tuple[int, int], there: tuple[int, int]) -> float:
    shares = [text.lengths[slice(*run)].sum() / text.lengths.sum() for text, run in ((left, here), (right, there))]
    unlikely = min(MOST_LENGTH_PENALTY, LENGTH_WEIGHT * np.log(shares[0] / shares[1]) ** 2)
    a, b = here[1] - here[0], there[1] - there[0]
    return float((a + b) / 2 * (_similarity(left, right, here, there) - unlikely - ALONE) - BEADS[a, b])


def _similarity(left: VersionText, right: VersionText, here: tuple[int, int], there: tuple[int, int]) -> float:
    one, other = (
        text.lengths[slice(*run)] @ text.vectors[slice(*run)].astype(np.float64)
        for text, run in ((left, here), (right, there))
    )
    one, other = (vector / (np.linalg.norm(vector) or 1.0) for vector in (one, other))
    common = common_share(len(right.vectors)) * (one @ right.vectors.mean(axis=0))
    common += common_share(len(left.vectors)) * (other @ left.vectors.mean(axis=0))
    return float(one @ other - common / 2)


@given(small_texts(), small_texts())
def test_beads_follow_each_other_in_both_texts_and_turn_round_with_the_texts(
    left: VersionText, right: VersionText
) -> None:
    beads = align_pair(left, right)
    for before, after in pairwise([*beads, Bead((len(left.vectors),) * 2, (len(right.vectors),) * 2, 0.0)]):
        assert before.left[1] <= after.left[0]
        assert before.right[1] <= after.right[0]
        assert (before.left[1] - before.left[0], before.right[1] - before.right[0]) in BEADS
    gained = sum(_gain(left, right, bead.left, bead.right) for bead in beads)
    turned = sum(_gain(right, left, bead.left, bead.right) for bead in align_pair(right, left))
    assert gained == pytest.approx(turned, abs=1e-4)


# More than two versions.


def test_two_versions_share_columns_where_they_are_aligned() -> None:
    assert columns_of(one_each(0, 1, 2, 3, 4), one_each(0, 1, 3, 4)) == [
        {0: (0, 1), 1: (0, 1)},
        {0: (1, 2), 1: (1, 2)},
        {0: (3, 4), 1: (2, 3)},
        {0: (4, 5), 1: (3, 4)},
    ]


def test_versions_that_are_equal_share_every_column() -> None:
    said = text(1, one_each(*range(9)))
    columns = align_versions([said, said, said])
    assert [column.runs for column in columns] == [dict.fromkeys(range(3), (p, p + 1)) for p in range(9)]
    assert min(score for column in columns for score in column.scores.values()) > 0.8


def test_a_version_without_any_sentence_is_in_no_column() -> None:
    said = one_each(*range(6))
    assert columns_of(said, [], said) == [{0: (p, p + 1), 2: (p, p + 1)} for p in range(6)]
    assert columns_of(said, []) == columns_of([], []) == []


def test_versions_that_share_nothing_have_no_columns() -> None:
    assert columns_of(one_each(*range(3)), one_each(*range(100, 103)), one_each(*range(200, 203))) == []


def test_a_sentence_garbled_in_one_version_leaves_the_others_together() -> None:
    said = one_each(*range(10))
    columns = columns_of(said, said, [*said[:5], (900,), *said[6:]], said)
    everywhere = [dict.fromkeys(range(4), (place, place + 1)) for place in range(10)]
    everywhere[5].pop(2)
    assert columns == everywhere


def test_a_sentence_that_says_two_columns_is_in_both() -> None:
    said = one_each(*range(8))
    columns = columns_of(said, said, [*said[:3], (3, 4), *said[5:]])
    assert [column[2] for column in columns] == [(0, 1), (1, 2), (2, 3), (3, 4), (3, 4), (4, 5), (5, 6), (6, 7)]
    assert [(column[0], column[1]) for column in columns] == [at(place, place) for place in range(8)]


def test_two_sentences_that_say_one_column_are_one_run() -> None:
    said = [*one_each(0, 1, 2), (3, 4), *one_each(5, 6)]
    columns = columns_of(said, one_each(*range(7)), said)
    assert [column[1] for column in columns] == [(0, 1), (1, 2), (2, 3), (3, 5), (5, 6), (6, 7)]
    assert [column[0] for column in columns] == [(place, place + 1) for place in range(6)]


def test_what_only_the_later_versions_say_is_a_column_in_its_place() -> None:
    most = one_each(*range(5), *range(7, 12))
    whole = one_each(*range(12))
    assert columns_of(most, most, whole, whole)[4:8] == [
        dict.fromkeys(range(4), (4, 5)),
        {2: (5, 6), 3: (5, 6)},
        {2: (6, 7), 3: (6, 7)},
        {0: (5, 6), 1: (5, 6), 2: (7, 8), 3: (7, 8)},
    ]


def test_a_version_that_came_early_is_aligned_again_with_all_of_the_others() -> None:
    shorter = one_each(0, 1, 3, 4)
    assert columns_of([*one_each(0, 1), (2, 3), (4,)], shorter, shorter, one_each(1, 2, 3, 4)) == [
        {0: (0, 1), 1: (0, 1), 2: (0, 1)},
        {0: (1, 2), 1: (1, 2), 2: (1, 2), 3: (0, 1)},
        {0: (2, 3), 3: (1, 2)},
        {0: (2, 3), 1: (2, 3), 2: (2, 3), 3: (2, 3)},
        {0: (3, 4), 1: (3, 4), 2: (3, 4), 3: (3, 4)},
    ]


def test_long_versions_are_aligned_as_they_should_be() -> None:
    kept = np.random.default_rng(0).random((3, 150)) >= 0.1
    places = np.cumsum(kept, axis=1) - 1
    columns = columns_of(*(one_each(*np.flatnonzero(side).tolist()) for side in kept))
    truth = {
        frozenset((side, int(places[side, meaning])) for side in np.flatnonzero(kept[:, meaning]).tolist())
        for meaning in range(150)
    }
    truth = {column for column in truth if len(column) > 1}
    found = {frozenset((side, first) for side, (first, _) in column.items()) for column in columns}
    assert len(truth & found) >= 0.98 * max(len(truth), len(found))


UNEVEN: tuple[Said, ...] = (
    one_each(*range(10)),
    [*one_each(0, 1, 2), (900,), *one_each(4, 5, 6, 7, 8, 9)],
    [*one_each(0, 1, 2, 3, 4, 5), (6, 7), *one_each(8, 9)],
    one_each(0, 4, 5, 6, 7, 8, 9, 800),
)


def test_the_order_of_versions_does_not_matter() -> None:
    texts = [text(language, said) for language, said in enumerate(UNEVEN)]
    expected = {frozenset(column.runs.items()) for column in align_versions(texts)}
    assert frozenset({(0, (3, 4)), (2, (3, 4))}) in expected
    assert len(expected) == 9
    for order in permutations(range(4)):
        columns = align_versions([texts[version] for version in order])
        found = {frozenset((order[version], run) for version, run in column.runs.items()) for column in columns}
        assert found == expected


def test_the_scores_of_a_column_are_ordinary_numbers() -> None:
    said = one_each(*range(3))
    for column in align_versions([text(1, said), text(2, said)]):
        assert {type(score) for score in column.scores.values()} == {float}


def test_no_column_is_there_twice() -> None:
    columns = columns_of([(1, 2)], one_each(0, 1, 2), [(0,), (1, 2)])
    assert len({frozenset(column.items()) for column in columns}) == len(columns)


@settings(max_examples=50)
@given(st.lists(small_texts(), min_size=2, max_size=5))
def test_columns_are_in_order_and_hold_only_what_is_certain(versions: list[VersionText]) -> None:
    columns = align_versions(versions)
    for column in columns:
        assert len(column.runs) > 1
        assert column.scores.keys() == column.runs.keys()
        assert all(CERTAIN <= score <= 1.5 for score in column.scores.values())
    for version, whole in enumerate(versions):
        runs = _runs_of(columns, version)
        assert all(0 <= first < last <= len(whole.vectors) for first, last in runs)
        for before, after in pairwise(runs):
            assert before == after or before[1] <= after[0]


def _runs_of(columns: Sequence[Column], version: int) -> list[tuple[int, int]]:
    return [column.runs[version] for column in columns if version in column.runs]
