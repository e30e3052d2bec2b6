"""The bytes of a file, without ever blocking, and never more of them than the limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from index.errors import SourceError

SIZE_LIMIT = 50_000_000


def read_bytes(path: Path, limit: int = SIZE_LIMIT) -> bytes:
    """All of the file. Raises SourceError where it is not a regular file, cannot be read, or is over `limit` bytes."""
    try:
        _check(path.stat(), limit)  # before opening: to open a device can already do something
        with open(path, "rb", opener=_open_without_waiting) as file:
            before = os.fstat(file.fileno())
            _check(before, limit)
            data = file.read(limit + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise SourceError(f"unreadable ({(error.strerror or 'the system gave no reason').lower()})") from error
    if len(data) > limit or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError("changed while it was being read; index it again when it is finished")
    return data


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check(status: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SourceError("a folder whose contents cannot be listed")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError("not a regular file (a pipe, socket or device)")
    if status.st_size > limit:
        raise SourceError(f"over the size limit ({status.st_size / 1e6:,.0f} MB; the limit is {limit / 1e6:,.0f} MB)")
    if status.st_size == 0:
        raise SourceError("empty")
