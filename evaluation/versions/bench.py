"""Documents embedded once, and linked anew."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.errors import DatasetError
from evaluation.types import Corpus, Dataset
from index.boilerplate import REPEATED_ON_PAGES
from index.database import connect
from index.indexer import IndexingProgress
from index.linking import link_new_documents
from index.preparation import RECIPE
from index.store import Store
from index.types import Document, Embedder

__all__ = ["Bench", "Embedded", "corpus_of", "embed_once", "linked_anew"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What it is measured with: `cache` keeps embedded documents, `scratch` is for the time being."""

    embedder: Embedder
    cache: Path
    scratch: Path
    say: Callable[[str], None] = lambda _: None


class _Progress(IndexingProgress):
    """A line for each tenth."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say = name, say
        self._total, self._read, self._documents, self._told = 1, 0, 0, 0

    def start(self, total_bytes: int) -> None:
        self._total = max(1, total_bytes)

    def advance(self, read_bytes: int, documents: int) -> None:
        self._read += read_bytes
        self._documents += documents
        tenths = 10 * self._read // self._total
        if tenths > self._told:
            self._told = tenths
            self._say(f"{self._name}: {10 * tenths} % embedded, {self._documents:,} documents")


@dataclass(frozen=True, slots=True)
class Embedded:
    """An index, and the seconds that it took to make."""

    folder: Path
    seconds: float

    def documents(self) -> list[Document]:
        with Store.open_to_read(self.folder) as store:
            return list(store.documents())


def corpus_of(dataset: Dataset) -> Corpus:
    """The documents of a dataset. Raises DatasetError where it comes without."""
    if dataset.corpus is None:
        raise DatasetError(f"{dataset.name} comes without documents: name their folder")
    return dataset.corpus


def embed_once(name: str, corpus: Corpus, bench: Bench) -> Embedded:
    """Found in the cache, or made."""
    parts = f"{corpus.fingerprint} {asdict(bench.embedder.identity)} {RECIPE}"
    folder = bench.cache / f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"
    note = folder / "made.json"
    if not note.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        started = time.perf_counter()
        corpus.index(folder, bench.embedder, _Progress(name, bench.say))
        note.write_text(json.dumps({"seconds": time.perf_counter() - started}), "utf-8")
    return Embedded(folder, json.loads(note.read_text("utf-8"))["seconds"])


def _as_it_is(_: sqlite3.Connection) -> None:
    """Changes nothing."""


@contextmanager
def linked_anew(
    embedded: Embedded, bench: Bench, change: Callable[[sqlite3.Connection], None] = _as_it_is
) -> Iterator[tuple[Store, float]]:
    """A copy of the index, in which `change` was made before all was linked and aligned anew, and the seconds of that.

    They hold the commit too.
    """
    bench.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=bench.scratch) as place:
        folder = Path(place)
        with closing(connect(embedded.folder, "mode=ro")) as original, closing(connect(folder, "mode=rwc")) as copy:
            original.backup(copy)
            copy.execute("PRAGMA foreign_keys = ON")
            copy.executescript("BEGIN; DELETE FROM versions; DELETE FROM statements;")
            change(copy)
            copy.execute("COMMIT")
        with Store.open_to_write(folder, bench.embedder.identity) as store:
            with store.transaction():
                store.mark_repeated(REPEATED_ON_PAGES)
            bench.say(f"linking and aligning {sum(store.languages().values()):,} documents")
            started = time.perf_counter()
            with store.transaction():
                link_new_documents(store.articles)
            yield store, time.perf_counter() - started
