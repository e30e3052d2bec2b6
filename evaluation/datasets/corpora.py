"""The documents of a dataset: files as they lie, or records, both indexed as the product indexes an operator's own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from evaluation.errors import DatasetError
from index.errors import IndexBusy, SourceError
from index.indexer import IndexingProgress, index_paths
from index.sources import SIZE_LIMIT, find_files
from index.sources.jsonlines import RECORD_LIMIT
from index.sources.opening import read_bytes
from index.sources.records import document_of_record
from index.types import Embedder

__all__ = ["Files", "Record", "Records"]


@dataclass(frozen=True, slots=True)
class Files:
    """Files, and all that lies in folders."""

    paths: tuple[Path, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the names, from the folders named on, and the bytes: the same wherever a copy of them lies.

        Raises SourceError for a path that does not exist.
        """
        named = sorted((os.fsencode(_relative(path, self.paths)), _digest(path)) for path in find_files(self.paths))
        return hashlib.sha256(repr(named).encode()).hexdigest()

    def index(self, folder: Path, embedder: Embedder, progress: IndexingProgress) -> None:
        """Indexes them in `folder`. Raises SourceError or StoreError, as `index_paths` does."""
        index_paths(self.paths, folder, embedder, progress=progress)


@dataclass(frozen=True, slots=True)
class Record:
    """A document that is no file. `uri` is an address without white space; `language` None: to be found."""

    uri: str
    title: str
    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Records:
    """The documents of the dataset called `name`, each indexed under its own URI."""

    name: str
    records: tuple[Record, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the records, in whatever order they come."""
        digest = hashlib.sha256()
        for record in sorted(self.records, key=lambda record: record.uri):
            digest.update(json.dumps([record.uri, record.title, record.text, record.language]).encode() + b"\n")
        return digest.hexdigest()

    def index(self, folder: Path, embedder: Embedder, progress: IndexingProgress) -> None:
        """Indexes all of them in `folder`, from files that lie beside it for as long as this lasts.

        A document's id depends on where its file lies, so these lie at the same place each time: an interrupted run
        goes on where it was. Raises DatasetError for a record that cannot be indexed under its URI, SourceError or
        StoreError.
        """
        lines = self._lines()
        own = folder.resolve()
        with _written(lines, own.with_name(f".{own.name}.records")) as written:
            index_paths([written], folder, embedder, progress=progress)

    def _lines(self) -> list[bytes]:
        """The records as JSON lines, in ASCII: whatever they hold, it is read back as it was."""
        if not self.records:
            raise DatasetError(f"{self.name}: no documents to index")
        lines, seen = [], set()
        for record in self.records:
            if record.uri in seen:
                raise DatasetError(f"{self.name}: two documents are called {record.uri!r}: give each its own name")
            seen.add(record.uri)
            lines.append(self._line(record))
        return lines

    def _line(self, record: Record) -> bytes:
        row = {"url": record.uri, "title": record.title, "text": record.text, "language": record.language}
        line = json.dumps(row).encode() + b"\n"
        try:
            uri = document_of_record(row, "", 0).uri
        except SourceError as error:
            raise DatasetError(f"{self.name}: document {record.uri!r}: {error}: leave it out") from error
        if uri != record.uri:
            raise DatasetError(f"{self.name}: {record.uri!r} cannot be a document's address: percent-quote it")
        if len(line) > RECORD_LIMIT:
            limit = f"{RECORD_LIMIT / 1e6:,.0f} MB"
            raise DatasetError(f"{self.name}: document {record.uri!r} is longer than {limit}: split it")
        return line


def _relative(path: Path, roots: Sequence[Path]) -> str:
    root = next(root for root in roots if path.is_relative_to(root))
    return path.name if path == root else path.relative_to(root).as_posix()


def _digest(path: Path) -> str:
    """Of the bytes; "" where there are none that the index could read either."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except SourceError:
        return ""


@contextmanager
def _written(lines: Sequence[bytes], folder: Path) -> Iterator[Path]:
    """The folder with these lines in files, for the time being. Raises IndexBusy where another run has it."""
    lock = FileLock(folder / ".lock", timeout=0)
    with _writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(f"another run is writing to {folder}: wait until it is done") from error
    try:
        with _writing_to(folder):
            _remove_parts(folder)  # of a run that was killed
            _write_parts(lines, folder)
        yield folder
    finally:
        with suppress(OSError):
            _remove_parts(folder)
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)
            folder.rmdir()


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(f"cannot write to {folder} ({error.strerror or error})") from error


def _write_parts(lines: Sequence[bytes], folder: Path) -> None:
    """As many files as the index's limit for the size of one asks for."""
    start = number = size = 0
    for end, line in enumerate(lines):
        if size + len(line) > SIZE_LIMIT:
            _part(folder, number).write_bytes(b"".join(lines[start:end]))
            start, number, size = end, number + 1, 0
        size += len(line)
    _part(folder, number).write_bytes(b"".join(lines[start:]))


def _remove_parts(folder: Path) -> None:
    for path in folder.glob("part-*.jsonl"):
        path.unlink()


def _part(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04}.jsonl"
