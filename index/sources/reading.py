"""One file to its documents, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from index.errors import SourceError
from index.sources.docx import read_docx
from index.sources.html import read_html
from index.sources.jsonlines import read_gzipped_json_lines, read_json, read_json_lines
from index.sources.markdown import read_markdown
from index.sources.opening import read_bytes
from index.sources.pdf import read_pdf
from index.sources.text import read_text
from index.types import Skipped, SourceDocument

Reader: TypeAlias = Callable[[bytes, str], Iterator[SourceDocument | Skipped]]

_READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".jsonl.gz": read_gzipped_json_lines,
    ".json": read_json,
}
READABLE_SUFFIXES = frozenset(_READERS)


def read_file(path: Path) -> Iterator[SourceDocument | Skipped]:
    """The documents of one file, and a Skipped with a plain reason for each part of it that cannot be read.

    Never raises for what is in a file, or for a file that is gone, locked, or no file at all.
    """
    try:
        uri = path.resolve().as_uri()
    except (OSError, RuntimeError):
        uri = path.absolute().as_uri()
    try:
        for read in _reader(path)(read_bytes(path), uri):
            empty = isinstance(read, SourceDocument) and not read.text.strip()
            yield Skipped(read.uri, "empty (it holds no text)") if empty else read
    except SourceError as error:
        yield Skipped(uri, str(error))


def _reader(path: Path) -> Reader:
    name = path.name.lower()
    for suffix, reader in _READERS.items():
        if name.endswith(suffix):
            return reader
    raise SourceError(f"unknown type ({path.suffix or 'no suffix'})")
