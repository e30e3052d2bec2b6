"""LangChain from the other side: an index as a LangChain retriever, and an embedder as LangChain's `Embeddings`.

Needs `langchain-core`. Nothing else here imports this module, so nothing else needs it or waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import run_in_executor
from pydantic import AfterValidator, Field, PrivateAttr, SkipValidation

from index.caches import are_current
from index.embedding import open_embedder
from index.errors import QuestionError
from index.language import canonical_language, question_language
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder, Evidence, SentenceScore, Statement

__all__ = ["DragomanEmbeddings", "DragomanRetriever"]

QUESTION_LIMIT = 2_000
"""Characters; about what the embedder reads of a question."""


def _language(code: str) -> str:
    language = canonical_language(code)
    if language is None:
        raise ValueError(f"{code!r} is not a language code: use one such as nl, fr, en, pt-BR or vi")
    return language


class DragomanRetriever(BaseRetriever):
    """The passages of an index nearest to a question, one an article, best first, whether they answer or not.

    Each is from the version in the asker's language where there is one, else from the nearest in meaning.
    `docs/langchain.md` lists the metadata. The index is opened at the first question, and anew at the first one after
    it has changed. Threads may share it. Raises IndexMissing and the other errors of `index.errors` when it is asked.
    """

    index: Path
    """The index folder, as `dragoman index --index` made it."""

    k: int = Field(default=4, ge=1)
    """How many passages are given back at most. `invoke(question, k=...)` overrides it for one question."""

    language: Annotated[str, AfterValidator(_language)] | None = None
    """The asker's; None detects that of each question. `invoke(question, language=...)` overrides it."""

    embedder: SkipValidation[Embedder | str | None] = None
    """The one that made the index, opened already or by name; None opens it by the name that the index remembers."""

    _live: _LiveRetriever = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - as pydantic has it
        self._live = _LiveRetriever(self.index, self.embedder)

    def close(self) -> None:
        """Lets go of the index. A further question opens it again."""
        self._live.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        language: str | None = None,
    ) -> list[Document]:
        """Nothing for a question without letters and digits; of a long one the first 2,000 characters are read.

        Raises QuestionError where `k` or `language` cannot be used.
        """
        limit = self.k if k is None else k
        if limit < 1:
            raise QuestionError(f"k is {limit}: ask for 1 passage or more")
        try:
            asker = self.language if language is None else _language(language)
        except ValueError as error:
            raise QuestionError(str(error)) from error
        text = query.strip()[:QUESTION_LIMIT]
        return self._live.passages(text, asker, limit) if any(map(str.isalnum, text)) else []

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        k: int | None = None,
        language: str | None = None,
    ) -> list[Document]:
        """The same in a thread; BaseRetriever's own would not take `k` and `language`."""
        manager = run_manager.get_sync()
        return await run_in_executor(
            None, self._get_relevant_documents, query, run_manager=manager, k=k, language=language
        )


class DragomanEmbeddings(Embeddings):
    """Vectors of unit length. Queries and passages get the prefixes that the model wants from the embedder itself."""

    def __init__(self, embedder: Embedder | str | None = None) -> None:
        """An embedder, or what `open_embedder` takes: a model's name or folder, None for the bundled one.

        Raises EmbedderError.
        """
        self._embedder = _opened(embedder)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._embedder.embed_queries([text])[0].tolist()
        return vector


def _opened(embedder: Embedder | str | None) -> Embedder:
    return open_embedder(embedder) if embedder is None or isinstance(embedder, str) else embedder


@dataclass(frozen=True, slots=True)
class _Opened:
    generation: int
    store: Store
    retriever: Retriever


class _LiveRetriever:
    """The newest state of an index, opened when first needed. Threads take turns, and copies of its owner share it."""

    def __init__(self, folder: Path, embedder: Embedder | str | None) -> None:
        self._folder = folder
        self._embedder = embedder
        self._lock = Lock()
        self._opened: _Opened | None = None

    def passages(self, question: str, language: str | None, limit: int) -> list[Document]:
        with self._lock:
            retriever = self._current()
        query = retriever.embed(question)
        with self._lock:
            retriever = self._current()  # closed meanwhile, perhaps, by another thread
            asker = language or question_language(question, retriever.languages)
            found = retriever.search(question, query, retriever.languages, asker=asker, limit=limit)
        return [_document(evidence, asker) for evidence in found]

    def close(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, None
            if opened is not None:
                opened.store.close()

    def __del__(self) -> None:
        self.close()

    def _current(self) -> Retriever:
        """To be called with the lock held."""
        opened = self._opened
        if opened is None or (opened.store.generation != opened.generation and are_current(opened.store)):
            fresh = self._open()
            if opened is not None:
                opened.store.close()
            self._opened = opened = fresh
        return opened.retriever

    def _open(self) -> _Opened:
        store = Store.open_to_read(self._folder)
        try:
            generation = store.generation
            if self._embedder is None or isinstance(self._embedder, str):
                self._embedder = open_embedder(self._embedder or store.embedder.name)
            return _Opened(generation, store, Retriever(store, self._embedder))
        except BaseException:
            store.close()
            raise


def _document(evidence: Evidence, language: str) -> Document:
    """The best statement of an article, in the passage that holds it, as the asker reads it."""
    statement = evidence.statements[0]
    name = _version_for(language, evidence, statement)
    source, run = evidence.documents[name], statement.versions[name]
    start, end = run[0].unit.passage_start, run[-1].unit.passage_end
    said = _said(evidence, name, run)
    return Document(
        id=f"{source.id}:{start}-{end}",
        page_content=source.text[start:end],
        metadata={
            "document": source.id,
            "title": source.title,
            "language": source.language,
            "source": source.source_uri,
            "start": start,
            "end": end,
            "quote": said["quote"],
            "quote_start": said["start"],
            "quote_end": said["end"],
            "score": float(evidence.score),
            "article": evidence.article,
            "versions": [
                _said(evidence, other, statement.versions[other]) for other in _others(evidence, statement, name)
            ],
        },
    )


def _version_for(language: str, evidence: Evidence, statement: Statement) -> str:
    """The version in this language, failing that any; of several, the nearest to the question."""
    own = [name for name in statement.versions if evidence.documents[name].language == language]
    return max(own or statement.versions, key=lambda name: statement.best(name).dense)


def _others(evidence: Evidence, statement: Statement, quoted: str) -> list[str]:
    return sorted(statement.versions.keys() - {quoted}, key=lambda name: (evidence.documents[name].language, name))


def _said(evidence: Evidence, name: str, run: Sequence[SentenceScore]) -> dict[str, Any]:
    """A statement as one version has it; the offsets are the sentences' own, so the quote is exact."""
    source, start, end = evidence.documents[name], run[0].unit.start, run[-1].unit.end
    return {
        "language": source.language,
        "document": name,
        "quote": source.text[start:end],
        "start": start,
        "end": end,
    }
