"""SQLite: the one source of truth. FAISS and the keyword index are caches that follow its generation number."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.articles import Articles
from index.database import DATABASE, FORMAT_VERSION, connect, create, tables, upgrade, write_errors
from index.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing
from index.types import Document, EmbedderIdentity, Kind, Passage, Unit, Vectors

__all__ = ["IndexedPassage", "LanguageCounts", "Store"]

UNIT_COLUMNS = 's.id, s.passage, p.document, d.language, s.start, s."end", p.start, p."end"'
QUOTABLE = "p.role = 'prose' AND NOT p.repeated"
DOCUMENT_COLUMNS = "id, source_uri, title, language, text, article, content_hash"


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage on its way into the store.

    `vector` is `float32 (dim,)` and `sentence_vectors` has one for each sentence of the passage, or None for what is
    never searched: headings, code, boilerplate.
    """

    passage: Passage
    repetition_key: str | None
    vector: Vectors | None
    sentence_vectors: tuple[Vectors | None, ...]


@dataclass(frozen=True, slots=True)
class LanguageCounts:
    """How much of one language an index holds."""

    documents: int
    passages: int
    sentences: int


class Store:
    """One index folder's database. Made by `open_to_read` or `open_to_write`; close it after use."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.articles = Articles(connection)
        self._connection = connection
        self._turn = Lock()

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether the folder holds a database, whole or not."""
        return (folder / DATABASE).exists()

    @classmethod
    def embedder_of(cls, folder: Path) -> EmbedderIdentity:
        """The embedder of the index in a folder, also of one of an earlier format. Raises as `open_to_read`."""
        with cls.open_to_read(folder, earlier_formats=True) as store:
            return store.embedder

    @classmethod
    def open_to_read(cls, folder: Path, *, earlier_formats: bool = False) -> Store:
        """Raises IndexMissing, IndexDamaged, IndexMismatch or IndexBusy. Works on a read-only folder."""
        if not cls.exists(folder):
            raise IndexMissing(f"no index in {folder}: make one with `dragoman index PATH --index {folder}`")
        try:
            return cls._checked(folder, connect(folder, "mode=ro"), earlier_formats)
        except sqlite3.OperationalError as error:
            if os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise IndexBusy(f"the index in {folder} cannot be read now ({error}): try again") from error
            # A read-only folder cannot hold the side files that shared reading needs, nor can anybody write to it.
            return cls._checked(folder, connect(folder, "mode=ro&immutable=1"), earlier_formats)

    @classmethod
    def open_to_write(cls, folder: Path, embedder: EmbedderIdentity) -> Store:
        """Opens the index, or makes an empty one. The caller holds the writer's lock.

        Raises IndexDamaged, IndexNotWritable, or IndexMismatch where the index was made with another embedder.
        """
        with write_errors(folder):
            connection = connect(folder, "mode=rwc")
            existing = tables(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if not existing:
                create(connection, embedder)
            elif "meta" in existing and "versions" not in existing:
                upgrade(connection)
        store = cls._checked(folder, connection)
        store.require_embedder(embedder)
        return store

    @classmethod
    def _checked(cls, folder: Path, connection: sqlite3.Connection, earlier_formats: bool = False) -> Store:
        if "meta" not in tables(connection):
            raise IndexDamaged(f"the index in {folder} is empty or half-written: delete the folder and index again")
        store = cls(folder, connection)
        version = int(store._meta("format"))
        if version > FORMAT_VERSION:
            raise IndexMismatch(
                f"the index in {folder} has format {version} and this dragoman reads up to {FORMAT_VERSION}: "
                "upgrade dragoman, or index into another folder"
            )
        if version < FORMAT_VERSION and not earlier_formats:
            raise IndexMismatch(
                f"the index in {folder} was made by an earlier dragoman: run `dragoman index` on it once, "
                "which keeps what it holds and finds the versions of its articles"
            )
        return store

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What it is.

    def _meta(self, key: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise IndexDamaged(f"the index in {self.folder} lacks its {key!r}: delete the folder and index again")
        return str(row[0])

    @property
    def generation(self) -> int:
        """Counts the commits; a cache made from another generation is out of date."""
        return int(self._meta("generation"))

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder that made the vectors."""
        return EmbedderIdentity(**json.loads(self._meta("embedder")))

    def require_embedder(self, embedder: EmbedderIdentity) -> None:
        """Raises IndexMismatch where this embedder's vectors cannot be compared with those in the index."""
        made_with = self.embedder
        if not made_with.gives_same_vectors(embedder):
            raise IndexMismatch(
                f"the index in {self.folder} was made with {_describe(made_with)}, not with {_describe(embedder)}: "
                "name the first with --embedder, or index into another folder"
            )

    def languages(self) -> dict[str, int]:
        """Documents by language, most first."""
        return dict(
            self._connection.execute(
                "SELECT language, count(*) FROM documents GROUP BY language ORDER BY count(*) DESC, language"
            )
        )

    def counts(self) -> dict[str, LanguageCounts]:
        """By language, most documents first."""
        # CROSS JOIN keeps this order, so that indexes tell everything and no row is read, least of all a vector.
        of_documents = "documents d CROSS JOIN passages p ON p.document = d.id"
        passages, sentences = (
            dict(self._connection.execute(f"SELECT d.language, count(*) FROM {tables} GROUP BY d.language"))
            for tables in (of_documents, f"{of_documents} CROSS JOIN sentences s ON s.passage = p.id")
        )
        return {
            language: LanguageCounts(documents, passages.get(language, 0), sentences.get(language, 0))
            for language, documents in self.languages().items()
        }

    # Reading.

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reading inside sees one committed state, whatever is written meanwhile; threads take turns."""
        with self._turn:
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def document(self, document_id: str) -> Document | None:
        """The document, or None where there is none with that id."""
        row = self._connection.execute(
            f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return Document(*row) if row else None

    def document_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """The texts of these documents, by id."""
        return dict(
            self._connection.execute(
                "SELECT id, text FROM documents WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
            ).fetchall()
        )

    def documents(self, ids: Iterable[str] | None = None) -> Iterator[Document]:
        """All, or those of these ids that are there; by id."""
        chosen = "" if ids is None else "WHERE id IN (SELECT value FROM json_each(?))"
        parameters = () if ids is None else (json.dumps(list(ids)),)
        rows = self._connection.execute(f"SELECT {DOCUMENT_COLUMNS} FROM documents {chosen} ORDER BY id", parameters)
        for row in rows:
            yield Document(*row)

    def quotable_sentences(self, sentences: Iterable[int], passages: Iterable[int]) -> list[Unit]:
        """These sentences and all sentences of these passages, less what is no answer; by document and place.

        Ids that are gone are passed over.
        """
        rows = self._connection.execute(
            f"""SELECT {UNIT_COLUMNS} FROM sentences s
                JOIN passages p ON p.id = s.passage JOIN documents d ON d.id = p.document
                WHERE s.role = 'prose' AND {QUOTABLE}
                AND (s.id IN (SELECT value FROM json_each(?)) OR s.passage IN (SELECT value FROM json_each(?)))
                ORDER BY p.document, s.start""",
            (_json_ids(sentences), _json_ids(passages)),
        ).fetchall()
        return [Unit(*row) for row in rows]

    def vectors(self, kind: Kind, language: str, ids: Iterable[int] | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """`int64 (n,)` ids and `float32 (n, dim)` vectors of one language's quotable units, by document and place.

        Of all, or of those of these ids that are there.
        """
        chosen = "" if ids is None else "AND u.id IN (SELECT value FROM json_each(?))"
        parameters = (language,) if ids is None else (language, _json_ids(ids))
        rows = self._connection.execute(
            f"SELECT u.id, u.vector {_FROM_QUOTABLE[kind]} AND d.language = ? {chosen} ORDER BY d.id, u.start",
            parameters,
        ).fetchall()
        matrix = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
        return np.array([row[0] for row in rows], dtype=np.int64), matrix.reshape(len(rows), self.embedder.dimension)

    def units(
        self, kind: Kind, language: str, documents: Iterable[str] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.bytes_]]:
        """`(n,)` ids of what `vectors` gives, in the same order, and of the document that each is in.

        Of all documents, or of these.
        """
        chosen = "" if documents is None else "AND d.id IN (SELECT value FROM json_each(?))"
        parameters = (language,) if documents is None else (language, json.dumps(list(documents)))
        rows = self._connection.execute(
            f"SELECT u.id, d.id {_FROM_QUOTABLE[kind]} AND d.language = ? {chosen} ORDER BY d.id, u.start", parameters
        ).fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows], dtype=np.bytes_)

    def places(self, kind: Kind) -> Iterator[tuple[int, str, int, int]]:
        """`(id, document, start, end)` of all quotable units."""
        yield from self._connection.execute(
            f'SELECT u.id, d.id, u.start, u."end" {_FROM_QUOTABLE[kind]} ORDER BY d.id, u.start'
        )

    def texts(self, kind: Kind, documents: Iterable[str] | None = None) -> Iterator[tuple[int, str, str, str]]:
        """`(id, document, language, text)` of the quotable units, of all documents or of these."""
        chosen = "" if documents is None else "WHERE id IN (SELECT value FROM json_each(?))"
        parameters = () if documents is None else (json.dumps(list(documents)),)
        for document, language, text in self._connection.execute(
            f"SELECT id, language, text FROM documents {chosen} ORDER BY id", parameters
        ):
            units = self._connection.execute(
                f'SELECT u.id, u.start, u."end" {_FROM_QUOTABLE[kind]} AND d.id = ? ORDER BY u.start', (document,)
            )
            for unit, start, end in units.fetchall():
                yield unit, document, language, text[start:end]

    # Writing.

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or not at all; what changes anything is the next generation.

        Raises IndexNotWritable.
        """
        with write_errors(self.folder):
            before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                if self._connection.total_changes > before:
                    self._connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def files(self) -> dict[str, str]:
        """The digest of each file that is in the index, by URI."""
        return dict(self._connection.execute("SELECT uri, digest FROM files").fetchall())

    def put_file(self, uri: str, digest: str) -> None:
        """Says that the file's documents are in the index as of this digest."""
        self._connection.execute(
            "INSERT INTO files VALUES (?, ?) ON CONFLICT (uri) DO UPDATE SET digest = excluded.digest", (uri, digest)
        )

    def remove_file(self, uri: str) -> None:
        """Removes the file with its documents."""
        for document in self.documents_of_file(uri):
            self.articles.leave(document)
        self._connection.execute("DELETE FROM files WHERE uri = ?", (uri,))

    def documents_of_file(self, uri: str) -> dict[str, tuple[str, str]]:
        """`(content hash, language)` by document id."""
        rows = self._connection.execute(
            "SELECT id, content_hash, language FROM documents WHERE file_uri = ?", (uri,)
        ).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    def put_document(self, file_uri: str, document: Document, passages: Sequence[IndexedPassage]) -> None:
        """Adds the document, in place of the one with its id."""
        self.remove_document(document.id)
        self._connection.execute(
            f"INSERT INTO documents (file_uri, {DOCUMENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file_uri,
                document.id,
                document.source_uri,
                document.title,
                document.language,
                document.text,
                document.article,
                document.content_hash,
            ),
        )
        for passage in passages:
            self._put_passage(document.id, passage)

    def _put_passage(self, document_id: str, indexed: IndexedPassage) -> None:
        passage = indexed.passage
        cursor = self._connection.execute(
            'INSERT INTO passages (document, start, "end", role, repetition_key, vector) VALUES (?, ?, ?, ?, ?, ?)',
            (document_id, passage.start, passage.end, passage.role, indexed.repetition_key, _blob(indexed.vector)),
        )
        self._connection.executemany(
            'INSERT INTO sentences (passage, start, "end", role, vector) VALUES (?, ?, ?, ?, ?)',
            [
                (cursor.lastrowid, sentence.start, sentence.end, sentence.role, _blob(vector))
                for sentence, vector in zip(passage.sentences, indexed.sentence_vectors, strict=True)
            ],
        )

    def remove_document(self, document_id: str) -> None:
        """Removes the document with its passages and sentences, if it is there."""
        self.articles.leave(document_id)
        self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def mark_repeated(self, documents: int) -> dict[str, str]:
        """Marks passages whose key stands in at least so many documents of one language; unmarks the others.

        Gives back the language of each document in which a mark changed.
        """
        changed = self._connection.execute(
            """WITH often AS (
                   SELECT p.repetition_key AS key, d.language AS language
                   FROM passages p JOIN documents d ON d.id = p.document
                   WHERE p.repetition_key IN (
                       SELECT repetition_key FROM passages WHERE repetition_key IS NOT NULL
                       GROUP BY repetition_key HAVING count(*) >= :documents)
                   GROUP BY p.repetition_key, d.language HAVING count(DISTINCT d.id) >= :documents)
               SELECT p.id, d.id, d.language FROM passages p JOIN documents d ON d.id = p.document
               WHERE (p.repeated OR p.repetition_key IN (SELECT key FROM often))
               AND p.repeated <> EXISTS (
                   SELECT 1 FROM often o WHERE o.key = p.repetition_key AND o.language = d.language)""",
            {"documents": documents},
        ).fetchall()
        self._connection.execute(
            "UPDATE passages SET repeated = NOT repeated WHERE id IN (SELECT value FROM json_each(?))",
            (_json_ids(passage for passage, *_ in changed),),
        )
        return {document: language for _, document, language in changed}


_FROM_QUOTABLE: dict[Kind, str] = {
    "passage": f"""FROM passages p JOIN documents d ON d.id = p.document JOIN passages u ON u.id = p.id
                   WHERE {QUOTABLE} AND u.vector IS NOT NULL""",
    "sentence": f"""FROM sentences u JOIN passages p ON p.id = u.passage JOIN documents d ON d.id = p.document
                    WHERE {QUOTABLE} AND u.role = 'prose' AND u.vector IS NOT NULL""",
}


def _json_ids(ids: Iterable[int]) -> str:
    return json.dumps([int(i) for i in ids])


def _blob(vector: Vectors | None) -> bytes | None:
    return None if vector is None else vector.astype("<f4").tobytes()


def _describe(embedder: EmbedderIdentity) -> str:
    return f"{embedder.name!r} (revision {embedder.revision[:12]}, {embedder.dimension} dimensions)"
