from __future__ import annotations

import math
from pathlib import Path

import pytest

from index.errors import IndexMismatch
from index.retriever import Retriever, Weights
from index.store import Store
from index.types import Hit, Role
from tests.toy import WordEmbedder, new_store, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "index")
    put(
        store,
        "training",
        ["New agents train for six weeks.", "A coach listens in."],
        ["The course ends with two tests."],
    )
    put(store, "refunds", ["Agents may refund forty euros.", "Larger refunds need a supervisor."])
    put(store, "title", ["How long do agents train?"], role=Role.HEADING)
    put(store, "opleiding", ["Nieuwe medewerkers leren zes weken.", "Een coach luistert mee."], language="nl")
    return store


def search(store: Store, question: str, *languages: str, weights: Weights | None = None, limit: int = 10) -> list[Hit]:
    retriever = Retriever(store, WordEmbedder(), weights=weights)
    return retriever.search(question, retriever.embed(question), languages or ("en",), limit)


def quote(hit: Hit) -> str:
    unit = hit.sentences[0].unit
    return hit.document.text[unit.start : unit.end]


def test_the_best_sentence_comes_first_with_its_passage(store: Store) -> None:
    hits = search(store, "how many weeks do new agents train")
    assert quote(hits[0]) == "New agents train for six weeks."
    assert hits[0].document.text[hits[0].start : hits[0].end] == "New agents train for six weeks. A coach listens in."
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_title_that_repeats_the_question_is_not_found(store: Store) -> None:
    assert "title" not in {hit.document.id for hit in search(store, "How long do agents train?")}


def test_only_the_languages_asked_for_are_searched(store: Store) -> None:
    assert {hit.document.language for hit in search(store, "coach", "nl")} == {"nl"}
    assert {hit.document.language for hit in search(store, "coach", "nl", "en")} == {"nl", "en"}
    assert search(store, "coach", "vi") == []


def test_coverage_is_the_share_of_the_questions_rarity(store: Store) -> None:
    """Five English sentences: "supervisor" stands in one, "agents" in two, "unheard" in none."""
    rarity = {n: math.log(1 + (5 - n + 0.5) / (n + 0.5)) for n in (0, 1, 2)}
    hits = search(store, "agents supervisor unheard")
    found = {
        hit.document.text[s.unit.start : s.unit.end]: (s.coverage, s.passage_coverage)
        for hit in hits
        for s in hit.sentences
    }
    whole = rarity[0] + rarity[1] + rarity[2]
    assert found["Agents may refund forty euros."] == pytest.approx(
        (rarity[2] / whole, (rarity[2] + rarity[1]) / whole)
    )
    assert found["Larger refunds need a supervisor."][0] == pytest.approx(rarity[1] / whole)
    assert found["A coach listens in."] == pytest.approx((0, rarity[2] / whole))


def test_the_score_is_the_weighted_sum(store: Store) -> None:
    weights = Weights(passage_dense=0.3, coverage=0.7, passage_coverage=0.11)
    question = "weeks of training for agents"
    query = WordEmbedder.vector(question)
    means = {kind: store.vectors(kind, "en")[1].mean(axis=0) @ query for kind in ("sentence", "passage")}
    for hit in search(store, question, weights=weights):
        for s in hit.sentences:
            expected = (
                WordEmbedder.vector(hit.document.text[s.unit.start : s.unit.end]) @ query
                - means["sentence"]
                + 0.3 * (s.passage_dense - means["passage"])
                + 0.7 * s.coverage
                + 0.11 * s.passage_coverage
            )
            assert s.score == pytest.approx(expected, abs=1e-5)


def test_the_limit_counts_passages(store: Store) -> None:
    assert len(search(store, "agents", limit=1)) == 1


def test_what_left_the_store_since_is_passed_over(store: Store) -> None:
    retriever = Retriever(store, WordEmbedder())
    with store.transaction():
        store.remove_document("training")
    hits = retriever.search("weeks", retriever.embed("weeks"), ["en"])
    assert {hit.document.id for hit in hits} == {"refunds"}


def test_another_embedder_is_refused(store: Store) -> None:
    with pytest.raises(IndexMismatch):
        Retriever(store, WordEmbedder("2"))
