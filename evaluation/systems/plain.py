"""Search as it is usually built, over Dragoman's own sentences and vectors: keywords, vectors, and the two fused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from bot.types import Answer
from evaluation.systems.quoting import quoting
from evaluation.types import DEPTH, GRAINS, EvaluationQuestion, Grain, Pool, Ranking, Retrieved
from index.caches import open_caches
from index.store import Store
from index.types import Embedder

__all__ = ["Dense", "DenseAndKeyword", "Keyword"]

FUSION = 60
"""k of reciprocal rank fusion, sum of 1 / (k + rank): the value of its authors (Cormack et al. 2009)."""

REMEMBERED = 200
"""Searches of one language by one question, which several pools of it share."""

Scored: TypeAlias = "list[tuple[int, float]]"
"""`(unit, score)`, best first, equal ones by unit."""


class _Plain(ABC):
    """Answers with the first sentence, and never abstains."""

    name: str
    calibrated = False

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._embedder = embedder
        self._documents = {document.id: document for document in store.documents()}
        self._by_uri = {document.source_uri: document for document in self._documents.values()}
        self._everything: Pool = frozenset(document.language for document in self._documents.values())
        self._places = {
            kind: {key: (document, start, end) for key, document, start, end in store.places(kind)} for kind in GRAINS
        }
        self._vectors, self._lexical = open_caches(store)
        self._near = lru_cache(REMEMBERED)(self._near_in_language)
        self._worded = lru_cache(REMEMBERED)(self._worded_in_language)

    def answer(self, question: EvaluationQuestion) -> Answer:
        ranked = self._ranked("sentence", question.text, self._everything)
        return quoting(question, ranked[0], self._by_uri[ranked[0].uri]) if ranked else quoting(question)

    def insist(self, question: EvaluationQuestion) -> Answer:
        return self.answer(question)

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        return [{grain: self._ranked(grain, question.text, pool) for grain in GRAINS} for pool in pools]

    def _ranked(self, grain: Grain, text: str, pool: Pool) -> list[Retrieved]:
        return [self._retrieved(grain, key, score) for key, score in self._search(grain, text, pool)]

    def _retrieved(self, grain: Grain, key: int, score: float) -> Retrieved:
        name, start, end = self._places[grain][key]
        document = self._documents[name]
        return Retrieved(document.source_uri, document.language, start, end, score)

    @abstractmethod
    def _search(self, grain: Grain, text: str, pool: Pool) -> Scored:
        """The units of all languages of the pool in one ranking."""

    def _nearest(self, grain: Grain, text: str, pool: Pool) -> Scored:
        found = (hit for language in sorted(pool) for hit in self._near(grain, text, language))
        return _best(found, DEPTH[grain])

    def _best_worded(self, grain: Grain, text: str, pool: Pool) -> Scored:
        found = (hit for language in sorted(pool) for hit in self._worded(grain, text, language))
        return _best(found, DEPTH[grain])

    def _near_in_language(self, grain: Grain, text: str, language: str) -> Scored:
        return self._vectors.search(grain, language, self._embedder.embed_queries([text])[0], DEPTH[grain])

    def _worded_in_language(self, grain: Grain, text: str, language: str) -> Scored:
        return self._lexical.search(text, kind=grain, limit=DEPTH[grain], languages=[language])


class Keyword(_Plain):
    """BM25 over all languages' words, each language with its own statistics."""

    name = "keyword"

    def _search(self, grain: Grain, text: str, pool: Pool) -> Scored:
        return self._best_worded(grain, text, pool)


class Dense(_Plain):
    """The cosine of the question's vector and the unit's, all languages in one pool."""

    name = "dense"

    def _search(self, grain: Grain, text: str, pool: Pool) -> Scored:
        return self._nearest(grain, text, pool)


class DenseAndKeyword(_Plain):
    """Both, by reciprocal rank fusion."""

    name = "dense+keyword"

    def _search(self, grain: Grain, text: str, pool: Pool) -> Scored:
        fused: dict[int, float] = defaultdict(float)
        for found in (self._nearest(grain, text, pool), self._best_worded(grain, text, pool)):
            for rank, (key, _) in enumerate(found, start=1):
                fused[key] += 1 / (FUSION + rank)
        return _best(fused.items(), DEPTH[grain])


def _best(found: Iterable[tuple[int, float]], depth: int) -> Scored:
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:depth]
