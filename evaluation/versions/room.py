"""How much there may be in an archive."""

from __future__ import annotations

from pathlib import Path

from evaluation.errors import DatasetError

__all__ = ["UNPACKED_LIMIT", "require_room"]

UNPACKED_LIMIT = 500_000_000
"""Bytes of an archive's contents."""


def require_room(size: int, path: Path) -> None:
    """Raises DatasetError where the contents of `path`, `size` in bytes, are more than the limit."""
    if size > UNPACKED_LIMIT:
        raise DatasetError(f"{path} holds more than {UNPACKED_LIMIT / 1e6:,.0f} MB")
