"""FastAPI's manual, its versions found by their paths, and then by content alone."""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.datasets.corpora import Files
from evaluation.errors import DatasetError
from evaluation.versions.bench import Bench, embed_once, linked_anew
from evaluation.versions.links import links_row
from evaluation.versions.room import require_room
from evaluation.versions.rows import LinksRow

__all__ = ["fastapi_links", "unpacked"]


def fastapi_links(archive: Path, bench: Bench) -> list[LinksRow]:
    """By path, and by content alone."""
    with unpacked(archive, bench.scratch) as folder:
        embedded = embed_once("fastapi", Files((folder,)), bench)
    truth = {document.id: _page_of_manual(document.source_uri) for document in embedded.documents()}
    rows = []
    with linked_anew(embedded, bench) as (store, seconds):
        rows.append(links_row("as they lie", list(store.articles.versions()), truth, seconds, embedded.seconds))
    with linked_anew(embedded, bench, _without_names) as (store, seconds):
        rows.append(links_row("by content alone", list(store.articles.versions()), truth, seconds))
    return rows


@contextmanager
def unpacked(archive: Path, scratch: Path) -> Iterator[Path]:
    """The archive's `docs`, for the time being. Raises DatasetError."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        try:
            with tarfile.open(archive, "r:gz") as packed:
                members = [entry for entry in packed if entry.name.startswith("docs/")]
                require_room(sum(entry.size for entry in members), archive)
                packed.extractall(folder, members, filter="data")
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise DatasetError(f"cannot unpack {archive}: {error}") from error
        if not (Path(folder) / "docs").is_dir():
            raise DatasetError(f"{archive} has no folder docs: it is not FastAPI's manual")
        yield Path(folder) / "docs"


def _page_of_manual(uri: str) -> str:
    """What stands below `docs/<language>/docs/`."""
    return uri.rpartition("/docs/")[2]


def _without_names(index: sqlite3.Connection) -> None:
    """What the documents declare, and where they lie, is forgotten."""
    index.execute("UPDATE documents SET source_uri = 'doc:' || rowid, article = NULL")
