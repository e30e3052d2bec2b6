"""The scores are checked by hand here, and the samples and seeds are linked and aligned as well as is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.errors import DatasetError
from evaluation.versions.bench import Bench
from evaluation.versions.gold import aligned_with_gold, pairs_of_units, read_gold, score_alignment
from evaluation.versions.rows import Score
from index.store import Store
from index.types import Embedder

SEEDS = Path(__file__).parents[4] / "shared" / "data" / "seed_articles"

A1, A2, B1, B2, C1 = ("a", 0, 10), ("a", 11, 20), ("b", 0, 12), ("b", 13, 30), ("c", 0, 9)


def test_the_pairs_of_a_unit_are_those_across_its_versions() -> None:
    assert pairs_of_units([{"b": [B1], "a": [A1, A2]}]) == {(A1, B1), (A2, B1)}
    assert pairs_of_units([{"a": [A1], "b": [B1], "c": [C1]}, {"a": [A1], "b": [B1]}]) == {
        (A1, B1),
        (A1, C1),
        (B1, C1),
    }
    assert pairs_of_units([{"a": [A1, A2]}]) == set()


def test_a_pair_is_wrong_where_the_gold_has_only_one_of_its_sentences_and_left_out_where_it_has_none() -> None:
    chrome_a, chrome_b, elsewhere = ("a", 90, 99), ("b", 80, 88), ("z", 0, 5)
    gold = {(A1, B1), (A2, B2)}
    found = {(A1, B1), (A1, B2), (A2, chrome_b), (chrome_a, chrome_b), (A2, elsewhere), (elsewhere, ("y", 0, 5))}
    assert score_alignment(gold, {A1, A2, B1, B2}, found, {"a", "b"}) == (Score(right=1, found=4, wanted=2), 1)


def test_a_sentence_that_is_cut_otherwise_than_in_the_gold_is_not_left_out() -> None:
    merged, touching = ("a", 5, 18), ("a", 20, 30)
    found = {(merged, ("b", 40, 50)), (touching, ("b", 40, 50))}
    assert score_alignment({(A1, B1)}, {A1, A2, B1}, found, {"a", "b"}) == (Score(0, 1, 1), 1)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, bundled_embedder: Embedder) -> Bench:
    folder = tmp_path_factory.mktemp("versions")
    return Bench(bundled_embedder, folder / "cache", folder / "scratch")


def test_the_samples_are_aligned_as_by_hand(bench: Bench) -> None:
    *articles, whole = aligned_with_gold("samples", None, bench)
    assert len(articles) == 6
    assert whole.score == sum((row.score for row in articles), Score())
    assert whole.score.wanted == 1_321
    assert whole.score.precision >= 0.9
    assert whole.score.recall >= 0.97
    assert whole.cut_otherwise == 0


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"the seed articles are not part of the project, nor at {SEEDS}")
def test_the_seeds_are_one_article_and_aligned_as_by_hand(bench: Bench) -> None:
    (row,) = aligned_with_gold("seeds", SEEDS, bench)
    (folder,) = bench.cache.glob("seeds-*")
    with Store.open_to_read(folder) as store:
        found = list(store.articles.versions())
    assert len(found) == 5 and len({version.article for version in found}) == 1
    assert row.score.precision >= 0.97
    assert row.score.recall >= 0.90


def test_a_text_that_is_not_the_one_that_was_aligned_is_refused(tmp_path: Path, toy: Bench) -> None:
    for article in read_gold("seeds"):
        for name in article.documents.values():
            (tmp_path / name).write_text(f"This is another text, called {name}.")
    with pytest.raises(DatasetError) as caught:
        aligned_with_gold("seeds", tmp_path, toy)
    assert "is not the text that the gold alignment of 'seed' was made for (SHA-256 " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
