"""The systems that can be evaluated, by name: Dragoman, and what it is compared with."""

from __future__ import annotations

from bot.writing import Writer
from evaluation.errors import EvaluationError
from evaluation.types import System
from index.store import Store
from index.types import Embedder

__all__ = ["SYSTEMS", "open_system"]

SYSTEMS = {
    "dragoman": "what ships: the same engine as the command, the page and Slack",
    "keyword": "BM25 alone; quotes the best sentence, abstains only where no word is found",
    "dense": "cosine of the vectors alone; quotes the nearest sentence, never abstains",
    "dense+keyword": "the two by reciprocal rank fusion; quotes the best sentence, never abstains",
    "langchain": "LangChain's text splitter, HuggingFaceEmbeddings and FAISS store at their defaults (extra: baseline)",
}


def open_system(name: str, store: Store, embedder: Embedder, threshold: float, writer: Writer | None = None) -> System:
    """The system of that name over an index; Dragoman answers in prose where it is given a writer.

    Raises EvaluationError for an unknown one or a missing package.
    """
    from evaluation.systems import plain
    from evaluation.systems.dragoman import Dragoman
    from evaluation.systems.remembering import RememberingEmbedder
    from index.embedding.bundled import HUB_NAME, NAME, bundled_folder

    named = embedder.identity.name
    embedder = RememberingEmbedder(embedder)
    match name:
        case "dragoman":
            return Dragoman(store, embedder, threshold, writer)
        case "keyword":
            return plain.Keyword(store, embedder)
        case "dense":
            return plain.Dense(store, embedder)
        case "dense+keyword":
            return plain.DenseAndKeyword(store, embedder)
        case "langchain":
            from evaluation.systems.langchain_faiss import LangChainFaiss

            return LangChainFaiss(store, str(bundled_folder() or HUB_NAME) if named == NAME else named)
    raise EvaluationError(f"no system is called {name!r}: choose from {', '.join(SYSTEMS)}")
