"""Helpers: write a file, read it back through the room's own door."""

from __future__ import annotations

from pathlib import Path

from index.sources import read_file
from index.types import Role, Skipped, SourceDocument


def read_all(folder: Path, name: str, data: bytes | str) -> list[SourceDocument | Skipped]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read_file(path))


def read_one(folder: Path, name: str, data: bytes | str) -> SourceDocument:
    (found,) = read_all(folder, name, data)
    assert isinstance(found, SourceDocument), found
    return found


def reason_of(folder: Path, name: str, data: bytes | str) -> str:
    (found,) = read_all(folder, name, data)
    assert isinstance(found, Skipped), found
    return found.reason


def blocks_of(document: SourceDocument) -> list[tuple[Role, str]]:
    """Each block's role and text, after checking that together they make up the document."""
    texts = [document.text[block.start : block.end] for block in document.blocks]
    assert "\n\n".join(texts) == document.text
    assert all(text and text == text.strip() for text in texts)
    return [(block.role, text) for block, text in zip(document.blocks, texts, strict=True)]
