"""The SQLite file of an index: where it lies, how it is opened and made, and its failures as errors of ours."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any, Self, TypeVar

from index.errors import IndexDamaged, IndexNotWritable
from index.types import EmbedderIdentity

__all__ = ["DATABASE", "FORMAT_VERSION", "connect", "create", "tables", "upgrade", "write_errors"]

FORMAT_VERSION = 2
DATABASE = "index.sqlite3"

T = TypeVar("T")


class _Cursor(sqlite3.Cursor):
    """Says IndexDamaged where SQLite finds a page that cannot be right, be it at the first row or a later one."""

    folder: Path

    def execute(self, sql: str, parameters: Any = ()) -> Self:  # noqa: ANN401 - whatever sqlite3 takes
        return self._checked(lambda: super(_Cursor, self).execute(sql, parameters))

    def __next__(self) -> tuple[Any, ...]:
        return self._checked(super().__next__)

    def fetchone(self) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._checked(super().fetchone)
        return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._checked(super().fetchall)

    def _checked(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(
                f"the index in {self.folder} is damaged ({error}): delete the folder and index again"
            ) from error


class _Connection(sqlite3.Connection):
    folder: Path

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:  # noqa: ANN401 - whatever sqlite3 takes
        cursor = self.cursor(_Cursor)
        cursor.folder = self.folder
        return cursor.execute(sql, parameters)


def connect(folder: Path, mode: str) -> sqlite3.Connection:
    """`mode` is that of SQLite's URI: "mode=ro" and so on."""
    uri = f"{(folder / DATABASE).resolve().as_uri()}?{mode}"
    # Autocommit, so that transactions begin and end where `transaction` says; a page shares one store among threads.
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False, factory=_Connection
    )
    connection.folder = folder
    return connection


def create(connection: sqlite3.Connection, embedder: EmbedderIdentity) -> None:
    """Makes the empty index, in one transaction."""
    meta = {"format": str(FORMAT_VERSION), "generation": "0", "embedder": json.dumps(asdict(embedder))}
    connection.executescript(f"BEGIN; {_statements('schema.sql')} {_statements('articles.sql')}")
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    connection.execute("COMMIT")


def upgrade(connection: sqlite3.Connection) -> None:
    """Brings an index of format 1, which knew nothing of articles, up to this format, in one transaction."""
    connection.executescript(f"BEGIN; {_statements('articles.sql')}")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (str(FORMAT_VERSION),))
    connection.execute("COMMIT")


def _statements(name: str) -> str:
    return resources.files("index").joinpath(name).read_text("utf-8")


def tables(connection: sqlite3.Connection) -> set[str]:
    """Their names. Raises IndexDamaged where the file is no database."""
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """What cannot be written inside, for want of room or rights, raises IndexNotWritable."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise IndexNotWritable(f"cannot write to the index in {folder} ({error}); it is as it was before") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise IndexNotWritable(f"cannot write to the index in {folder} ({reason}); it is as it was before") from error
