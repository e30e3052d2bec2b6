"""A tantivy index of rows that are already terms: opened without a lock, written in one commit, never half of it."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import shutil
import struct
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import tantivy

from index.errors import IndexBusy, IndexNotWritable

__all__ = ["TermIndex", "TermWriter"]

log = logging.getLogger(__name__)

TIES = 64
"""How many rows beyond the limit are looked at, so that equal scores are cut by key and not by where they lie."""

WRITER_BYTES = 50_000_000

MAGIC = 1337
SEGMENT_FILES = frozenset({".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term", ".del"})
"""Files of a tantivy segment, each ended by its checksum, the length of that and this number."""

GENERATION = "generation"
"""The one row that is no document's: its key is the generation, committed with the rows that it is true of."""


class TermIndex:
    """Rows of terms in a folder, or in memory."""

    def __init__(self, index: tantivy.Index, folder: Path | None) -> None:
        self._index = index
        self._folder = folder

    @classmethod
    def open(cls, folder: Path | None) -> Self:
        """The index in `folder`, which may be read-only; an empty one where that is missing, damaged or None."""
        return cls(_found(folder) or tantivy.Index(_schema()), folder)

    @property
    def generation(self) -> int | None:
        """Of the last commit; None where there was none."""
        searcher = self._index.searcher()
        rows = searcher.search(_term(self._index.schema, "row", GENERATION), 1).hits
        found = searcher.fast_field_values("key", [address for _, address in rows])
        return int(found[0]) if found and found[0] is not None else None

    def clear(self) -> None:
        """Forgets everything, also in the folder. Raises IndexNotWritable."""
        if self._folder is not None and self._folder.exists():
            with _reported(self._folder):
                shutil.rmtree(self._folder)
        self._index = tantivy.Index(_schema())

    @contextmanager
    def writing(self) -> Iterator[TermWriter]:
        """The one writer; what it has not committed at the end is lost. Raises IndexBusy, IndexNotWritable."""
        with _reported(self._folder):
            self._index = index = self._writable()
            writer = index.writer(WRITER_BYTES, num_threads=1)
        try:
            yield TermWriter(writer, self._folder)
        finally:
            with _reported(self._folder):
                writer.wait_merging_threads()
                index.reload()

    def _writable(self) -> tantivy.Index:
        """What was opened to read may be the empty stand-in for a damaged folder, or links to a read-only one."""
        if self._folder is None:
            return self._index
        found = _found(self._folder)
        if found is None:
            self.clear()
            self._folder.mkdir(parents=True)
        return found or tantivy.Index(_schema(), str(self._folder))

    def search(self, terms: Sequence[str], limit: int, languages: Collection[str] | None) -> list[tuple[int, float]]:
        """`(key, BM25 score)` of rows with any of the terms, best first, equal scores by key.

        A term's rarity is that among the rows of the same language, so that it does not depend on what other
        languages the index holds: https://en.wikipedia.org/wiki/Okapi_BM25 with k1 = 1.2, b = 0.75.
        """
        if not terms or limit < 1 or (languages is not None and not languages):
            return []
        searcher = self._index.searcher()
        hits = searcher.search(_query(searcher, self._index.schema, terms, languages), limit + TIES, count=False).hits
        keys = searcher.fast_field_values("key", [address for _, address in hits])
        found = [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True) if key is not None]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def rarities(self, terms: Sequence[str], language: str) -> dict[str, float]:
        """Each term's rarity among the rows of the language; the highest for an unknown term.

        Counted, since tantivy's own frequencies hold removed rows until their segment is merged, and a confidence must
        not depend on an index's past.
        """
        searcher, spoken = self._index.searcher(), _name(language)
        rows = self._count(searcher, "language", spoken)
        return {term: _rarity(rows, self._count(searcher, "terms", f"{spoken}:{term}")) for term in terms}

    def _count(self, searcher: tantivy.Searcher, field: str, value: str) -> int:
        return int(searcher.search(_term(self._index.schema, field, value), 1, count=True).count)


class TermWriter:
    """Holds the folder's writer lock. Nothing it does is seen before `commit`."""

    def __init__(self, writer: tantivy.IndexWriter, folder: Path | None) -> None:
        self._writer = writer
        self._folder = folder

    def remove(self, documents: Iterable[str]) -> None:
        """Removes the rows of these documents that earlier commits added."""
        with _reported(self._folder):
            for document in documents:
                self._writer.delete_documents_by_term("row", _row(document))

    def add(self, key: int, document: str, language: str, terms: Sequence[str]) -> None:
        """Adds a row; `key` is 0 or more."""
        spoken = _name(language)
        row = tantivy.Document()
        row.add_unsigned("key", key)
        row.add_text("row", _row(document))
        row.add_text("language", spoken)
        row.add_text("terms", " ".join(f"{spoken}:{term}" for term in terms))
        with _reported(self._folder):
            self._writer.add_document(row)

    def commit(self, generation: int) -> None:
        """Makes it all seen, at once, together with the generation."""
        row = tantivy.Document()
        row.add_unsigned("key", generation)
        row.add_text("row", GENERATION)
        with _reported(self._folder):
            self._writer.delete_documents_by_term("row", GENERATION)
            self._writer.add_document(row)
            self._writer.commit()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("row", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("key", fast=True)
    return builder.build()


def _row(document: str) -> str:
    return f"document {_name(document)}"


def _name(text: str) -> str:
    """The text itself where it is plain; tantivy drops names of more than 65,530 bytes and has no lone surrogates."""
    if text.isascii() and text.isprintable() and " " not in text and len(text) < 256:
        return text
    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _query(
    searcher: tantivy.Searcher, schema: tantivy.Schema, terms: Sequence[str], languages: Collection[str] | None
) -> tantivy.Query:
    rows = dict(searcher.terms_with_prefix("language", ""))
    spoken = sorted(rows) if languages is None else sorted(rows.keys() & {_name(language) for language in languages})
    clauses = []
    for language in spoken:
        for term in (f"{language}:{term}" for term in terms):
            matching = searcher.doc_freq("terms", term)
            if matching:
                correction = _rarity(rows[language], matching) / _rarity(searcher.num_docs, matching)
                clause = tantivy.Query.boost_query(_term(schema, "terms", term), correction)
                clauses.append((tantivy.Occur.Should, clause))
    return tantivy.Query.boolean_query(clauses)


def _rarity(rows: int, matching: int) -> float:
    return math.log(1 + (max(rows - matching, 0) + 0.5) / (matching + 0.5))


def _term(schema: tantivy.Schema, field: str, value: str) -> tantivy.Query:
    return tantivy.Query.term_query(schema, field, value, index_option="freq")


def _found(folder: Path | None) -> tantivy.Index | None:
    if folder is None or not (folder / "meta.json").is_file():
        return None
    try:
        _check(folder)
        return _opened(folder)
    except (ValueError, OSError) as error:
        log.warning("The keyword index in %s cannot be read and has to be rebuilt: %s", folder, error)
        return None


def _opened(folder: Path) -> tantivy.Index:
    try:
        return _with_segments(folder)
    except ValueError:  # tantivy creates a lock file where it reads, which a read-only folder forbids
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as view:  # its lock may come and go meanwhile
            for file in (file for file in folder.iterdir() if file.suffix != ".lock"):
                (Path(view) / file.name).symlink_to(file.resolve())
            return _with_segments(Path(view))


def _with_segments(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.searcher()
    return index


def _check(folder: Path) -> None:
    """Raises ValueError unless every file has the checksum that its end gives: tantivy panics where it has not."""
    for file in folder.iterdir():
        if file.suffix in SEGMENT_FILES:
            content = memoryview(file.read_bytes())
            footer, magic = struct.unpack("<II", content[-8:]) if len(content) > 8 else (0, 0)
            body = len(content) - 8 - footer
            if magic != MAGIC or body < 0:
                raise ValueError(f"{file.name} is cut short")
            if json.loads(bytes(content[body:-8]))["crc"] != zlib.crc32(content[:body]):
                raise ValueError(f"{file.name} does not have its checksum")


@contextmanager
def _reported(folder: Path | None) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:  # tantivy raises ValueError whatever the matter is
        if "LockBusy" in str(error):
            raise IndexBusy(f"Another run is writing to {folder}; try again when it is done.") from error
        if folder is None:
            raise
        raise IndexNotWritable(
            f"Cannot write the keyword index in {folder}: {error}. Free space there, or make it writable."
        ) from error
