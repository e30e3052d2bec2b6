"""Small real things for tests: an embedder with known geometry, and documents put into a store by hand."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from index.linking import link_new_documents
from index.store import IndexedPassage, Store
from index.types import Document, EmbedderIdentity, FoundBy, Passage, Role, Sentence, Vectors

DIMENSION = 64


class WordEmbedder:
    """A text is the sum of its words' directions: the more words two texts share, the nearer they are."""

    def __init__(self, revision: str = "1") -> None:
        self.identity = EmbedderIdentity("words", revision, DIMENSION, "", "")
        self.embedded = 0

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.vector(text) for text in texts]) if texts else np.zeros((0, DIMENSION), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return self.embed_queries(texts)

    @staticmethod
    def vector(text: str) -> Vectors:
        words = text.casefold().split() or [""]
        total = np.sum([_direction(word.strip(".,?!;:")) for word in words], axis=0)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


def put(
    store: Store,
    name: str,
    *paragraphs: Sequence[str],
    language: str = "en",
    role: Role = Role.PROSE,
    key: str | None = None,
) -> Document:
    """Puts a document of these paragraphs, each a sequence of sentences, into the store, in one transaction."""
    text, passages = "", []
    for sentences in paragraphs:
        text += "\n\n" if text else ""
        begin, spans = len(text), []
        for sentence in sentences:
            text += " " if len(text) > begin else ""
            spans.append(Sentence(len(text), len(text) + len(sentence), role))
            text += sentence
        vectors = tuple(WordEmbedder.vector(text[span.start : span.end]) for span in spans)
        passage = Passage(begin, len(text), role, tuple(spans))
        passages.append(IndexedPassage(passage, key, WordEmbedder.vector(text[begin:]), vectors))
    document = Document(name, f"file:///{name}", name.title(), language, text, None, f"hash of {text}")
    with store.transaction():
        store.put_file(document.source_uri, "digest")
        store.put_document(document.source_uri, document, passages)
    return document


def link(store: Store) -> None:
    """Finds the articles of all new documents and aligns them, as the indexer does."""
    with store.transaction():
        link_new_documents(store.articles)


def align(store: Store, *statements: Mapping[str, Sequence[int]]) -> None:
    """Makes one article of documents by hand: what each statement is made of, by document the places of sentences.

    The article is called after the first document. Other documents are left as they are, or alone.
    """
    ids: dict[str, list[int]] = defaultdict(list)
    for sentence, name, *_ in store.texts("sentence"):
        ids[name].append(sentence)
    article = next(iter(statements[0]))
    with store.transaction():
        for document in store.articles.unlinked():
            store.articles.put_alone(document)
        for document in {name for statement in statements for name in statement}:
            store.articles.join(document, article, FoundBy.DECLARED, None)
        store.articles.put_statements(
            article,
            [
                {ids[name][place]: 1.0 for name, places in statement.items() for place in places}
                for statement in statements
            ],
        )


def new_store(folder: Path) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    return Store.open_to_write(folder, WordEmbedder().identity)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """To root, nothing is read-only; so the body runs as nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
