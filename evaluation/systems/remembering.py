"""Work that one question needs several times in an evaluation, done once; a product asks each question once."""

from __future__ import annotations

from collections.abc import Sequence

from index.retriever import Retriever
from index.types import Embedder, EmbedderIdentity, SentenceScore, Vectors

__all__ = ["RememberingEmbedder", "RememberingRetriever"]


class RememberingEmbedder:
    """Keeps the vector of the last question: it is answered first, against the clock, and then tried in pools."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._last: tuple[Sequence[str], Vectors] | None = None

    @property
    def identity(self) -> EmbedderIdentity:
        return self._embedder.identity

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        if self._last is None or self._last[0] != texts:
            self._last = texts, self._embedder.embed_queries(texts)
        return self._last[1]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts)


class RememberingRetriever(Retriever):
    """Scores a language once a question, in however many pools it is searched: the same scores."""

    _question = ""

    def score_language(self, question: str, query: Vectors, language: str) -> list[SentenceScore]:
        """As the retriever's own."""
        if question != self._question:
            self._question, self._scores = question, dict[str, list[SentenceScore]]()
        if language not in self._scores:
            self._scores[language] = super().score_language(question, query, language)
        return self._scores[language]
