from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import pytest

from bot.engine import AnswerEngine
from bot.exhibits import Exhibit
from bot.types import Answer, Listener, ModelUse, Question
from bot.writing import Understood
from evaluation.errors import EvaluationError
from evaluation.systems import SYSTEMS, dragoman, open_system
from evaluation.systems.remembering import RememberingEmbedder, RememberingRetriever
from evaluation.types import EvaluationQuestion, Pool, Retrieved
from index.errors import IndexMismatch
from index.retriever import Retriever
from index.store import Store
from index.types import Evidence, SentenceScore, Unit, Vectors
from tests.toy import WordEmbedder, align, new_store, put

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
        put(
            store,
            "opleiding",
            ["New agents leren zes weeks.", "Een coach luistert mee.", "Het einde: twee toetsen."],
            language="nl",
        )
        put(store, "formation", ["New agents: train six semaines.", "Un coach écoute."], language="fr")
        align(
            store,
            {"training": [0], "opleiding": [0], "formation": [0]},
            {"training": [1], "opleiding": [1, 2], "formation": [1]},
            {"training": [2], "opleiding": [2]},
        )
        put(store, "cantine", ["La cantine ouvre à midi.", "Les agents y mangent."], language="fr")
        yield store


def opened(store: Store, threshold: float = 0.3) -> dragoman.Dragoman:
    system = open_system("dragoman", store, WordEmbedder(), threshold)
    assert isinstance(system, dragoman.Dragoman)
    return system


def statements_of(found: Sequence[Evidence]) -> list[set[tuple[str, int]]]:
    """The sentences of each statement, best first."""
    everything = [(statement, evidence) for evidence in found for statement in evidence.statements]
    return [
        {(evidence.documents[name].source_uri, s.unit.start) for name, run in statement.versions.items() for s in run}
        for statement, evidence in sorted(everything, key=lambda pair: -pair[0].score)
    ]


def places(found: Sequence[Retrieved]) -> list[tuple[str, int]]:
    return [(one.uri, one.start) for one in found]


def test_a_ranking_is_the_order_of_the_products_own_search(store: Store) -> None:
    """Many pools and questions in turn: what is remembered of one must not show in another."""
    system, retriever = opened(store), Retriever(store, WordEmbedder())
    for text in TEXTS:
        for pool, ranking in zip(POOLS, system.rank(asked(text), POOLS), strict=True):
            found = retriever.search(text, retriever.embed(text), sorted(pool), asker="en", limit=100)
            assert found
            statements = statements_of(found)
            best = {
                place: next(n for n, held in enumerate(statements) if place in held)
                for place in set().union(*statements)
            }
            order = [best[place] for place in places(ranking["sentence"])]
            assert order == sorted(order)
            assert set(places(ranking["sentence"])) == set(best)
            scores = [one.score for one in ranking["sentence"]]
            assert scores == sorted(scores, reverse=True)
            assert scores[0] == found[0].score
            assert {one.language for one in (*ranking["sentence"], *ranking["passage"])} <= pool


def test_each_sentence_and_each_passage_is_ranked_once(store: Store) -> None:
    """Though a Dutch sentence stands in two statements, and a passage holds several sentences."""
    for text in TEXTS:
        for ranking in opened(store).rank(asked(text), POOLS):
            for found in (ranking["sentence"], ranking["passage"]):
                assert len(set(places(found))) == len(found)
    (whole,) = opened(store).rank(asked(TEXTS[0]), [POOLS[-1]])
    sentences = [document.text for document in store.documents()]
    assert len(whole["sentence"]) == 12
    assert len(whole["passage"]) == len(sentences) + 1  # one document has two
    spans = [(one.uri, one.start, one.end) for one in whole["passage"]]
    for one in whole["sentence"]:
        assert any(uri == one.uri and start <= one.start < one.end <= end for uri, start, end in spans)


def test_the_versions_of_a_statement_follow_each_other_the_askers_first(store: Store) -> None:
    (ranking,) = opened(store).rank(asked("A coach listens to every call, einde twee toetsen"), [POOLS[-1]])
    texts = {document.source_uri: document.text for document in store.documents()}
    assert [texts[one.uri][one.start : one.end] for one in ranking["sentence"][:4]] == [
        "A coach listens to every call.",
        "Un coach écoute.",
        "Het einde: twee toetsen.",
        "Een coach luistert mee.",
    ]
    assert len({one.score for one in ranking["sentence"][:4]}) == 1
    assert [one.language for one in ranking["passage"][:3]] == ["en", "fr", "nl"]


def test_the_remembering_retriever_finds_the_same_in_every_pool(store: Store) -> None:
    plain, remembering = Retriever(store, WordEmbedder()), RememberingRetriever(store, WordEmbedder())
    for text in (TEXTS[0], TEXTS[1], TEXTS[0]):
        for pool in (*POOLS, POOLS[0]):
            for asker in ("en", "vi", None):
                found = (
                    retriever.search(text, retriever.embed(text), sorted(pool), asker=asker, limit=100)
                    for retriever in (plain, remembering)
                )
                assert next(found) == next(found)


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


def test_a_follow_up_is_asked_with_its_history(store: Store) -> None:
    question = EvaluationQuestion("q", "and how long?", "en", history=(TEXTS[0],))
    system, engine = opened(store, threshold=0), AnswerEngine(Retriever(store, WordEmbedder()), threshold=0)
    assert system.answer(question) == engine.answer(Question("and how long?", history=(TEXTS[0],)))
    assert system.answer(question).follow_up_of == TEXTS[0]
    (with_history,), (without,) = (
        opened(store).rank(one, POOLS[:1]) for one in (question, EvaluationQuestion("q", "and how long?", "en"))
    )
    assert with_history == without


def test_what_it_abstains_from_after_a_history_it_can_be_made_to_say(store: Store) -> None:
    question = EvaluationQuestion("q", "Which river flows past the old castle?", "en", history=(TEXTS[0],))
    system = opened(store, threshold=0.9999)
    abstained, insisted = system.answer(question), system.insist(question)
    assert abstained.status == "abstained"
    assert insisted.confidence == abstained.confidence


def test_what_it_abstains_from_it_can_be_made_to_say(store: Store) -> None:
    system = opened(store, threshold=0.999)
    abstained, insisted = system.answer(asked(TEXTS[0])), system.insist(asked(TEXTS[0]))
    assert (abstained.status, abstained.citations) == ("abstained", ())
    assert insisted.status == "answered"
    assert insisted.citations[0].quote == "New agents train for six weeks at the office."
    assert insisted.confidence == abstained.confidence
    assert system.calibrated


class Scripted:
    """A writer, and its work: understands every question as it was told, and writes "Prose."."""

    use = ModelUse("scripted", 1, 0, 0, None, 1, (), 1)

    def __init__(self, *understood: Understood | None) -> None:
        self.understood = understood[0] if understood else None
        self.asked: list[str] = []
        self.given: list[Sequence[Exhibit]] = []

    def begin(self, _: Listener) -> Scripted:
        return self

    def understand(self, question: str, language: str, history: Sequence[str], into: str | None) -> Understood | None:
        self.asked.append(question)
        return self.understood

    def write(self, answer: Answer, exhibits: Sequence[Exhibit]) -> Answer:
        self.given.append(exhibits)
        return replace(answer, text="Prose.", composer="generative")


def test_with_a_writer_the_answer_is_prose_and_what_it_insists_on_is_quoted(store: Store) -> None:
    writer = Scripted()
    bold, shy = (dragoman.Dragoman(store, WordEmbedder(), threshold, writer) for threshold in (0.0, 0.9999))
    answer = bold.answer(asked(TEXTS[0]))
    assert (answer.text, answer.composer, answer.model_use) == ("Prose.", "generative", Scripted.use)
    assert writer.given[0][0].text == "New agents train for six weeks at the office."
    assert shy.answer(asked(TEXTS[0])).status == "abstained"
    assert shy.insist(asked(TEXTS[0])).text == "New agents train for six weeks at the office."
    assert len(writer.given) == 1


def test_what_the_model_understood_is_insisted_upon_without_asking_it_again(store: Store) -> None:
    question = EvaluationQuestion("q", "and how long?", "en", history=(TEXTS[2],))
    writer = Scripted(Understood(TEXTS[0], None))
    system = dragoman.Dragoman(store, WordEmbedder(), 0.9999, writer)
    abstained, insisted = system.answer(question), system.insist(question)
    assert (abstained.status, insisted.understood_as) == ("abstained", TEXTS[0])
    assert insisted.confidence == abstained.confidence
    assert writer.asked == ["and how long?"]
    system.answer(asked(TEXTS[0]))
    assert system.insist(question).understood_as is None  # of the question before the last nothing is kept


def test_what_a_model_is_given_to_read_is_scored_by_the_question_that_found_it(store: Store) -> None:
    """And not by the translation, which was searched for after it and found less."""
    text, given = "New agents train six weeks, und dann?", []
    for retriever in (Retriever(store, WordEmbedder()), RememberingRetriever(store, WordEmbedder())):
        writer = Scripted(Understood(text, "Which supervisor signs for euros?"))
        answer = AnswerEngine(retriever, threshold=0, writer=writer).answer(Question(text, language="de"))
        assert (writer.asked, answer.understood_as) == ([text], None)
        given += writer.given
    plain, remembering = given
    assert len(plain) > 2
    assert [(one.text, one.statement.score) for one in plain] == [
        (one.text, one.statement.score) for one in remembering
    ]


def test_the_asker_is_not_told_for_the_system(store: Store) -> None:
    """A question is asked as it is typed: its language is for the product to find."""
    dutch = EvaluationQuestion("q", TEXTS[1], "vi")
    assert opened(store).insist(dutch).language == "nl"


def test_a_question_is_embedded_once_and_a_sentence_scored_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each of two ways at most: with words and without, as the pool has the asker's language or not."""
    embedder = Counting()
    proposed: list[tuple[str, str, bool]] = []
    scored: list[tuple[str, int, bool]] = []
    propose, score = Retriever.propose, Retriever.score

    def counted_propose(self: Retriever, question: str, query: Vectors, language: str, *, worded: bool) -> list[Unit]:
        proposed.append((question, language, worded))
        return propose(self, question, query, language, worded=worded)

    def counted_score(
        self: Retriever, question: str, query: Vectors, language: str, units: Sequence[Unit], *, worded: bool
    ) -> list[SentenceScore]:
        scored.extend((question, unit.id, worded) for unit in units)
        return score(self, question, query, language, units, worded=worded)

    monkeypatch.setattr(Retriever, "propose", counted_propose)
    monkeypatch.setattr(Retriever, "score", counted_score)
    system = open_system("dragoman", store, embedder, 0.999)
    for text, language in zip(TEXTS[:2], ("en", "nl"), strict=True):
        question = EvaluationQuestion("q", text, language)
        system.answer(question)
        system.insist(question)
        system.rank(question, POOLS)
    assert embedder.asked == TEXTS[:2]
    assert len(set(proposed)) == len(proposed) == 2 * 5  # the asker's language is never searched without its words
    assert len(set(scored)) == len(scored) > 0


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
