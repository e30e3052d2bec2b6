"""Dragoman itself: the same engine as the page's, over the same index."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine import AnswerEngine
from bot.question import checked_text
from bot.types import Answer, Question
from evaluation.systems.remembering import RememberingRetriever
from evaluation.types import DEPTH, EvaluationQuestion, Pool, Ranking, Retrieved
from index.store import Store
from index.types import Embedder, Hit

__all__ = ["Dragoman"]


class Dragoman:
    """`threshold` is that of the engine under test."""

    name = "dragoman"
    calibrated = True

    def __init__(self, store: Store, embedder: Embedder, threshold: float) -> None:
        self._retriever = RememberingRetriever(store, embedder)
        self._engine = AnswerEngine(self._retriever, threshold=threshold)
        self._bold = AnswerEngine(self._retriever, threshold=0)

    def answer(self, question: EvaluationQuestion) -> Answer:
        return self._engine.answer(Question(question.text))

    def insist(self, question: EvaluationQuestion) -> Answer:
        return self._bold.answer(Question(question.text))

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        text = checked_text(question.text)
        query = self._retriever.embed(text)
        return [_ranking(self._retriever.search(text, query, sorted(pool), limit=DEPTH["passage"])) for pool in pools]


def _ranking(hits: Sequence[Hit]) -> Ranking:
    sentences = [
        _retrieved(hit, sentence.unit.start, sentence.unit.end, sentence.score)
        for hit in hits
        for sentence in hit.sentences
    ]
    sentences.sort(key=lambda retrieved: (-retrieved.score, retrieved.uri, retrieved.start))
    return {
        "sentence": sentences[: DEPTH["sentence"]],
        "passage": [_retrieved(hit, hit.start, hit.end, hit.score) for hit in hits],
    }


def _retrieved(hit: Hit, start: int, end: int, score: float) -> Retrieved:
    return Retrieved(hit.document.source_uri, hit.document.language, start, end, score)
