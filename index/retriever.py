"""A question -> ranked hits: dense and keyword search over sentences and passages, put together in one score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from index.indexer import open_caches
from index.store import Store
from index.types import Embedder, Hit, Kind, SentenceScore, Unit, Vectors
from index.vectors import KINDS

__all__ = ["Retriever", "Weights"]

CANDIDATES = 50
"""How many units each way of searching proposes; the union is scored in all ways."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of the score weighs beside the sentence's cosine, which weighs 1 (measured: docs/retrieval.md).

    BM25 scores have no upper bound, so they enter as `s / (s + saturation)`, which is in [0, 1).
    """

    passage_dense: float = 0.5
    lexical: float = 0.1
    passage_lexical: float = 0.1
    saturation: float = 10.0


@dataclass(frozen=True, slots=True)
class _Proposals:
    """What one kind of unit has to offer: ids, and BM25 scores of those that the keyword search found."""

    ids: set[int]
    lexical: dict[int, float]


class Retriever:
    """Searches one index, as it was when the retriever was made. Reads only; threads may share it."""

    def __init__(self, store: Store, embedder: Embedder, *, weights: Weights | None = None) -> None:
        """Raises IndexMismatch where the index was made with another embedder."""
        store.require_embedder(embedder.identity)
        self._store = store
        self._embedder = embedder
        self._weights = weights or Weights()
        self._vectors, self._lexical = open_caches(store)
        self.languages = store.languages()

    def embed(self, question: str) -> Vectors:
        """`float32 (dim,)`, unit length."""
        return self._embedder.embed_queries([question])[0]

    def search(self, question: str, query: Vectors, languages: Iterable[str], limit: int = 10) -> list[Hit]:
        """The best passages in these languages, best first; `query` is the question's vector from `embed`.

        Languages are made comparable by taking from each cosine what the question has in common with the mean of that
        language's texts: without this, texts in the question's own language win (Roy et al. 2020, arXiv:2004.05484).
        """
        scored = [score for language in languages for score in self._score_language(question, query, language)]
        scored.sort(key=lambda s: (-s.score, s.unit.document, s.unit.start))
        by_passage: dict[int, list[SentenceScore]] = defaultdict(list)
        for score in scored:
            by_passage[score.unit.passage].append(score)
        best = list(by_passage.values())[:limit]
        return [hit for rank, sentences in enumerate(best, start=1) if (hit := self._hit(rank, sentences))]

    def _hit(self, rank: int, sentences: list[SentenceScore]) -> Hit | None:
        unit = sentences[0].unit
        document = self._store.document(unit.document)
        if document is None:  # taken out of the index since the caches were read
            return None
        return Hit(rank, document, unit.passage_start, unit.passage_end, tuple(sentences))

    def _score_language(self, question: str, query: Vectors, language: str) -> list[SentenceScore]:
        proposals = {kind: self._proposals(kind, question, query, language) for kind in KINDS}
        units = self._store.quotable_sentences(*(proposals[kind].ids for kind in KINDS))
        sentences, passages = {unit.id for unit in units}, {unit.passage for unit in units}
        dense = self._relative_cosines("sentence", language, query, sentences)
        passage_dense = self._relative_cosines("passage", language, query, passages)
        return [
            self._score(
                unit,
                dense[unit.id],
                passage_dense[unit.passage],
                proposals["sentence"].lexical.get(unit.id, 0.0),
                proposals["passage"].lexical.get(unit.passage, 0.0),
            )
            for unit in units
            if unit.id in dense and unit.passage in passage_dense
        ]

    def _proposals(self, kind: Kind, question: str, query: Vectors, language: str) -> _Proposals:
        near = [unit for unit, _ in self._vectors.search(kind, language, query, CANDIDATES)]
        lexical = dict(self._lexical.search(question, kind=kind, limit=CANDIDATES, languages=[language]))
        return _Proposals({*near, *lexical}, lexical)

    def _relative_cosines(self, kind: Kind, language: str, query: Vectors, ids: Iterable[int]) -> dict[int, float]:
        common = float(query @ self._vectors.mean(kind, language))
        return {unit: cosine - common for unit, cosine in self._vectors.cosines(kind, language, query, ids).items()}

    def _score(
        self, unit: Unit, dense: float, passage_dense: float, lexical: float, passage_lexical: float
    ) -> SentenceScore:
        weights = self._weights
        score = (
            dense
            + weights.passage_dense * passage_dense
            + weights.lexical * lexical / (lexical + weights.saturation)
            + weights.passage_lexical * passage_lexical / (passage_lexical + weights.saturation)
        )
        return SentenceScore(unit, dense, passage_dense, lexical, passage_lexical, score)
