"""The way most people would build it: LangChain's splitter, HuggingFaceEmbeddings and FAISS store, at their defaults.

Needs the extra `baseline` (langchain-community, whose FAISS store pickles and which is no longer maintained: good for a
comparison, not for a product; ADR 5). The documents are the texts that Dragoman's readers give, so that the search is
compared and not the parsing of files.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from bot.types import Answer
from evaluation.errors import EvaluationError
from evaluation.systems.quoting import quoting
from evaluation.types import DEPTH, EvaluationQuestion, Pool, Ranking, Retrieved
from index.store import Store

__all__ = ["LangChainFaiss"]

CHUNK_SIZE, CHUNK_OVERLAP = 1000, 200
"""Characters, as in LangChain's own tutorials."""

REMEMBERED = 100
"""Searches of one language by one question, which several pools of it share."""


class LangChainFaiss:
    """Quotes the nearest chunk; never abstains. Dragoman's model, without its prompts: the classes send none."""

    name = "langchain"
    calibrated = False

    def __init__(self, store: Store, model: str) -> None:
        """`model` is a sentence-transformers folder or name. Raises EvaluationError where the extra is missing."""
        with _quietly():
            splitter, embeddings, faiss = _classes()
        with _quietly():  # anew, since its import has LangChain show its warnings whatever was said before
            embedder = embeddings(model_name=model)
        self._documents = {document.source_uri: document for document in store.documents()}
        # One store a language: FAISS's flat search is exact, so that merging them by score gives one store's ranking.
        self._stores: dict[str, Any] = {}
        chunks: dict[str, list[Any]] = defaultdict(list)
        cutter = splitter(chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP, add_start_index=True)
        for uri, document in self._documents.items():
            for chunk in cutter.create_documents([document.text], [{"uri": uri}]):
                chunks[document.language].append(chunk)
        for language, found in chunks.items():
            self._stores[language] = faiss.from_documents(found, embedder)
        self._embed = lru_cache(1)(embedder.embed_query)
        self._in_language = lru_cache(REMEMBERED)(self._search)

    def answer(self, question: EvaluationQuestion) -> Answer:
        found = self._near(question.text, frozenset(self._stores))
        if not found:
            return quoting(question)
        chunk, score = found[0]
        place = self._retrieved(chunk, score)
        return quoting(question, place, self._documents[place.uri], chunk.page_content)

    def insist(self, question: EvaluationQuestion) -> Answer:
        return self.answer(question)

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        near = (self._near(question.text, pool) for pool in pools)
        return [{"passage": [self._retrieved(chunk, score) for chunk, score in found]} for found in near]

    def _near(self, text: str, pool: Pool) -> list[tuple[Any, float]]:
        found = [hit for language in sorted(pool & self._stores.keys()) for hit in self._in_language(text, language)]
        found.sort(key=lambda hit: (-hit[1], hit[0].metadata["uri"], hit[0].metadata["start_index"]))
        return found[: DEPTH["passage"]]

    def _search(self, text: str, language: str) -> list[tuple[Any, float]]:
        store, query = self._stores[language], self._embed(text)
        found = store.similarity_search_with_score_by_vector(query, k=DEPTH["passage"])
        return [(chunk, -float(distance)) for chunk, distance in found]

    def _retrieved(self, chunk: Any, score: float) -> Retrieved:  # noqa: ANN401 - LangChain's Document
        uri, start = chunk.metadata["uri"], chunk.metadata["start_index"]
        return Retrieved(uri, self._documents[uri].language, start, start + len(chunk.page_content), score)


@contextmanager
def _quietly() -> Iterator[None]:
    """That these classes are deprecated is said above, and how a model's weights are loaded is no news either."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.set_verbosity(verbosity)
    if bars:
        logging.enable_progress_bar()


def _classes() -> tuple[Any, Any, Any]:
    try:
        from langchain_community.embeddings import HuggingFaceEmbeddings
        from langchain_community.vectorstores import FAISS
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError as error:
        raise EvaluationError(
            f"the system 'langchain' needs a package that is not installed ({error.name}): "
            "pip install 'dragoman[baseline]'"
        ) from error
    return RecursiveCharacterTextSplitter, HuggingFaceEmbeddings, FAISS
