"""What was asked in Slack and what became of it, in a small SQLite file that several processes may share.

A question is written down before Slack is told that it arrived, and leaves the states only forwards:

    overheard -> waiting -> working -> done

`overheard` is a message in a thread that the bot is not part of (yet): a mention in that thread makes it `waiting`,
since Slack does not keep the order of events. A worker holds what it works on by a lease, which it renews; when a
process dies, another takes the question up as soon as the lease has run out. `uncertain` says that an answer, or the
beginning of one, may have been posted already, so that whoever takes it up looks first.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from bot.slack.asked import Asked
from index.errors import DragomanError

__all__ = ["Answered", "Inbox", "Work"]

OVERHEARD_SECONDS = 600.0
"""How long after its follow-up a mention may come."""

PATIENCE = 10.0
"""Seconds that one process waits for another's writing."""

RECENT_SECONDS = 3_600.0
"""Direct messages are one conversation; what was asked longer ago is no part of it."""

ASKED = tuple(field.name for field in fields(Asked))
COLUMNS = ", ".join(ASKED)
SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS asked (
    key TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    ts TEXT NOT NULL,
    thread TEXT NOT NULL,
    conversation TEXT NOT NULL,
    user TEXT NOT NULL,
    text TEXT NOT NULL,
    ours INTEGER NOT NULL,
    response_url TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('overheard', 'waiting', 'working', 'done')),
    received REAL NOT NULL,
    not_before REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    uncertain INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    leased_until REAL,
    answer TEXT,
    posted TEXT
) WITHOUT ROWID
""",
    "CREATE INDEX IF NOT EXISTS asked_by_conversation ON asked (conversation, ts)",
    "CREATE INDEX IF NOT EXISTS asked_unfinished ON asked (state, received) WHERE state IN ('waiting', 'working')",
)
ADDED = "ALTER TABLE asked ADD COLUMN posted TEXT"
"""Of the second version; the first did not change messages."""

NEXT = f"""
SELECT {COLUMNS}, uncertain, tries, posted FROM asked AS one
WHERE state = 'working' AND leased_until < :now
OR state = 'waiting' AND not_before <= :now AND NOT EXISTS (
    SELECT 1 FROM asked AS other WHERE other.conversation = one.conversation AND other.key != one.key
    AND (other.state = 'working' OR other.state = 'waiting' AND other.ts < one.ts)
)
ORDER BY received, ts LIMIT 1
"""
"""What somebody left, or the oldest that nothing earlier of its conversation stands before."""


@dataclass(frozen=True, slots=True)
class Work:
    """A question that one worker holds. `uncertain`: it may have been answered, by one that died or lost touch.

    `posted` is the `ts` of the message that an earlier try began, where that is known.
    """

    asked: Asked
    uncertain: bool
    tries: int
    posted: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given, as JSON made of it, and whom it was given to."""

    id: str
    user: str
    answer: Mapping[str, Any]


class Inbox:
    """Threads and processes share the file. To be closed after use."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        """Raises DragomanError where the file cannot be written."""
        self._now = now
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise DragomanError(f"questions cannot be kept in {path} ({error}): set slack.inbox") from error

    def put(self, asked: Asked) -> bool:
        """Writes the question down, once; whether it was new. One that is not `ours` counts where the thread is."""
        with self._transaction() as run:
            ours = asked.ours or self._is_ours(asked)
            new = run(
                f"INSERT OR IGNORE INTO asked ({COLUMNS}, id, state, received) VALUES ({'?, ' * len(ASKED)}?, ?, ?)",
                (*astuple(asked), asked.id, "waiting" if ours else "overheard", self._now()),
            ).rowcount
            if asked.ours:
                # Its other event, without the mention's type, may have come first; and follow-ups may have.
                promoted = (
                    "UPDATE asked SET state = 'waiting' WHERE conversation = ? AND ts > ? AND state = 'overheard'"
                )
                itself = "UPDATE asked SET state = 'waiting', ours = 1 WHERE key = ? AND state = 'overheard'"
                run(itself, (asked.key,))
                run(promoted, (asked.conversation, asked.ts))
        return new > 0

    def _is_ours(self, asked: Asked) -> bool:
        """Whether somebody asked the bot before, in this thread."""
        earlier = "SELECT 1 FROM asked WHERE (conversation = ? OR key = ?) AND ours AND ts < ? LIMIT 1"
        root = f"{asked.channel}:{asked.thread}"
        return self._connection.execute(earlier, (asked.conversation, root, asked.ts)).fetchone() is not None

    def take(self, owner: str, seconds: float) -> Work | None:
        """What is to be done next, held by `owner` for that long; None where there is nothing."""
        with self._transaction() as run:
            row = run(NEXT, {"now": self._now()}).fetchone()
            if row is None:
                return None
            asked = Asked(*row[: len(ASKED)])
            run(
                "UPDATE asked SET state = 'working', owner = ?, leased_until = ?, tries = tries + 1 WHERE key = ?",
                (owner, self._now() + seconds, asked.key),
            )
        return Work(asked, uncertain=bool(row[-3]), tries=row[-2] + 1, posted=row[-1])

    def renew(self, owner: str, seconds: float) -> None:
        """Goes on holding all that it holds."""
        self._write(
            "UPDATE asked SET leased_until = ? WHERE owner = ? AND state = 'working'", self._now() + seconds, owner
        )

    def about_to_post(self, key: str, owner: str, answer: Mapping[str, Any] | None = None) -> bool:
        """From now on it may have been answered, with this. False where another has taken it up meanwhile.

        Without `answer`, what may have been posted is the beginning of one.
        """
        return self._write(
            "UPDATE asked SET uncertain = 1, answer = COALESCE(?, answer) "
            "WHERE key = ? AND owner = ? AND state = 'working'",
            None if answer is None else json.dumps(answer, ensure_ascii=False),
            key,
            owner,
        )

    def posted(self, key: str, owner: str, ts: str) -> None:
        """The message that is being written for it."""
        self._write("UPDATE asked SET posted = ? WHERE key = ? AND owner = ? AND state = 'working'", ts, key, owner)

    def later(self, key: str, owner: str, seconds: float) -> None:
        """Lets go of it, for another try."""
        self._write(
            "UPDATE asked SET state = 'waiting', owner = NULL, not_before = ? "
            "WHERE key = ? AND owner = ? AND state = 'working'",
            self._now() + seconds,
            key,
            owner,
        )

    def done(self, key: str, owner: str) -> None:
        """It was answered, or given up."""
        self._write(
            "UPDATE asked SET state = 'done', owner = NULL, response_url = '' "
            "WHERE key = ? AND owner = ? AND state = 'working'",
            key,
            owner,
        )

    def history(self, asked: Asked, most: int) -> tuple[str, ...]:
        """What was asked before in the conversation, oldest first."""
        rows = self._connection.execute(
            "SELECT text FROM asked WHERE (conversation = ? OR key = ?) AND ts < ? AND state != 'overheard' "
            "AND received > ? ORDER BY ts DESC LIMIT ?",
            (
                asked.conversation,
                f"{asked.channel}:{asked.thread}",
                asked.ts,
                self._now() - RECENT_SECONDS if asked.conversation == asked.channel else 0.0,
                most,
            ),
        ).fetchall()
        return tuple(text for (text,) in reversed(rows))

    def answered(self, name: str) -> Answered | None:
        """The answer with this id, for as long as it is kept."""
        row = self._connection.execute("SELECT id, user, answer FROM asked WHERE id = ?", (name,)).fetchone()
        return Answered(row[0], row[1], json.loads(row[2])) if row and row[2] else None

    def unfinished(self) -> int:
        """Questions that wait or are worked on."""
        waiting = "SELECT COUNT(*) FROM asked WHERE state IN ('waiting', 'working')"
        return int(self._connection.execute(waiting).fetchone()[0])

    def forget(self, seconds: float) -> None:
        """Drops what was done longer ago, and what was overheard and not meant for the bot."""
        now = self._now()
        self._write("DELETE FROM asked WHERE state = 'done' AND received < ?", now - seconds)
        self._write("DELETE FROM asked WHERE state = 'overheard' AND received < ?", now - OVERHEARD_SECONDS)

    def close(self) -> None:
        self._connection.close()

    def _write(self, statement: str, *values: object) -> bool:
        with self._lock:
            return self._connection.execute(statement, values).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """All of it or nothing, with no other writer between."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that has written. Processes that make the file together wait for each other."""
    connection = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")  # which does not wait by itself
            connection.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                connection.execute(statement)
            if "posted" not in {column[1] for column in connection.execute("PRAGMA table_info(asked)")}:
                connection.execute(ADDED)
            connection.execute("PRAGMA user_version = 2")
            connection.execute("COMMIT")
            return connection
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(0.02)
