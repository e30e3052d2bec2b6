"""One document on its way into the index: language, passages and sentences with their roles, and their vectors."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.boilerplate import mark_boilerplate, repetition_key
from index.language import canonical_language, document_language
from index.segmentation import segment
from index.store import IndexedPassage
from index.types import Document, Embedder, Passage, Role, SourceDocument, Vectors

__all__ = ["RECIPE", "PreparedDocument", "embed", "prepare"]

RECIPE = "3"
"""Changes with reading, segmentation, marking or what is embedded, so that unchanged files are dealt with again."""

TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document with its passages, not embedded yet. `seconds` is the work that went into it."""

    file_uri: str
    document: Document
    passages: tuple[Passage, ...]
    seconds: float


def prepare(file_uri: str, source: SourceDocument) -> PreparedDocument:
    """Finds the language, the passages and their roles. What the file declares itself wins over what is guessed."""
    started = time.perf_counter()
    language = (canonical_language(source.language) if source.language else None) or document_language(source.text)
    passages = tuple(mark_boilerplate(source.text, segment(source.text, language, source.blocks)))
    document = Document(
        id=_short_hash(file_uri, source.uri),
        source_uri=source.uri,
        title=source.title or _title(source.text, passages),
        language=language,
        text=source.text,
        article=source.article,
        content_hash=_short_hash(
            RECIPE, source.text, source.title or "", language, source.article or "", repr(source.blocks)
        ),
    )
    return PreparedDocument(file_uri, document, passages, time.perf_counter() - started)


def embed(
    batch: Sequence[PreparedDocument], embedder: Embedder, seconds: dict[str, float]
) -> list[tuple[IndexedPassage, ...]]:
    """The passages of each document with the vectors of what can be quoted; adds the work by language to `seconds`."""
    started = time.perf_counter()
    texts = [text for prepared in batch for text in _inputs(prepared)]
    vectors = iter(embedder.embed_passages(texts))
    embedded = [tuple(_with_vectors(prepared, passage, vectors) for passage in prepared.passages) for prepared in batch]
    per_character = (time.perf_counter() - started) / max(1, sum(len(prepared.document.text) for prepared in batch))
    for prepared in batch:
        language, spent = prepared.document.language, prepared.seconds + per_character * len(prepared.document.text)
        seconds[language] = seconds.get(language, 0.0) + spent
    return embedded


def _inputs(prepared: PreparedDocument) -> list[str]:
    """What is embedded, in the order in which `_with_vectors` takes the vectors up again.

    A passage is embedded under its heading, which is its context; a sentence by itself (measured: docs/retrieval.md).
    """
    text, heading, inputs = prepared.document.text, "", []
    for passage in prepared.passages:
        if passage.role is Role.HEADING:
            heading = f"{text[passage.start : passage.end]}\n"
        elif passage.role is Role.PROSE:
            inputs.append(heading + text[passage.start : passage.end])
            inputs += [text[s.start : s.end] for s in passage.sentences if s.role is Role.PROSE]
    return inputs


def _with_vectors(prepared: PreparedDocument, passage: Passage, vectors: Iterator[Vectors]) -> IndexedPassage:
    key = repetition_key(prepared.document.text[passage.start : passage.end])
    if passage.role is not Role.PROSE:
        return IndexedPassage(passage, key, None, (None,) * len(passage.sentences))
    vector = next(vectors)
    sentences = tuple(next(vectors) if s.role is Role.PROSE else None for s in passage.sentences)
    return IndexedPassage(passage, key, vector, sentences)


def _title(text: str, passages: Sequence[Passage]) -> str:
    """The first heading; where there is none, the beginning of the text."""
    first = next((p for p in passages if p.role is Role.HEADING), passages[0] if passages else None)
    if first is None:
        return ""
    title = " ".join(text[first.start : first.end].split())
    return title if len(title) <= TITLE_LIMIT else f"{title[:TITLE_LIMIT].rstrip()}…"


def _short_hash(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]
