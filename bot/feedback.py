"""What askers thought of answers, kept in a small SQLite file for whoever writes the documents."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import DragomanError

__all__ = ["COMMENT_LIMIT", "Feedback", "FeedbackStore"]

COMMENT_LIMIT = 4_000
"""Characters of a comment."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    answer TEXT PRIMARY KEY,
    given TEXT NOT NULL,
    helpful INTEGER NOT NULL,
    comment TEXT NOT NULL,
    question TEXT NOT NULL,
    language TEXT NOT NULL,
    documents TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Of one answer, named by the id of the request that it was given to. `documents` are those that it quoted."""

    answer: str
    helpful: bool
    comment: str = ""
    question: str = ""
    language: str = ""
    documents: Sequence[str] = ()


class FeedbackStore:
    """Threads share it. A second feedback on the same answer takes the place of the first."""

    def __init__(self, path: Path) -> None:
        """Raises DragomanError where the file cannot be written."""
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise DragomanError(f"feedback cannot be kept in {path} ({error}): set server.feedback") from error

    def put(self, feedback: Feedback) -> None:
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    feedback.answer,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    feedback.helpful,
                    feedback.comment,
                    feedback.question,
                    feedback.language,
                    json.dumps(list(feedback.documents)),
                ),
            )

    def all(self) -> Iterator[Feedback]:
        """By answer."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT answer, helpful, comment, question, language, documents FROM feedback ORDER BY answer"
            ).fetchall()
        for answer, helpful, comment, question, language, documents in rows:
            yield Feedback(answer, bool(helpful), comment, question, language, tuple(json.loads(documents)))

    def close(self) -> None:
        self._connection.close()
