"""A record of a JSON file to a document."""

from __future__ import annotations

import re
from urllib.parse import quote

from index.errors import SourceError
from index.sources.declared import declared_text, primary_language
from index.sources.pieces import Piece, assemble, clean
from index.types import Role, SourceDocument

_ADDRESS = re.compile(r"(?!(?:javascript|data|vbscript|file|blob|about):)[^\s\x00-\x20\x7f<>\"]+", re.IGNORECASE)


def document_of_record(record: object, uri: str, number: int) -> SourceDocument:
    """The document of record `number` of the file at `uri`. Raises SourceError for what is not in the schema."""
    if not isinstance(record, dict):
        raise SourceError("malformed record (not a JSON object)")
    if "paragraphs" in record:
        text, blocks = assemble(Piece(Role.PROSE, paragraph) for paragraph in _paragraphs(record["paragraphs"]))
    else:
        text, blocks = clean(_text(record.get("text"))), ()
    if not text.strip():
        raise SourceError("empty record (its paragraphs or text hold nothing)")
    return SourceDocument(
        uri=_address(record, uri, number),
        text=text,
        title=declared_text(record.get("title")),
        language=primary_language(declared_text(record.get("language", record.get("lang")))),
        article=declared_text(record.get("article")),
        blocks=blocks,
    )


def _paragraphs(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(paragraph, str) for paragraph in value):
        raise SourceError("malformed record ('paragraphs' is not a list of strings)")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise SourceError("malformed record (neither 'paragraphs', a list of strings, nor 'text', a string)")
    return value


def _address(record: dict[str, object], uri: str, number: int) -> str:
    """The record's own address where it is one that a reader can safely follow, else its place in the file."""
    url = record.get("url")
    if isinstance(url, str) and _ADDRESS.fullmatch(clean(url)):
        return clean(url)
    own = declared_text(record.get("id"))
    return f"{uri}#{quote(own, safe='/:') if own else number}"
