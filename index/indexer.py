"""The recipe: read -> language -> segment -> mark boilerplate -> embed -> commit; then the articles, then the caches.

An index mirrors the files under the paths it was given: changed files are read again, deleted ones leave, and other
paths stay as they are. Work is committed in batches, so a run that is ended half-way keeps what it had done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from index.boilerplate import REPEATED_ON_PAGES
from index.caches import refresh_caches
from index.errors import IndexBusy, IndexNotWritable, SourceError
from index.linking import link_new_documents
from index.preparation import RECIPE, PreparedDocument, embed, prepare
from index.sources import SIZE_LIMIT, find_files, read_file
from index.store import LanguageCounts, Store
from index.types import Embedder, Skipped, SourceDocument

__all__ = ["IndexingProgress", "IndexingSummary", "index_paths", "remove_paths"]

BATCH_CHARACTERS = 30_000
"""Text to embed between two commits: a few seconds of work on two cores, so that the progress shows."""


class IndexingProgress:
    """Told how the work goes; this one is silent, the command draws a bar with its own."""

    def start(self, total_bytes: int) -> None:
        """The size of all files that will be read."""

    def advance(self, read_bytes: int, documents: int) -> None:
        """So many more bytes of the files were dealt with, and so many more documents committed."""

    def align(self, articles: int) -> None:
        """The versions of so many articles will be aligned."""

    def aligned(self) -> None:
        """Those of one of them are."""


@dataclass(slots=True)
class IndexingSummary:
    """What a run did, in documents. `seconds` is work by language.

    `counts` is what the index holds afterwards, and `articles` how many of its articles have two or more versions.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, LanguageCounts] = field(default_factory=dict)
    articles: int = 0


def index_paths(
    paths: Sequence[Path], folder: Path, embedder: Embedder, *, progress: IndexingProgress | None = None
) -> IndexingSummary:
    """Brings the index in `folder` up to date with the files under `paths`.

    Raises SourceError where there is nothing to read, IndexBusy, IndexMismatch, IndexDamaged or IndexNotWritable;
    whatever is raised, the index stays at its last commit.
    """
    found = {path.resolve().as_uri(): path for path in find_files(paths)}
    in_index = _within([folder])
    files = {uri: path for uri, path in found.items() if not in_index(uri)}
    if not files and not Store.exists(folder):
        raise SourceError(f"no files to read under {_listed(paths)}")
    with _locked(folder), Store.open_to_write(folder, embedder.identity) as store:
        run = _Run(store, embedder, progress or IndexingProgress())
        gone = [uri for uri in filter(_within(paths), store.files()) if uri not in files]
        return run.finish(files, gone)


def remove_paths(paths: Sequence[Path], folder: Path, embedder: Embedder) -> IndexingSummary:
    """Removes the documents of all files under `paths` from the index. The files themselves are left alone."""
    Store.open_to_read(folder).close()
    with _locked(folder), Store.open_to_write(folder, embedder.identity) as store:
        gone = list(filter(_within(paths), store.files()))
        if not gone:
            raise SourceError(f"the index in {folder} holds no documents from {_listed(paths)}")
        return _Run(store, embedder, IndexingProgress()).finish({}, gone)


class _Run:
    """One run of the indexer: what it has prepared and not committed yet, and what it has changed so far."""

    def __init__(self, store: Store, embedder: Embedder, progress: IndexingProgress) -> None:
        self._store = store
        self._embedder = embedder
        self._progress = progress
        self._since = store.generation
        self._batch: list[PreparedDocument] = []
        self._batch_characters = 0
        self._batch_bytes = 0
        self._read_files: dict[str, tuple[str, set[str]]] = {}
        self._changed_languages: set[str] = set()
        self._changed_documents: set[str] = set()
        self.summary = IndexingSummary()

    def finish(self, files: dict[str, Path], gone: Iterable[str]) -> IndexingSummary:
        with self._store.transaction():
            for uri in gone:
                self._remove_file(uri)
        known = self._store.files()
        digests = {uri: _digest(path) for uri, path in files.items()}
        changed = {uri: path for uri, path in files.items() if digests[uri] is None or digests[uri] != known.get(uri)}
        self.summary.unchanged = sum(len(self._store.documents_of_file(uri)) for uri in files if uri not in changed)
        self._progress.start(sum(_size(path) for path in changed.values()))
        for uri, path in changed.items():
            self._read(uri, path, digests[uri] or "")
        self._commit()
        self._refresh()
        return self._summed_up(files)

    def _read(self, uri: str, path: Path, digest: str) -> None:
        stored = self._store.documents_of_file(uri)
        seen: set[str] = set()
        left = _size(path)
        for item in read_file(path):
            if isinstance(item, Skipped):
                self.summary.skipped.append(item)
                continue
            # A record's text stands for its share of the file's bytes; what that leaves over is added at the end.
            share = min(left, len(item.text))
            left -= share
            self._batch_bytes += share
            self._take(uri, item, seen, stored)
        self._batch_bytes += left
        self._read_files[uri] = (digest, seen)

    def _take(self, uri: str, source: SourceDocument, seen: set[str], stored: dict[str, tuple[str, str]]) -> None:
        prepared = prepare(uri, source)
        document = prepared.document
        if document.id in seen:
            self.summary.skipped.append(Skipped(source.uri, "the same record stands in this file twice"))
            return
        seen.add(document.id)
        if document.id in stored and stored[document.id][0] == document.content_hash:
            self.summary.unchanged += 1
            return
        self._batch.append(prepared)
        self._batch_characters += len(document.text)
        if self._batch_characters >= BATCH_CHARACTERS:
            self._commit()

    def _commit(self) -> None:
        embedded = embed(self._batch, self._embedder, self.summary.seconds)
        with self._store.transaction():
            for prepared, passages in zip(self._batch, embedded, strict=True):
                self._note_replaced(prepared)
                # An empty digest: the file counts as read only once all of its documents are in.
                self._store.put_file(prepared.file_uri, "")
                self._store.put_document(prepared.file_uri, prepared.document, passages)
            for uri, (digest, seen) in self._read_files.items():
                self._close_file(uri, digest, seen)
        self._progress.advance(self._batch_bytes, len(self._batch))
        self._batch, self._batch_characters, self._batch_bytes, self._read_files = [], 0, 0, {}

    def _note_replaced(self, prepared: PreparedDocument) -> None:
        before = self._store.document(prepared.document.id)
        self._changed_documents.add(prepared.document.id)
        self._changed_languages.add(prepared.document.language)
        if before is None:
            self.summary.added += 1
        else:
            self.summary.changed += 1
            self._changed_languages.add(before.language)

    def _close_file(self, uri: str, digest: str, seen: set[str]) -> None:
        if not seen:
            self._remove_file(uri)
            return
        self._store.put_file(uri, digest)
        for document, (_, language) in self._store.documents_of_file(uri).items():
            if document not in seen:
                self._store.remove_document(document)
                self._note_removed(document, language)

    def _remove_file(self, uri: str) -> None:
        for document, (_, language) in self._store.documents_of_file(uri).items():
            self._note_removed(document, language)
        self._store.remove_file(uri)

    def _note_removed(self, document: str, language: str) -> None:
        self.summary.removed += 1
        self._changed_documents.add(document)
        self._changed_languages.add(language)

    def _refresh(self) -> None:
        with self._store.transaction():
            repeated = self._store.mark_repeated(REPEATED_ON_PAGES)
            self._changed_documents |= repeated.keys()
            self._changed_languages |= set(repeated.values())
            link_new_documents(self._store.articles, announce=self._progress.align, advance=self._progress.aligned)
        refresh_caches(self._store, self._since, self._changed_languages, self._changed_documents)

    def _summed_up(self, files: dict[str, Path]) -> IndexingSummary:
        summary = self.summary
        summary.counts = self._store.counts()
        summary.articles = self._store.articles.in_languages()
        if files and not (summary.added or summary.changed or summary.unchanged):
            first = summary.skipped[0]
            raise SourceError(f"none of the {len(files)} files could be read; the first, {first.uri}: {first.reason}")
        return summary


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writer.lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy(f"another `dragoman index` is writing to {folder}: wait until it is done") from error
    except OSError as error:
        raise IndexNotWritable(f"cannot write to {folder} ({error.strerror or error})") from error
    try:
        yield
    finally:
        lock.release()


def _digest(path: Path) -> str | None:
    """Of the file's bytes and the recipe; None where the file cannot be read, which `read_file` will tell of."""
    try:
        if path.stat().st_size > SIZE_LIMIT or not path.is_file():
            return None
        with path.open("rb") as stream:
            return f"{RECIPE}:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _within(paths: Sequence[Path]) -> Callable[[str], bool]:
    """Whether a file's URI is one of these paths or below one."""
    roots = [path.resolve().as_uri() for path in paths]
    folders = tuple(root.rstrip("/") + "/" for root in roots)
    return lambda uri: uri.startswith(folders) or uri in roots


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)
