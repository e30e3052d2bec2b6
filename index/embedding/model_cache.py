"""A folder that is either wholly built and as its manifest says, or not there.

A build goes to a temporary sibling, writes its manifest last and is then renamed into place, all under a lock file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from index.errors import EmbedderError

MANIFEST = "MANIFEST.json"


def cache_folder() -> Path:
    """Where built models are kept: `DRAGOMAN_CACHE`, else the user's own cache folder."""
    chosen = os.environ.get("DRAGOMAN_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "dragoman"


def ensure_built(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, built by `build(empty_folder)` unless it is there and whole. Raises `EmbedderError`."""
    if is_complete(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not is_complete(folder):
                _build_in_place(folder, build)
    except EmbedderError:
        raise
    except Exception as error:  # the libraries that write the files have errors of their own for a full disk
        reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0]
        raise EmbedderError(
            f"Cannot build the bundled model in {folder.parent} ({reason}); "
            "free some space there or set DRAGOMAN_CACHE to another folder."
        ) from error
    return folder


def is_complete(folder: Path) -> bool:
    """Whether the manifest is there and every file in it has its size. Costs a stat per file, not a read."""
    files = _manifest(folder)
    return files is not None and all(_size(folder / name) == entry.get("bytes") for name, entry in files.items())


def is_intact(folder: Path) -> bool:
    """Whether every file is, byte for byte, what was built. Reads all of them."""
    files = _manifest(folder)
    return files is not None and all(_entry_or_none(folder / name) == entry for name, entry in files.items())


def discard(folder: Path) -> None:
    """Take a damaged build away, so that the next `ensure_built` makes it anew."""
    with FileLock(folder.with_name(folder.name + ".lock")):
        shutil.rmtree(folder, ignore_errors=True)


def _build_in_place(folder: Path, build: Callable[[Path], None]) -> None:
    for stale in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(stale, ignore_errors=True)  # we hold the lock, so whoever made it is dead
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        build(draft)
        draft.chmod(0o755)  # as any other folder; mkdtemp makes it private
        _write_manifest(draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {path.relative_to(folder).as_posix(): _entry(path) for path in files}
    for path in files:
        path.chmod(0o644)  # some of the libraries that write them keep them private
        _flush_to_disk(path)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    _flush_to_disk(folder / MANIFEST)


def _flush_to_disk(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _manifest(folder: Path) -> dict[str, dict[str, object]] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(manifest, dict) or not manifest or not all(isinstance(e, dict) for e in manifest.values()):
        return None
    return manifest


def _entry(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _entry_or_none(path: Path) -> dict[str, object] | None:
    try:
        return _entry(path)
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
