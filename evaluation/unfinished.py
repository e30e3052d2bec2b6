"""What an evaluation has measured and not reported yet, kept so that an interrupted one can go on."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from index.embedding.model_cache import cache_folder

__all__ = ["kept_until_done"]

FORGOTTEN_AFTER = 30 * 24 * 3600
"""Seconds: what nobody went on with by then is removed."""


@contextmanager
def kept_until_done(name: str, parts: object) -> Iterator[Path]:
    """A folder that the same `name` and `parts` find again; removed once the body ends without an exception."""
    key = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    home = cache_folder() / "evaluation" / "unfinished"
    folder, lock = home / f"{name}-{key}", home / f"{name}-{key}.lock"
    home.mkdir(parents=True, exist_ok=True)
    _clear(home)
    with FileLock(lock):
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)
    lock.unlink(missing_ok=True)


def _clear(home: Path) -> None:
    for path in home.iterdir():
        with suppress(FileNotFoundError):  # another process may just have finished with it
            if time.time() - path.stat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
