"""Keyword search in every script, over sentences and passages; a cache of the store that can always be rebuilt."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import tantivy

from index.errors import IndexBusy, IndexNotWritable
from index.tokens import terms

__all__ = ["LexicalEntry", "LexicalIndex"]

log = logging.getLogger(__name__)

Kind = Literal["sentence", "passage"]

MAX_QUERY_CHARACTERS = 4_000
MAX_QUERY_TERMS = 128
"""A question is a sentence or two; of a whole document pasted into the box, the beginning is searched for."""

TIES = 64
"""How many rows beyond the limit are looked at, so that equal scores are cut by key and not by where they lie."""

WRITER_BYTES = 64_000_000
GENERATION = "generation"


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """One sentence or passage to be found by its words. `key` is the store's row id of it, 0 or more."""

    key: int
    kind: Kind
    document: str
    language: str
    text: str


class LexicalIndex:
    """BM25 over the terms of sentences and of passages. Readers never wait for a writer, nor a writer for them."""

    def __init__(self, index: tantivy.Index, folder: Path | None) -> None:
        self._index = index
        self._folder = folder

    @classmethod
    def open(cls, folder: Path | None) -> Self:
        """The index in `folder`, which may be read-only; an empty one where that is missing, damaged or None."""
        found = _open(folder) if folder and (folder / "meta.json").exists() else None
        return cls(found or tantivy.Index(_schema()), folder)

    @property
    def generation(self) -> int | None:
        """The last commit's; None for a new or damaged folder."""
        searcher = self._index.searcher()
        rows = searcher.search(_term(self._index.schema, "row", GENERATION), 1).hits
        (found,) = searcher.fast_field_values("key", [address for _, address in rows]) or [None]
        return None if found is None else int(found)

    def clear(self) -> None:
        """Forgets everything, also in the folder. Raises IndexBusy, IndexNotWritable."""
        if self._folder and self._folder.exists():
            try:
                shutil.rmtree(self._folder)
            except OSError as error:
                raise _not_writable(self._folder, error) from error
        self._index = tantivy.Index(_schema())

    def update(self, *, remove_documents: Iterable[str], add: Iterable[LexicalEntry], generation: int) -> None:
        """Removes, adds and sets the generation (0 or more) in one commit: after a crash it is all there or not at all.

        Raises IndexBusy where another process is writing, IndexNotWritable where the disk is read-only or full.
        """
        try:
            self._commit(remove_documents, add, generation)
        except (ValueError, OSError) as error:  # tantivy raises ValueError for everything
            if "LockBusy" in str(error):
                raise IndexBusy(f"Another run is writing to {self._folder}; try again when it is done.") from error
            if self._folder:
                raise _not_writable(self._folder, error) from error
            raise

    def _commit(self, remove_documents: Iterable[str], add: Iterable[LexicalEntry], generation: int) -> None:
        self._index = index = self._writable()
        writer = index.writer(WRITER_BYTES, num_threads=1)
        try:
            for document in remove_documents:
                writer.delete_documents_by_term("row", _row(document))
            writer.delete_documents_by_term("row", GENERATION)
            for entry in add:
                writer.add_document(_document(_row(entry.document), entry.key, entry))
            writer.add_document(_document(GENERATION, generation, None))
            writer.commit()
        finally:
            writer.wait_merging_threads()
        index.reload()

    def _writable(self) -> tantivy.Index:
        """The index on disk. What was opened to read may be a damaged folder's empty stand-in, or a read-only view."""
        if self._folder is None:
            return self._index
        found = _open(self._folder) if (self._folder / "meta.json").exists() else None
        if found is None:
            self.clear()
            self._folder.mkdir(parents=True)
        return found or tantivy.Index(_schema(), str(self._folder))

    def search(
        self, query: str, *, kind: Kind, limit: int, languages: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """`(key, BM25 score)`, best first, equal scores by key; in `languages` only, where given.

        The query is text, not a query language. Raises nothing: a folder damaged since it was opened finds nothing.
        """
        words = list(dict.fromkeys(terms(query[:MAX_QUERY_CHARACTERS])))[:MAX_QUERY_TERMS]
        if not words or limit < 1 or (languages is not None and not languages):
            return []
        wanted = _query(self._index.schema, kind, words, languages)
        searcher = self._index.searcher()
        hits = searcher.search(wanted, limit + TIES, count=False).hits
        keys = searcher.fast_field_values("key", [address for _, address in hits])
        found = [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True) if key is not None]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("sentence", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("passage", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("row", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("key", fast=True)
    return builder.build()


def _document(row: str, key: int, entry: LexicalEntry | None) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("row", row)
    document.add_unsigned("key", key)
    if entry is not None:
        document.add_text("language", _utf8(entry.language))
        document.add_text(entry.kind, " ".join(terms(entry.text)))
    return document


def _row(document: str) -> str:
    return f"document {_utf8(document)}"


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _term(schema: tantivy.Schema, field: str, value: str) -> tantivy.Query:
    return tantivy.Query.term_query(schema, field, value, index_option="freq")


def _query(schema: tantivy.Schema, kind: Kind, words: list[str], languages: Collection[str] | None) -> tantivy.Query:
    any_word = tantivy.Query.boolean_query([(tantivy.Occur.Should, _term(schema, kind, word)) for word in words])
    if languages is None:
        return any_word
    spoken = tantivy.Query.term_set_query(schema, "language", [_utf8(language) for language in sorted(languages)])
    only = tantivy.Query.const_score_query(spoken, 0.0)
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, any_word), (tantivy.Occur.Must, only)])


def _open(folder: Path) -> tantivy.Index | None:
    try:
        index = tantivy.Index.open(str(folder))
        index.searcher()
    except (ValueError, OSError):
        return _open_copy_of_links(folder)
    return index


def _open_copy_of_links(folder: Path) -> tantivy.Index | None:
    """Through links from a folder of our own: tantivy creates a lock file where it reads, which read-only ones forbid."""
    with tempfile.TemporaryDirectory() as view:
        try:
            for file in folder.iterdir():
                (Path(view) / file.name).symlink_to(file.resolve())
            index = tantivy.Index.open(view)
            index.searcher()
        except (ValueError, OSError) as error:
            log.warning("The keyword index in %s cannot be read and will be rebuilt: %s", folder, error)
            return None
    return index


def _not_writable(folder: Path, error: Exception) -> IndexNotWritable:
    return IndexNotWritable(f"Cannot write the keyword index to {folder}: {error}. Make the folder writable, or free space.")
