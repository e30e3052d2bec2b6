from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest

from bot.engine import AnswerEngine
from bot.types import Question
from evaluation.errors import EvaluationError
from evaluation.systems import SYSTEMS, dragoman, open_system
from evaluation.systems.remembering import RememberingEmbedder
from evaluation.types import EvaluationQuestion, Pool, Retrieved
from index.errors import IndexMismatch
from index.retriever import Retriever
from index.store import Store
from index.types import Hit, SentenceScore, Vectors
from tests.toy import WordEmbedder, new_store, put

POOLS: list[Pool] = [frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(("en", "nl", "fr"), size)]

TEXTS = [
    "How many weeks do new agents train?",
    "Hoeveel weken leren nieuwe medewerkers?",
    "la cantine ouvre à midi",
    "How many weeks do new agents train?",
]


def asked(text: str) -> EvaluationQuestion:
    return EvaluationQuestion("q", text, "en")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with new_store(tmp_path_factory.mktemp("dragoman") / "index") as store:
        put(
            store,
            "training",
            ["New agents train for six weeks at the office.", "A coach listens to every call."],
            ["The course ends with two tests."],
        )
        put(store, "refunds", ["Agents may refund forty euros.", "Larger refunds need a supervisor."])
        put(store, "opleiding", ["Nieuwe medewerkers leren zes weken.", "Een coach luistert mee."], language="nl")
        put(store, "cantine", ["La cantine ouvre à midi.", "Les agents y mangent."], language="fr")
        yield store


def opened(store: Store, threshold: float = 0.3) -> dragoman.Dragoman:
    system = open_system("dragoman", store, WordEmbedder(), threshold)
    assert isinstance(system, dragoman.Dragoman)
    return system


def retrieved(hit: Hit, start: int, end: int, score: float) -> Retrieved:
    return Retrieved(hit.document.source_uri, hit.document.language, start, end, score)


def test_a_ranking_is_the_order_of_the_products_own_search(store: Store) -> None:
    """Many pools and questions in turn: what is remembered of one must not show in another."""
    system, retriever = opened(store), Retriever(store, WordEmbedder())
    for text in TEXTS:
        for pool, ranking in zip(POOLS, system.rank(asked(text), POOLS), strict=True):
            hits = retriever.search(text, retriever.embed(text), sorted(pool), limit=100)
            assert hits
            assert ranking["passage"] == [retrieved(hit, hit.start, hit.end, hit.score) for hit in hits]
            sentences = [
                retrieved(hit, sentence.unit.start, sentence.unit.end, sentence.score)
                for hit in hits
                for sentence in hit.sentences
            ]
            assert ranking["sentence"] == sorted(sentences, key=lambda r: (-r.score, r.uri, r.start))
            assert {found.language for found in ranking["sentence"]} <= pool


def test_rankings_are_cut_where_nobody_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = opened(store).rank(asked(TEXTS[0]), [POOLS[-1]])
    monkeypatch.setattr(dragoman, "DEPTH", {"sentence": 2, "passage": 3})
    (cut,) = opened(store).rank(asked(TEXTS[0]), [POOLS[-1]])
    assert (cut["sentence"], cut["passage"]) == (whole["sentence"][:2], whole["passage"][:3])


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.99])
def test_the_answer_is_the_engines_as_it_ships(store: Store, threshold: float) -> None:
    system = opened(store, threshold)
    engine, bold = (AnswerEngine(Retriever(store, WordEmbedder()), threshold=t) for t in (threshold, 0.0))
    for text in [*TEXTS, "Wie betaalt de lunch?"]:
        assert system.answer(asked(text)) == engine.answer(Question(text))
        assert system.insist(asked(text)) == bold.answer(Question(text))
        system.rank(asked(text), POOLS)


def test_what_it_abstains_from_it_can_be_made_to_say(store: Store) -> None:
    system = opened(store, threshold=0.999)
    abstained, insisted = system.answer(asked(TEXTS[0])), system.insist(asked(TEXTS[0]))
    assert (abstained.status, abstained.citations) == ("abstained", ())
    assert insisted.status == "answered"
    assert insisted.citations[0].quote == "New agents train for six weeks at the office."
    assert insisted.confidence == abstained.confidence
    assert system.calibrated


def test_the_asker_is_not_told_for_the_system(store: Store) -> None:
    """A question is asked as it is typed: its language is for the product to find."""
    dutch = EvaluationQuestion("q", TEXTS[1], "vi")
    assert opened(store).insist(dutch).language == "nl"


def test_a_question_is_embedded_once_and_a_language_scored_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, scored = Counting(), []
    original = Retriever.score_language

    def counted(self: Retriever, question: str, query: Vectors, language: str) -> list[SentenceScore]:
        scored.append((question, language))
        return original(self, question, query, language)

    monkeypatch.setattr(Retriever, "score_language", counted)
    system = open_system("dragoman", store, embedder, 0.999)
    for text in TEXTS[:2]:
        system.answer(asked(text))
        system.insist(asked(text))
        system.rank(asked(text), POOLS)
    assert embedder.asked == TEXTS[:2]
    assert sorted(scored) == sorted((text, language) for text in TEXTS[:2] for language in ("en", "nl", "fr"))


class Counting(WordEmbedder):
    """Remembers what questions it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed_queries(texts)


def test_only_the_last_question_is_remembered() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    for texts in (["a"], ["a"], ["b"], ["a"], ["a", "b"]):
        assert (embedder.embed_queries(texts) == WordEmbedder().embed_queries(texts)).all()
    assert inner.asked == ["a", "b", "a", "a", "b"]
    assert embedder.identity == inner.identity
    assert (embedder.embed_passages(["c"]) == inner.embed_passages(["c"])).all()


def test_an_unknown_system_and_another_embedder_are_refused(store: Store) -> None:
    with pytest.raises(EvaluationError) as caught:
        open_system("oracle", store, WordEmbedder(), 0.3)
    assert str(caught.value) == f"no system is called 'oracle': choose from {', '.join(SYSTEMS)}"
    with pytest.raises(IndexMismatch):
        open_system("dragoman", store, WordEmbedder("2"), 0.3)
