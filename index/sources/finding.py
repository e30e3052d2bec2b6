"""Which files there are under the paths that a user named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from index.errors import SourceError


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Every file named or under a folder named, each once, in the order of `paths` and then of names.

    Hidden files and folders are left out unless named. Links are followed, but a folder or file that was met before,
    by whatever name, is not met again. A folder that cannot be listed is itself in the result, so that reading it
    says why. Raises SourceError for a path that does not exist.
    """
    seen: set[Path] = set()
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SourceError(f"no such file or folder: {path}")
        found += _walk(path, seen)
    return found


def _walk(path: Path, seen: set[Path]) -> Iterator[Path]:
    """Depth first, without recursion: folders may be nested deeper than Python's stack."""
    waiting = [path]
    while waiting:
        current = waiting.pop()
        real = _resolved(current)
        if real in seen:
            continue
        seen.add(real)
        inside = _visible_inside(current)
        if inside is None:
            yield current
        else:
            waiting += reversed(inside)


def _visible_inside(path: Path) -> list[Path] | None:
    """What a folder holds, sorted by name; None for a file, or a folder that cannot be listed."""
    try:
        return sorted(child for child in path.iterdir() if not child.name.startswith("."))
    except OSError:
        return None


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return path.absolute()
