"""Work that one question needs several times in an evaluation, done once; a product asks each question once."""

from __future__ import annotations

from collections.abc import Sequence

from index.retriever import Retriever
from index.types import Embedder, EmbedderIdentity, SentenceScore, Unit, Vectors

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
    """Proposes and scores the sentences of a language once a question, in however many pools it is searched."""

    _question = ""

    def propose(self, question: str, query: Vectors, language: str, *, worded: bool) -> list[Unit]:
        """As the retriever's own."""
        if question != self._question:
            self._question = question
            self._proposed, self._scores = dict[tuple[str, bool], list[Unit]](), dict[tuple[int, bool], SentenceScore]()
        if (language, worded) not in self._proposed:
            self._proposed[language, worded] = super().propose(question, query, language, worded=worded)
        return self._proposed[language, worded]

    def score(
        self, question: str, query: Vectors, language: str, units: Sequence[Unit], *, worded: bool
    ) -> list[SentenceScore]:
        """As the retriever's own."""
        new = [unit for unit in units if (unit.id, worded) not in self._scores]
        for score in super().score(question, query, language, new, worded=worded):
            self._scores[score.unit.id, worded] = score
        return [self._scores[unit.id, worded] for unit in units if (unit.id, worded) in self._scores]
