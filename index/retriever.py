"""A question -> ranked hits: dense and keyword search over sentences and passages, put together in one score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from index.caches import open_caches
from index.errors import IndexDamaged
from index.store import Store
from index.tokens import terms
from index.types import Embedder, EmbedderIdentity, Hit, Kind, SentenceScore, Unit, Vectors
from index.vectors import KINDS

__all__ = ["Retriever", "Weights"]

CANDIDATES: dict[Kind, int] = {"sentence": 40, "passage": 20}
"""How many units each way of searching proposes; the union is scored in all ways."""

REMEMBERED_TEXTS = 16_384
"""Splitting texts into terms is most of a search's work; a string of terms is a fourteenth of a set of them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of a sentence's score weighs beside its cosine, which weighs 1 (measured: docs/retrieval.md)."""

    passage_dense: float = 0.5
    coverage: float = 0.2
    passage_coverage: float = 0.05


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

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder of the index and of the questions."""
        return self._embedder.identity

    def mean_cosine(self) -> float:
        """The mean cosine of two sentences of one language, averaged over the index's languages; 0 for no sentences."""
        means = [self._vectors.mean("sentence", language) for language in self._vectors.languages()]
        return sum(float(mean @ mean) for mean in means) / max(1, len(means))

    def embed(self, question: str) -> Vectors:
        """`float32 (dim,)`, unit length."""
        query: Vectors = self._embedder.embed_queries([question])[0]
        return query

    def search(self, question: str, query: Vectors, languages: Iterable[str], limit: int = 10) -> list[Hit]:
        """The best passages in these languages, best first; `query` is the question's vector from `embed`.

        Languages are made comparable by taking from each cosine what the question has in common with the mean of that
        language's texts: without this, texts in the question's own language win (Roy et al. 2020, arXiv:2004.05484).
        """
        with self._store.snapshot():
            scored = [score for language in languages for score in self.score_language(question, query, language)]
            scored.sort(key=lambda s: (-s.score, s.unit.document, s.unit.start))
            by_passage: dict[int, list[SentenceScore]] = defaultdict(list)
            for score in scored:
                by_passage[score.unit.passage].append(score)
            best = list(by_passage.values())[:limit]
            ids = {sentences[0].unit.document for sentences in best}
            documents = {document.id: document for document in self._store.documents(ids)}
            if lacking := ids - documents.keys():
                raise IndexDamaged(f"the index in {self._store.folder} lacks document {min(lacking)}: index again")
        return [
            Hit(rank, documents[unit.document], unit.passage_start, unit.passage_end, tuple(sentences))
            for rank, sentences in enumerate(best, start=1)
            for unit in [sentences[0].unit]
        ]

    def score_language(self, question: str, query: Vectors, language: str) -> list[SentenceScore]:
        """Every sentence of one language that a way of searching proposes, in no order."""
        proposed = {kind: self._propose(kind, question, query, language) for kind in KINDS}
        units = self._store.quotable_sentences(proposed["sentence"], proposed["passage"])
        dense = self._vectors.cosines("sentence", language, query, {unit.id for unit in units})
        passage_dense = self._vectors.cosines("passage", language, query, {unit.passage for unit in units})
        coverage = self._coverage(question, language, units)
        common = {kind: float(query @ self._vectors.mean(kind, language)) for kind in KINDS if units}
        return [
            self._score(unit, dense[unit.id], passage_dense[unit.passage], *coverage[unit.id], common)
            for unit in units
            if unit.id in dense and unit.passage in passage_dense
        ]

    def _propose(self, kind: Kind, question: str, query: Vectors, language: str) -> set[int]:
        limit = CANDIDATES[kind]
        near = self._vectors.search(kind, language, query, limit)
        worded = self._lexical.search(question, kind=kind, limit=limit, languages=[language])
        return {unit for unit, _ in (*near, *worded)}

    def _coverage(self, question: str, language: str, units: Sequence[Unit]) -> dict[int, tuple[float, float]]:
        """By sentence id, how much of the question's words stand in the sentence, and in its passage; in [0, 1].

        A word counts by its rarity in the language's sentences, so that "the" is worth nothing.
        """
        rarity = self._lexical.rarities(question, language)
        whole = sum(rarity.values()) or 1.0
        texts = self._store.document_texts({unit.document for unit in units})

        @cache
        def covered(document: str, start: int, end: int) -> float:
            there = _joined_terms(texts[document][start:end])
            return sum(weight for term, weight in rarity.items() if f" {term} " in there) / whole

        return {
            unit.id: (
                covered(unit.document, unit.start, unit.end),
                covered(unit.document, unit.passage_start, unit.passage_end),
            )
            for unit in units
        }

    def _score(
        self,
        unit: Unit,
        dense: float,
        passage_dense: float,
        coverage: float,
        passage_coverage: float,
        common: dict[Kind, float],
    ) -> SentenceScore:
        weights = self._weights
        score = (
            dense
            - common["sentence"]
            + weights.passage_dense * (passage_dense - common["passage"])
            + weights.coverage * coverage
            + weights.passage_coverage * passage_coverage
        )
        return SentenceScore(unit, dense, passage_dense, coverage, passage_coverage, score)


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _joined_terms(text: str) -> str:
    """The terms of a text with a space before and after each, so that `" term " in` it asks for a whole one."""
    return f" {' '.join(terms(text))} "
