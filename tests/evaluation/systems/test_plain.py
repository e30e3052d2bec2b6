from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from evaluation.systems import open_system, plain
from evaluation.types import GRAINS, EvaluationQuestion, Grain, Pool, Ranking, Retrieved
from index.caches import refresh_caches
from index.store import Store
from index.tokens import terms
from index.types import Role
from tests.toy import WordEmbedder, new_store, put

LANGUAGES = ("en", "nl", "fr")

POOLS: list[Pool] = [frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(LANGUAGES, size)]

TEXTS = [
    "How many weeks do new agents train?",
    "nieuwe medewerkers leren hoeveel weken",
    "refund for callers",
    "weken weeks semaines",
    "unheard",
]

QUESTIONS = [EvaluationQuestion(text, text, "en") for text in TEXTS]


def question(text: str) -> EvaluationQuestion:
    return EvaluationQuestion("q", text, "en")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with new_store(tmp_path_factory.mktemp("plain") / "index") as store:
        put(
            store,
            "training",
            ["New agents train for six weeks.", "A coach listens in, and the coach takes notes."],
            ["The course of the agents ends with two tests."],
        )
        put(store, "refunds", ["Agents may refund forty euros.", "A larger refund needs a supervisor for callers."])
        put(store, "title", ["How many weeks do new agents train?"], role=Role.HEADING)
        put(store, "opleiding", ["Nieuwe medewerkers leren zes weken.", "Een coach luistert mee."], language="nl")
        put(store, "terug", ["Agents geven veertig euro terug.", "De weken tellen niet."], ["Weken!"], language="nl")
        put(store, "formation", ["Les agents suivent six semaines.", "Un coach écoute."], language="fr")
        put(store, "copie", ["New agents train for six weeks."], ["Les semaines sont longues."], language="fr")
        refresh_caches(store, 0, store.languages(), set())
        yield store


Unit = tuple[int, str, str, int, int, str]
"""`(id, URI, language, start, end, text)`."""


def units(store: Store, grain: Grain) -> list[Unit]:
    documents = {document.id: document for document in store.documents()}
    found = []
    for key, name, start, end in store.places(grain):
        document = documents[name]
        found.append((key, document.source_uri, document.language, start, end, document.text[start:end]))
    return found


def ordered(store: Store, grain: Grain, scores: dict[int, float]) -> list[Retrieved]:
    """The units that have a score, the best first, equal ones by id."""
    by_id = {unit[0]: unit for unit in units(store, grain)}
    keys = sorted(scores, key=lambda key: (-scores[key], key))
    return [Retrieved(*by_id[key][1:5], scores[key]) for key in keys]


def cosines(store: Store, grain: Grain, text: str, pool: Pool) -> dict[int, float]:
    """The toy embedder's own vectors, of texts cut out of the documents."""
    query = WordEmbedder.vector(text)
    found = {unit[0]: float(WordEmbedder.vector(unit[5]) @ query) for unit in units(store, grain) if unit[2] in pool}
    return {key: round(cosine, 5) for key, cosine in found.items()}  # so that copies are equal, however summed


def bm25(store: Store, grain: Grain, text: str, pool: Pool) -> dict[int, float]:
    """Robertson & Zaragoza 2009 with k1 = 1.2 and b = 0.75, rarities within a language, lengths over all."""
    rows = {unit[0]: (unit[2], Counter(terms(unit[5]))) for unit in units(store, grain)}
    average = sum(row.total() for _, row in rows.values()) / (len(rows) + 1)  # the index has a row of its own besides
    scores: dict[int, float] = {}
    for term in set(terms(text)):
        for key, (language, row) in rows.items():
            if language in pool and term in row:
                peers = [other for spoken, other in rows.values() if spoken == language]
                matching = sum(term in other for other in peers)
                rarity = math.log(1 + (len(peers) - matching + 0.5) / (matching + 0.5))
                norm = 1.2 * (0.25 + 0.75 * row.total() / average)
                scores[key] = scores.get(key, 0.0) + rarity * row[term] * 2.2 / (row[term] + norm)
    return {key: round(score, 5) for key, score in scores.items()}


def fused(*rankings: dict[int, float]) -> dict[int, float]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(sorted(ranking, key=lambda key: (-ranking[key], key)), start=1):
            scores[key] = scores.get(key, 0.0) + 1 / (60 + rank)
    return scores


def same(found: list[Retrieved], expected: list[Retrieved]) -> None:
    assert [(r.uri, r.language, r.start, r.end) for r in found] == [
        (r.uri, r.language, r.start, r.end) for r in expected
    ]
    np.testing.assert_allclose([r.score for r in found], [r.score for r in expected], atol=2e-5)


@pytest.mark.parametrize("asked", QUESTIONS, ids=TEXTS)
def test_dense_is_the_cosine_over_every_pool(store: Store, asked: EvaluationQuestion) -> None:
    rankings = plain.Dense(store, WordEmbedder()).rank(asked, POOLS)
    for pool, ranking in zip(POOLS, rankings, strict=True):
        assert list(ranking) == list(GRAINS)
        for grain in GRAINS:
            same(list(ranking[grain]), ordered(store, grain, cosines(store, grain, asked.text, pool)))


@pytest.mark.parametrize("asked", QUESTIONS, ids=TEXTS)
def test_keyword_is_bm25_over_every_pool(store: Store, asked: EvaluationQuestion) -> None:
    rankings = plain.Keyword(store, WordEmbedder()).rank(asked, POOLS)
    for pool, ranking in zip(POOLS, rankings, strict=True):
        for grain in GRAINS:
            same(list(ranking[grain]), ordered(store, grain, bm25(store, grain, asked.text, pool)))


@pytest.mark.parametrize("asked", QUESTIONS, ids=TEXTS)
def test_dense_and_keyword_is_their_reciprocal_rank_fusion_over_every_pool(
    store: Store, asked: EvaluationQuestion
) -> None:
    rankings = plain.DenseAndKeyword(store, WordEmbedder()).rank(asked, POOLS)
    for pool, ranking in zip(POOLS, rankings, strict=True):
        for grain in GRAINS:
            both = (cosines(store, grain, asked.text, pool), bm25(store, grain, asked.text, pool))
            same(list(ranking[grain]), ordered(store, grain, fused(*both)))


def test_fusion_by_hand(tmp_path: Path) -> None:
    """A is nearest, being short, and B has more of the words: 1/61 + 1/62 each, and A was stored first. C has none."""
    with new_store(tmp_path / "index") as store:
        put(store, "c", ["Nobody asks."])
        put(store, "a", ["Refund."])
        put(store, "b", ["The refund of all callers comes after six long weeks here."])
        found = {}
        for kind in (plain.Dense, plain.Keyword, plain.DenseAndKeyword):
            (ranking,) = kind(store, WordEmbedder()).rank(question("refund weeks"), [POOLS[0]])
            found[kind.name] = [(retrieved.uri[-1], retrieved.score) for retrieved in ranking["sentence"]]
    assert [name for name, _ in found["dense"]] == ["a", "b", "c"]
    assert [name for name, _ in found["keyword"]] == ["b", "a"]
    assert [name for name, _ in found["dense+keyword"]] == ["a", "b", "c"]
    both = 1 / 61 + 1 / 62
    assert [score for _, score in found["dense+keyword"]] == pytest.approx([both, both, 1 / 63])


@pytest.mark.parametrize("name", ["keyword", "dense", "dense+keyword"])
def test_no_ranking_is_longer_than_is_looked_at(store: Store, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (asked, everything), embedder = (QUESTIONS[3], POOLS[-1]), WordEmbedder()
    (whole,) = open_system(name, store, embedder, 0.0).rank(asked, [everything])
    monkeypatch.setattr(plain, "DEPTH", {"sentence": 3, "passage": 2})
    (cut,) = open_system(name, store, embedder, 0.0).rank(asked, [everything])
    assert [len(cut[grain]) for grain in GRAINS] == [3, 2]
    assert name == "dense+keyword" or all(list(cut[grain]) == list(whole[grain])[: len(cut[grain])] for grain in GRAINS)


@pytest.mark.parametrize("name", ["keyword", "dense", "dense+keyword"])
def test_the_answer_is_the_first_sentence_of_all_and_exact(store: Store, name: str) -> None:
    system = open_system(name, store, WordEmbedder(), 1.0)
    for asked in QUESTIONS[:4]:
        (ranking,) = system.rank(asked, [POOLS[-1]])
        first, answer = ranking["sentence"][0], system.answer(asked)
        (citation,) = answer.citations
        assert (citation.source_uri, citation.start, citation.end) == (first.uri, first.start, first.end)
        assert (answer.status, answer.confidence, answer.notice) == ("answered", first.score, None)
        document = store.document(citation.document)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote == answer.text
        assert (citation.language, citation.title) == (document.language, document.title)
        assert system.insist(asked) == answer
    assert (system.name, system.calibrated) == (name, False)


def test_where_no_word_is_found_there_is_nothing_to_quote(store: Store) -> None:
    answer = plain.Keyword(store, WordEmbedder()).answer(question("unheard"))
    assert (answer.status, answer.text, answer.confidence, answer.citations) == ("abstained", "", 0.0, ())


def test_an_empty_index_and_an_empty_pool(tmp_path: Path, store: Store) -> None:
    with new_store(tmp_path / "index") as empty:
        for kind in (plain.Dense, plain.Keyword, plain.DenseAndKeyword):
            assert kind(empty, WordEmbedder()).answer(QUESTIONS[0]).status == "abstained"
            nothing: Ranking = {"sentence": [], "passage": []}
            assert kind(store, WordEmbedder()).rank(QUESTIONS[0], [frozenset(), frozenset({"vi"})]) == [nothing] * 2


def test_headings_are_in_no_ranking(store: Store) -> None:
    for kind in (plain.Dense, plain.Keyword, plain.DenseAndKeyword):
        (ranking,) = kind(store, WordEmbedder()).rank(QUESTIONS[0], [POOLS[-1]])
        assert "file:///title" not in {found.uri for grain in GRAINS for found in ranking[grain]}
