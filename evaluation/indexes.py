"""The indexes of datasets that bring their documents: made once, kept in the cache folder, found again."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from evaluation.errors import DatasetError
from evaluation.provenance import indexing_fingerprint
from evaluation.types import Dataset
from index.embedding.model_cache import cache_folder
from index.indexer import IndexingProgress
from index.types import Embedder

__all__ = ["indexed"]

KEPT = 3
"""Indexes of one dataset: those of a few embedders, or of the code before and after a change."""


def indexed(dataset: Dataset, embedder: Embedder, progress: IndexingProgress) -> Path:
    """The folder of an index of the dataset's documents by this embedder and this code. Raises DatasetError."""
    if dataset.corpus is None:
        raise DatasetError(f"{dataset.name} comes without documents: name them with --corpus, or an index with --index")
    parts = f"{dataset.corpus.fingerprint} {asdict(embedder.identity)} {indexing_fingerprint()}"
    key = hashlib.sha256(parts.encode()).hexdigest()[:16]
    home = cache_folder() / "evaluation" / "indexes" / dataset.name
    home.mkdir(parents=True, exist_ok=True)
    folder = home / key
    complete = folder / "complete"
    with FileLock(home / "lock"):
        if not complete.exists():
            _make_room(home, folder)
            dataset.corpus.index(folder, embedder, progress)
        complete.touch()  # also to say that it was used
    return folder


def _make_room(home: Path, wanted: Path) -> None:
    """Removes the indexes used longest ago, and what other code left half-made; `wanted` may be taken up again."""
    for path in home.iterdir():
        if path.is_dir() and wanted.name not in path.name and not (path / "complete").exists():
            shutil.rmtree(path)
    complete = sorted(home.glob("*/complete"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in complete[KEPT - 1 :]:
        shutil.rmtree(path.parent)
