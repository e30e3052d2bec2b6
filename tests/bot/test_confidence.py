from __future__ import annotations

from dataclasses import astuple, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.confidence import (
    NO_BACKGROUND,
    OTHERWISE,
    UNRELATED_COSINE,
    WEIGHTS,
    Features,
    confidence,
    features,
    unrelated_cosine,
)
from index.retriever import Retriever
from index.store import Store
from index.types import EmbedderIdentity, Evidence, SentenceScore, Statement, Unit
from tests.toy import WordEmbedder, new_store, put

NAMES = [field.name for field in fields(Features)]

numbers = st.floats(-1e300, 1e300)
ordinary = st.builds(Features, *[st.floats(-2, 2)] * len(NAMES))


def sentence(document: str, language: str, cosine: float, coverage: float = 0.0, place: int = 0) -> SentenceScore:
    unit = Unit(place, 0, document, language, place, place + 1, 0, 100)
    return SentenceScore(unit, cosine, cosine, cosine, coverage, coverage)


def statement(score: float, *sentences: SentenceScore) -> Statement:
    versions: dict[str, tuple[SentenceScore, ...]] = {}
    for found in sentences or [sentence("a", "en", 0.9)]:
        versions[found.unit.document] = (*versions.get(found.unit.document, ()), found)
    return Statement(score, versions)


def evidence(*statements: Statement) -> Evidence:
    return Evidence(1, "a", {}, statements)


# From features to a probability


@given(st.builds(Features, numbers, numbers, numbers, numbers), st.sampled_from([*WEIGHTS, "unheard of"]))
def test_it_is_a_probability_whatever_the_features(found: Features, embedder: str) -> None:
    assert 0 <= confidence(found, embedder) <= 1


@given(ordinary, st.sampled_from(range(len(NAMES))), st.floats(0.01, 3), st.sampled_from(sorted(WEIGHTS)))
def test_it_grows_or_falls_with_each_feature_as_the_sign_of_its_weight_says(
    found: Features, place: int, more: float, embedder: str
) -> None:
    weights, _ = WEIGHTS[embedder]
    name = NAMES[place]
    changed: Features = replace(found, **{name: astuple(found)[place] + more})
    before, after = confidence(found, embedder), confidence(changed, embedder)
    if weights[place] > 0:
        assert after >= before
    else:
        assert after <= before
    if weights[place] and 0.001 < before < 0.999:
        assert after != before


@pytest.mark.parametrize("embedder", sorted(WEIGHTS))
def test_being_near_and_standing_out_speak_for_an_answer(embedder: str) -> None:
    weights, intercept = WEIGHTS[embedder]
    assert len(weights) == len(NAMES)
    weight = dict(zip(NAMES, weights, strict=True))
    assert weight["relatedness"] > 0
    assert weight["lift"] > 0
    assert intercept < 0
    assert confidence(Features(0, 0, 0, 0), embedder) < 0.5 < confidence(Features(1, 1, 1, 1), embedder)


@given(ordinary)
def test_an_embedder_without_weights_of_its_own_has_those_of_the_bundled_one(found: Features) -> None:
    assert confidence(found, "unheard of") == confidence(found, OTHERWISE) == confidence(found, "multilingual-e5-small")


# From statements to features


def test_the_background_is_the_statements_of_rank_6_to_15() -> None:
    """Spread over articles: the ranks are those of all statements together."""
    scores = [3.0, 2.9, 2.8, 2.7, 2.6, *(1 + n / 100 for n in range(10)), *[-100.0] * 20]
    assert len(scores) == 35
    held = [statement(score) for score in scores]
    found = [evidence(*held[::2]), evidence(*held[1::2])]
    background = sum(scores[5:15]) / 10
    assert features(held[0], found, "en", 0.5).lift == pytest.approx((3.0 - background) / 0.5)
    assert features(held[3], found, "en", 0.5).lift == pytest.approx((2.7 - background) / 0.5)


def test_of_seven_statements_the_background_is_the_last_two() -> None:
    held = [statement(score) for score in (7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)]
    assert features(held[0], [evidence(*held)], "en", 0.0).lift == pytest.approx(5.5)


@pytest.mark.parametrize("many", [2, 3, 5])
def test_of_few_statements_the_background_is_all_but_the_best(many: int) -> None:
    held = [statement(float(score)) for score in range(many, 0, -1)]
    assert features(held[0], [evidence(*held)], "en", 0.0).lift == pytest.approx(many - many / 2)


def test_a_statement_by_itself_stands_out_by_a_little() -> None:
    held = statement(123.0)
    assert features(held, [evidence(held)], "en", 0.5).lift == pytest.approx(NO_BACKGROUND / 0.5)


def test_relatedness_is_the_askers_version_from_unrelated_to_the_same() -> None:
    held = statement(1.0, sentence("a", "en", 0.9), sentence("b", "nl", 0.8), sentence("c", "fr", 1.0))
    for asker, cosine in (("en", 0.9), ("nl", 0.8), ("fr", 1.0)):
        assert features(held, [evidence(held)], asker, 0.8).relatedness == pytest.approx((cosine - 0.8) / 0.2)


def test_agreement_is_the_better_half_of_all_and_relatedness_too_where_the_asker_has_none() -> None:
    cosines = {"en": 0.9, "nl": 0.2, "fr": 0.7, "pt": 0.8, "vi": -0.5}
    held = statement(1.0, *(sentence(language, language, cosine) for language, cosine in cosines.items()))
    better = (0.9 + 0.8 + 0.7) / 3
    for asker, own in (("de", better), ("nl", 0.2)):
        found = features(held, [evidence(held)], asker, 0.0)
        assert found.agreement == pytest.approx(better)
        assert found.relatedness == pytest.approx(own)


def test_a_version_of_several_sentences_is_as_near_as_its_nearest() -> None:
    run = [
        sentence("a", "en", cosine, coverage, place)
        for place, (cosine, coverage) in enumerate([(0.2, 0.9), (0.7, 0.1)])
    ]
    held = statement(1.0, *run, sentence("b", "nl", 0.5, 0.3))
    found = features(held, [evidence(held)], "en", 0.0)
    assert found.relatedness == found.agreement == pytest.approx(0.7)
    assert found.coverage == 0.9  # whichever sentence has most of the words


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=6), st.data()
)
def test_features_of_anything_that_can_be_found_are_finite_and_the_order_of_versions_is_all_one(
    drawn: list[tuple[str, float, float]], data: st.DataObject
) -> None:
    run = [sentence(name, name, cosine, coverage, n) for n, (name, cosine, coverage) in enumerate(drawn)]
    unrelated = data.draw(st.floats(-0.2, 0.95))
    held, other = statement(1.0, *run), statement(1.0, *reversed(run))
    found, again = (features(one, [evidence(one)], "a", unrelated) for one in (held, other))
    assert astuple(found) == pytest.approx(astuple(again))
    assert 0 <= confidence(found, "unheard of") <= 1


# What is unrelated


def test_unrelated_is_what_was_measured_of_the_embedder_or_estimated_from_the_index(tmp_path: Path) -> None:
    with new_store(tmp_path / "toy") as store:
        put(store, "a", ["One thing.", "Something else entirely."], ["Nothing of the kind."])
        put(store, "b", ["Een ding.", "Iets heel anders."], language="nl")
        retriever = Retriever(store, WordEmbedder())
        means = [store.vectors("sentence", language)[1].mean(axis=0) for language in ("en", "nl")]
        expected = sum(float(mean @ mean) for mean in means) / 2
        assert unrelated_cosine(retriever) == pytest.approx(expected, abs=1e-5)
        assert 0 < expected < 0.95


def test_what_was_measured_counts_whatever_the_index_holds(tmp_path: Path) -> None:
    class Bundled(WordEmbedder):
        """The toy under the name of the bundled embedder."""

        def __init__(self) -> None:
            super().__init__()
            toy = self.identity
            self.identity = EmbedderIdentity("multilingual-e5-small", "1", toy.dimension, "", "")

    (tmp_path / "index").mkdir()
    with Store.open_to_write(tmp_path / "index", Bundled().identity) as store:
        assert unrelated_cosine(Retriever(store, Bundled())) == UNRELATED_COSINE["multilingual-e5-small"]


def test_an_index_of_one_sentence_leaves_room_for_something_related(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        assert unrelated_cosine(Retriever(store, WordEmbedder())) == 0
        put(store, "a", ["One thing."])
        assert unrelated_cosine(Retriever(store, WordEmbedder())) == 0.95
