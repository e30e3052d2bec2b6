"""Plain text: the text as it is, with no structure of its own."""

from __future__ import annotations

from collections.abc import Iterator

from index.sources.encoding import decode
from index.sources.pieces import clean
from index.types import SourceDocument


def read_text(data: bytes, uri: str) -> Iterator[SourceDocument]:
    """The one document of a plain text file. Raises SourceError for what is not text."""
    yield SourceDocument(uri, clean(decode(data)))
