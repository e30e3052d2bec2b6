"""What every format reader produces: pieces of text with a role, assembled into one text with blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.types import Block, Role

BLANK_LINE = "\n\n"
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, heading, list item, table row or piece of code, before it has its place in the text."""

    role: Role
    text: str


def clean(text: str) -> str:
    r"""`text` with `\n` as its only line end, and U+FFFD for each NUL and lone surrogate; otherwise untouched."""
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def assemble(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """One text of all pieces that hold anything, with a blank line between them, and where each one lies in it."""
    texts: list[str] = []
    blocks: list[Block] = []
    start = 0
    for piece in _filled(pieces):
        end = start + len(piece.text)
        texts.append(piece.text)
        blocks.append(Block(start, end, piece.role))
        start = end + len(BLANK_LINE)
    return BLANK_LINE.join(texts), tuple(blocks)


def first_heading(pieces: Iterable[Piece]) -> str | None:
    """The text of the first heading, on one line, or None."""
    return next((one_line(piece.text) for piece in _filled(pieces) if piece.role is Role.HEADING), None)


def one_line(text: str) -> str:
    """`text` cleaned, with each run of white space as one space: for titles, keys and addresses, never for content."""
    return " ".join(clean(text).split())


def _filled(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        text = clean(piece.text).strip()
        if text:
            yield Piece(piece.role, text)
