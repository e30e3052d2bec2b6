"""What the store knows of articles: which documents are versions of one, and the statements that they share."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.types import FoundBy, Vectors, Version

__all__ = ["Articles", "DocumentStub", "VersionSentences", "VersionVectors"]


@dataclass(frozen=True, slots=True)
class DocumentStub:
    """What links documents before anything of their text is looked at. `article` is what the document declares."""

    id: str
    source_uri: str
    language: str
    article: str | None


@dataclass(frozen=True, slots=True)
class VersionSentences:
    """The quotable sentences of a document, in order: `ids` is `int64 (n,)`, `vectors` `float32 (n, dim)`."""

    ids: NDArray[np.int64]
    vectors: Vectors
    lengths: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VersionVectors:
    """Of all versions, in the order of ids: the article, how many sentences, and their mean, `float32 (n, dim)`.

    The mean of none is zero.
    """

    ids: list[str]
    articles: list[str]
    sentences: NDArray[np.float64]
    means: Vectors


class Articles:
    """A part of the store; it shares its connection and its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # Reading.

    def versions(self, articles: Iterable[str] | None = None) -> Iterator[Version]:
        """Of these articles, or of all: in the order of articles and languages."""
        chosen = "" if articles is None else "WHERE v.article IN (SELECT value FROM json_each(?))"
        parameters = () if articles is None else (json.dumps(list(articles)),)
        rows = self._connection.execute(
            f"""SELECT v.article, d.id, d.source_uri, d.title, d.language, v.sentences, v.found_by, v.score
                FROM versions v JOIN documents d ON d.id = v.document {chosen}
                ORDER BY v.article, d.language, d.id""",
            parameters,
        )
        for article, document, uri, title, language, sentences, found_by, score in rows:
            yield Version(article, document, uri, title, language, sentences, FoundBy(found_by), score)

    def in_languages(self) -> int:
        """How many articles there are of two or more versions."""
        row = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM versions GROUP BY article HAVING count(*) > 1)"
        ).fetchone()
        return int(row[0])

    def of_documents(self, documents: Iterable[str]) -> dict[str, str]:
        """The article of each of these documents; one that is not linked yet is an article by itself."""
        wanted = list(documents)
        rows = self._connection.execute(
            "SELECT document, article FROM versions WHERE document IN (SELECT value FROM json_each(?))",
            (json.dumps(wanted),),
        ).fetchall()
        return {document: document for document in wanted} | dict(rows)

    def statements_with(self, sentences: Iterable[int]) -> dict[int, list[int]]:
        """By statement, those of these sentences that are in it."""
        return self._statements("t.sentence", sentences)

    def statements(self, statements: Iterable[int]) -> dict[int, list[int]]:
        """By statement, all of its sentences."""
        return self._statements("t.statement", statements)

    def _statements(self, column: str, ids: Iterable[int]) -> dict[int, list[int]]:
        rows = self._connection.execute(
            f"""SELECT t.statement, t.sentence FROM stated t
                WHERE {column} IN (SELECT value FROM json_each(?)) ORDER BY t.statement, t.sentence""",
            (json.dumps([int(i) for i in ids]),),
        ).fetchall()
        found: dict[int, list[int]] = defaultdict(list)
        for statement, sentence in rows:
            found[statement].append(sentence)
        return found

    def statements_of(self, article: str) -> dict[int, dict[int, float]]:
        """The article's statements in the order of its text: the score of each sentence in it, by id."""
        rows = self._connection.execute(
            """SELECT s.id, t.sentence, t.score FROM statements s JOIN stated t ON t.statement = s.id
               WHERE s.article = ? ORDER BY s.id, t.sentence""",
            (article,),
        )
        found: dict[int, dict[int, float]] = defaultdict(dict)
        for statement, sentence, score in rows:
            found[statement][sentence] = score
        return found

    # What linking and aligning need.

    def unlinked(self) -> list[str]:
        """Documents whose article has not been looked for since they were last written."""
        rows = self._connection.execute("SELECT id FROM documents EXCEPT SELECT document FROM versions ORDER BY id")
        return [row[0] for row in rows]

    def stubs(self) -> list[DocumentStub]:
        """Of all documents, by id."""
        rows = self._connection.execute("SELECT id, source_uri, language, article FROM documents ORDER BY id")
        return [DocumentStub(*row) for row in rows.fetchall()]

    def sentences(self, document: str) -> VersionSentences:
        """Those that can be quoted."""
        rows = self._connection.execute(
            """SELECT s.id, s.vector, s."end" - s.start FROM sentences s JOIN passages p ON p.id = s.passage
               WHERE p.document = ? AND s.vector IS NOT NULL
               AND s.role = 'prose' AND p.role = 'prose' AND NOT p.repeated ORDER BY s.start""",
            (document,),
        ).fetchall()
        return VersionSentences(
            np.array([row[0] for row in rows], dtype=np.int64),
            _matrix([row[1] for row in rows]),
            np.array([row[2] for row in rows], dtype=np.float64),
        )

    def vectors(self) -> VersionVectors:
        """Of all documents that were linked."""
        rows = self._connection.execute(
            "SELECT document, article, sentences, vector FROM versions ORDER BY document"
        ).fetchall()
        nothing = bytes(max((len(row[3]) for row in rows), default=0))
        return VersionVectors(
            [row[0] for row in rows],
            [row[1] for row in rows],
            np.array([row[2] for row in rows], dtype=np.float64),
            _matrix([row[3] or nothing for row in rows]),
        )

    # Writing: inside a transaction of the store.

    def put_alone(self, document: str) -> None:
        """Enters a document as an article by itself, with its own id for a name."""
        left = self._connection.execute("SELECT min(document) FROM versions WHERE article = ?", (document,)).fetchone()
        if left and left[0]:  # it gave its name to an article before, and was written anew since
            self._connection.execute("UPDATE versions SET article = ? WHERE article = ?", (left[0], document))
            self._connection.execute("UPDATE statements SET article = ? WHERE article = ?", (left[0], document))
        sentences = self.sentences(document)
        mean = sentences.vectors.mean(axis=0) if len(sentences.ids) else np.zeros(0, np.float32)
        self._connection.execute(
            "INSERT INTO versions VALUES (?, ?, ?, NULL, ?, ?)",
            (document, document, FoundBy.ALONE, len(sentences.ids), mean.astype("<f4").tobytes()),
        )

    def join(self, document: str, article: str, found_by: FoundBy, score: float | None) -> None:
        """Makes the document a version of the article."""
        self._connection.execute(
            "UPDATE versions SET article = ?, found_by = ?, score = ? WHERE document = ?",
            (article, found_by, score, document),
        )

    def move(self, document: str, article: str) -> None:
        """The document's article is called otherwise now; how it was found stays."""
        self._connection.execute("UPDATE versions SET article = ? WHERE document = ?", (article, document))

    def put_statements(self, article: str, statements: Sequence[Mapping[int, float]]) -> None:
        """Puts these, the score of each sentence by its id, in place of the article's statements."""
        self._connection.execute("DELETE FROM statements WHERE article = ?", (article,))
        for statement in statements:
            cursor = self._connection.execute("INSERT INTO statements (article) VALUES (?)", (article,))
            self._connection.executemany(
                "INSERT INTO stated VALUES (?, ?, ?)",
                [(cursor.lastrowid, sentence, score) for sentence, score in statement.items()],
            )

    def leave(self, document: str) -> None:
        """Takes a document out of its article, with the statements that no two versions share then."""
        self._connection.execute(
            """DELETE FROM statements WHERE id IN (
                   SELECT s.id FROM statements s JOIN stated t ON t.statement = s.id
                   JOIN sentences n ON n.id = t.sentence JOIN passages p ON p.id = n.passage
                   WHERE s.article = (SELECT article FROM versions WHERE document = ?)
                   GROUP BY s.id HAVING count(DISTINCT p.document) - max(p.document = ?) < 2)""",
            (document, document),
        )
        self._connection.execute("DELETE FROM versions WHERE document = ?", (document,))


def _matrix(blobs: Sequence[bytes]) -> Vectors:
    if not blobs:
        return np.zeros((0, 0), dtype=np.float32)
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), -1)
