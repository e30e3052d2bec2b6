"""Dragoman itself: the same engine as the page's, over the same index."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine import AnswerEngine
from bot.question import checked_text
from bot.types import Answer, Question
from bot.writing import Writer
from evaluation.systems.remembering import RememberingRetriever, RememberingWriter
from evaluation.types import DEPTH, EvaluationQuestion, Pool, Ranking, Retrieved
from index.store import Store
from index.types import Embedder, Evidence

__all__ = ["Dragoman"]


class Dragoman:
    """`threshold` and `writer` are those of the engine under test."""

    name = "dragoman"
    calibrated = True

    def __init__(self, store: Store, embedder: Embedder, threshold: float, writer: Writer | None = None) -> None:
        self._retriever = RememberingRetriever(store, embedder)
        remembering = RememberingWriter(writer) if writer else None
        self._engine = AnswerEngine(self._retriever, threshold=threshold, writer=remembering)
        self._bold = AnswerEngine(self._retriever, threshold=0, writer=remembering and remembering.again)

    def answer(self, question: EvaluationQuestion) -> Answer:
        return self._engine.answer(Question(question.text, history=question.history))

    def insist(self, question: EvaluationQuestion) -> Answer:
        """Quoted: what a model makes of it is not asked for, only what it understood is searched for again."""
        return self._bold.answer(Question(question.text, history=question.history))

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        text = checked_text(question.text)
        query = self._retriever.embed(text)
        own, limit = question.language, DEPTH["sentence"]
        return [
            _ranking(self._retriever.search(text, query, sorted(pool), asker=own, limit=limit), own) for pool in pools
        ]


def _ranking(found: Sequence[Evidence], asker: str) -> Ranking:
    """A statement's versions follow each other: the best sentence of each, the asker's first, then what else it has."""
    statements = [(statement, evidence) for evidence in found for statement in evidence.statements]
    places = [
        (
            (-statement.score, sentence is not statement.best(document), sentence.unit.language != asker),
            evidence.documents[document],
            sentence.unit,
        )
        for statement, evidence in statements
        for document, run in statement.versions.items()
        for sentence in run
    ]
    places.sort(key=lambda place: (place[0], place[1].source_uri, place[2].start))
    sentences: dict[int, Retrieved] = {}
    passages: dict[int, Retrieved] = {}
    for (negative, *_), document, unit in places:
        uri, language = document.source_uri, document.language
        sentences.setdefault(unit.id, Retrieved(uri, language, unit.start, unit.end, -negative))
        passages.setdefault(unit.passage, Retrieved(uri, language, unit.passage_start, unit.passage_end, -negative))
    return {
        "sentence": list(sentences.values())[: DEPTH["sentence"]],
        "passage": list(passages.values())[: DEPTH["passage"]],
    }
