"""Markdown: the text as a reader sees it, with its headings, paragraphs and code as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.sources.encoding import decode
from index.sources.front_matter import FrontMatter, parse_front_matter
from index.sources.joining import UNSPACED
from index.sources.markup import CELL_BREAK, pieces_of_markup
from index.sources.pieces import Piece, assemble, clean, one_line
from index.types import Role, SourceDocument

if TYPE_CHECKING:
    from markdown_it.token import Token

_ATTRIBUTES = re.compile(r"\s*\{:?\s*[.#][^{}\n]*\}")
_ATTRIBUTES_AT_END = re.compile(r"(?:\s*\{:?\s*[.#][^{}\n]*\})+\s*$")
_ALERT = re.compile(r"^\[![A-Za-z]+\][+-]?[ \t]*")
MARKDOWN_LIMIT = 10_000_000
_SPACES = re.compile(r" {2,}")
_SOFT_BREAK = "\v"
_BREAK_IN_UNSPACED = re.compile(rf"(?<=[{UNSPACED}]){_SOFT_BREAK}(?=[{UNSPACED}])")


def read_markdown(data: bytes, uri: str) -> Iterator[SourceDocument]:
    """The one document of a Markdown file. Raises SourceError for what is not text."""
    from index.sources.markdown_syntax import parse  # only Markdown files need the parser

    if len(data) > MARKDOWN_LIMIT:
        raise SourceError(f"over the size limit for Markdown ({MARKDOWN_LIMIT / 1e6:,.0f} MB)")
    try:
        tokens = parse(clean(decode(data)).replace(_SOFT_BREAK, " "))
    except RecursionError as error:
        raise SourceError("damaged Markdown (nested too deep)") from error
    front = next((parse_front_matter(token.content) for token in tokens if token.type == "front_matter"), FrontMatter())
    titles = [piece.text for piece, token in _pieces(tokens) if token.tag == "h1"]
    text, blocks = assemble(piece for piece, _ in _pieces(tokens))
    title = front.title or next((one_line(title) for title in titles if title.strip()), None)
    yield SourceDocument(uri, text, title, front.language, front.article, blocks)


def _pieces(tokens: Sequence[Token]) -> Iterator[tuple[Piece, Token]]:
    """Each piece with the token that opened it."""
    cells: list[str] = []
    in_header = False
    for opener, token in zip([None, *tokens], tokens, strict=False):
        if token.type in {"fence", "code_block"}:
            yield Piece(Role.CODE, token.content), token
        elif token.type == "html_block":
            yield from ((piece, token) for piece in pieces_of_markup(token.content).all)
        elif token.type in {"thead_open", "thead_close"}:
            in_header = token.type == "thead_open"
        elif token.type == "tr_close":
            yield Piece(Role.HEADING if in_header else Role.PROSE, CELL_BREAK.join(filter(None, cells))), token
            cells.clear()
        elif token.type == "inline" and opener is not None:
            text = _inline(token, in_heading=opener.type == "heading_open")
            if opener.type in {"td_open", "th_open"}:
                cells.append(one_line(text))
            else:
                is_heading = opener.type in {"heading_open", "marker_title_open"}
                yield Piece(Role.HEADING if is_heading else Role.PROSE, text), opener


def _inline(token: Token, *, in_heading: bool) -> str:
    """The visible text of a paragraph or heading: no markup, no images, links as their text."""
    parts: list[str] = []
    previous = ""
    for child in token.children or ():
        parts.append(_visible(child, after=previous))
        previous = child.type
    text = _ATTRIBUTES_AT_END.sub("", _ALERT.sub("", "".join(parts)))
    text = _SPACES.sub(" ", _BREAK_IN_UNSPACED.sub("", text).replace(_SOFT_BREAK, " "))
    return one_line(text) if in_heading else text


def _visible(child: Token, after: str) -> str:
    if child.type == "text":
        attributes = _ATTRIBUTES.match(child.content) if after in {"link_close", "image", "code_inline"} else None
        return child.content[attributes.end() :] if attributes else child.content
    if child.type == "softbreak":
        return _SOFT_BREAK
    if child.type == "hardbreak" or (child.type == "html_inline" and child.content.lower().startswith("<br")):
        return "\n"
    return child.content if child.type in {"code_inline", "text_special"} else ""
