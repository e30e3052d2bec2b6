"""DOCX: headings by their style, paragraphs, list items and table rows, in the order in which they stand."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.sources.declared import declared_text, primary_language
from index.sources.markup import CELL_BREAK
from index.sources.parsing import damage_of
from index.sources.pieces import Piece, assemble, first_heading, one_line
from index.types import Role, SourceDocument

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

EXPANDED_LIMIT = 200_000_000
_OLE = b"\xd0\xcf\x11\xe0"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SPACING = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "\u2011"}
_NOT_TEXT = frozenset({_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}del", f"{_W}moveFrom", f"{_W}instrText"})
_HEADING = re.compile(r"heading \d|title$")


def read_docx(data: bytes, uri: str) -> Iterator[SourceDocument]:
    """The one document of a DOCX file. Raises SourceError where it is damaged, protected, or expands too far."""
    if data.startswith(_OLE):
        raise SourceError("an old or password-protected Word file; save it as an unprotected .docx")
    with damage_of("DOCX"):
        _check_size(data)
        from docx import Document  # only DOCX files need it

        document = Document(io.BytesIO(data))
        pieces = list(_pieces(document.element.body, _heading_styles(document)))
        properties = document.core_properties
        title, language = declared_text(properties.title), primary_language(properties.language)
    text, blocks = assemble(pieces)
    yield SourceDocument(uri, text, first_heading(pieces) or title, language, None, blocks)


def _check_size(data: bytes) -> None:
    """The declared sizes bound all: zipfile never expands a member beyond the size that is declared for it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > EXPANDED_LIMIT:
            raise SourceError(f"over the size limit ({EXPANDED_LIMIT / 1e6:,.0f} MB once expanded)")


def _heading_styles(document: WordDocument) -> frozenset[str]:
    """The ids of the styles that are a title or heading, or are based on one."""
    found: set[str] = set()
    for style in document.styles:
        ancestor, steps = style, 0
        while ancestor is not None and steps < 20:  # a hostile file can base a style on itself
            if _HEADING.match((ancestor.name or "").lower()):
                found.add(style.style_id)
            ancestor, steps = getattr(ancestor, "base_style", None), steps + 1
    return frozenset(found)


def _pieces(body: Element, headings: frozenset[str]) -> Iterator[Piece]:
    """Walks without recursion, since text boxes and tables nest. A row is one piece, with all that its cells hold."""
    waiting = list(reversed(body))
    while waiting:
        element = waiting.pop()
        if element.tag == f"{_W}p":
            yield _paragraph(element, headings)
        elif element.tag == f"{_W}tr":
            yield _row(element)
        elif element.tag in {f"{_W}tbl", f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml"}:
            waiting += reversed(element)


def _paragraph(element: Element, headings: frozenset[str]) -> Piece:
    style = element.find(f"{_W}pPr/{_W}pStyle")
    is_heading = style is not None and style.get(f"{_W}val") in headings
    text = _text(element)
    return Piece(Role.HEADING, one_line(text)) if is_heading else Piece(Role.PROSE, text)


def _row(element: Element) -> Piece:
    is_header = element.find(f"{_W}trPr/{_W}tblHeader") is not None
    cells = filter(None, map(_cell, element.iterchildren(f"{_W}tc")))
    return Piece(Role.HEADING if is_header else Role.PROSE, CELL_BREAK.join(cells))


def _cell(element: Element) -> str:
    return one_line(" ".join(_text(paragraph) for paragraph in element.iter(f"{_W}p")))


def _text(paragraph: Element) -> str:
    """All visible text of a paragraph, also in links, insertions, fields and text boxes; not what was deleted."""
    parts: list[str] = []
    waiting = [paragraph]
    while waiting:
        element = waiting.pop()
        if element.tag == f"{_W}t":
            parts.append(element.text or "")
        elif element.tag in _SPACING:
            parts.append(_SPACING[element.tag])
        elif element.tag not in _NOT_TEXT:
            waiting += reversed(element)
            if element.tag == f"{_W}p" and element is not paragraph:
                parts.append("\n")
    return "".join(parts)
