"""Work that one question needs several times in an evaluation, done once; a product asks each question once."""

from __future__ import annotations

from collections.abc import Sequence

from bot.exhibits import Exhibit
from bot.types import Answer, Listener, ModelUse
from bot.writing import Understood, Work, Writer
from index.retriever import Retriever
from index.types import Embedder, EmbedderIdentity, SentenceScore, Unit, Vectors

__all__ = ["RememberingEmbedder", "RememberingRetriever", "RememberingWriter"]


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
        self._turn_to(question)
        if (language, worded) not in self._proposed:
            self._proposed[language, worded] = super().propose(question, query, language, worded=worded)
        return self._proposed[language, worded]

    def score(
        self, question: str, query: Vectors, language: str, units: Sequence[Unit], *, worded: bool
    ) -> list[SentenceScore]:
        """As the retriever's own."""
        self._turn_to(question)
        new = [unit for unit in units if (unit.id, worded) not in self._scores]
        for score in super().score(question, query, language, new, worded=worded):
            self._scores[score.unit.id, worded] = score
        return [self._scores[unit.id, worded] for unit in units if (unit.id, worded) in self._scores]

    def _turn_to(self, question: str) -> None:
        if question != self._question:
            self._question = question
            self._proposed, self._scores = dict[tuple[str, bool], list[Unit]](), dict[tuple[int, bool], SentenceScore]()


class RememberingWriter:
    """Keeps what the model understood of the last question; `again` understands the same of it, and writes nothing."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.again = _Again()

    def begin(self, listener: Listener) -> Work:
        self.again.understood.clear()
        return _Remembered(self._writer.begin(listener), self.again)


class _Remembered:
    def __init__(self, work: Work, again: _Again) -> None:
        self._work = work
        self._again = again

    @property
    def use(self) -> ModelUse:
        return self._work.use

    def understand(self, question: str, language: str, history: Sequence[str], into: str | None) -> Understood | None:
        understood = self._work.understand(question, language, history, into)
        self._again.understood[question, language, tuple(history), into] = understood
        return understood

    def write(self, answer: Answer, exhibits: Sequence[Exhibit]) -> Answer:
        return self._work.write(answer, exhibits)


class _Again:
    """A writer that asks no model, and its work."""

    use = ModelUse("", 0, 0, 0, None, 0, (), 0)

    def __init__(self) -> None:
        self.understood: dict[tuple[str, str, tuple[str, ...], str | None], Understood | None] = {}

    def begin(self, _: Listener) -> Work:
        return self

    def understand(self, question: str, language: str, history: Sequence[str], into: str | None) -> Understood | None:
        return self.understood.get((question, language, tuple(history), into))

    def write(self, answer: Answer, _: Sequence[Exhibit]) -> Answer:
        return answer
