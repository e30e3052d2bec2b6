"""HTML markup to pieces, without judging what is content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.sources.markup_events import send_markup
from index.sources.pieces import Piece
from index.types import Role

CELL_BREAK = " | "
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary", "legend"})
_PARAGRAPHS = frozenset(
    re.findall(
        r"\w+",
        """
    address article aside blockquote body caption center dd details dialog div dl fieldset figcaption figure footer
    form header hr html label li main menu ol p section table tbody tfoot thead ul
""",
    )
)
_CELLS = frozenset({"td", "th"})
_NEVER_SHOWN = frozenset({"script", "style", "title", "template", "noscript", "svg", "math", "iframe", "object"})
_CONTROLS = frozenset({"nav", "button", "select", "textarea", "datalist"})
_PROSE_BYTES = 40
_BREAK = "\v"
_SPACES = re.compile(r"[ \t\n\r\f]+")
_EMPTY_LINE = re.compile(rf"{_BREAK}\s*{_BREAK}")


@dataclass(slots=True)
class MarkupPieces:
    """The pieces of some markup; `main` are those that the markup itself calls the main content."""

    all: list[Piece] = field(default_factory=list)
    main: list[Piece] = field(default_factory=list)


def pieces_of_markup(markup: str) -> MarkupPieces:
    """The text of each block-level element in order, a table row as one piece, without scripts, menus and buttons."""
    reader = _Reader(_NEVER_SHOWN | _CONTROLS)
    send_markup(markup, reader)
    if reader.hides_most:  # such as a menu that is never closed, and swallows the page
        reader = _Reader(_NEVER_SHOWN)
        send_markup(markup, reader)
    return reader.result()


class _Region:
    """Whether the reader is inside of an element, counting elements of the same name that are nested in it."""

    def __init__(self) -> None:
        self.tag: str | None = None
        self._depth = 0

    def open(self, tag: str) -> None:
        self.tag = self.tag or tag
        self._depth += tag == self.tag

    def close(self, tag: str) -> None:
        self._depth -= tag == self.tag
        if self._depth == 0:
            self.tag = None


class _Reader:
    """A MarkupTarget. Flat on purpose: it keeps no tree, so markup may be nested a million deep."""

    def __init__(self, hidden: frozenset[str]) -> None:
        self._hidden_tags = hidden
        self._hidden, self._main, self._article = _Region(), _Region(), _Region()
        self._articles = 0
        self._pieces: list[Piece] = []
        self._in_main: list[Piece] = []
        self._in_article: list[Piece] = []
        self._text: list[str] = []
        self._role = Role.PROSE
        self._row: list[list[Piece]] | None = None
        self._row_is_header = True
        self._hidden_size = self._shown_size = 0

    @property
    def hides_most(self) -> bool:
        return self._hidden_size > self._shown_size

    def result(self) -> MarkupPieces:
        return MarkupPieces(self._pieces, self._in_main or (self._in_article if self._articles == 1 else []))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._hidden.tag or tag in self._hidden_tags:
            self._text.append(" ")
            self._hidden.open(tag)
        elif tag == "br":
            self._text.append("\n" if self._role is Role.CODE else _BREAK)
        elif tag in _CELLS or tag == "tr":
            self._open_cell(tag)
        elif tag in _HEADINGS or tag in _PARAGRAPHS or tag == "pre":
            self._open_block(tag)
        self._open_region(tag, attributes.get("role"))

    def end(self, tag: str) -> None:
        if self._hidden.tag:
            self._hidden.close(tag)
        elif tag in {"tr", "table"}:
            self._end_row()
        elif tag in _HEADINGS or tag in _PARAGRAPHS or tag in _CELLS or tag == "pre":
            self._end_piece()
            self._role = Role.PROSE
        self._close_region(tag)

    def data(self, text: str) -> None:
        if not self._hidden.tag:
            self._shown_size += len(text)
            self._text.append(text.replace(_BREAK, " "))
        elif self._hidden.tag in _CONTROLS and len(text.encode("utf-8", "replace")) >= _PROSE_BYTES:
            self._hidden_size += len(text)

    def close(self) -> None:
        self._end_row()

    def _open_region(self, tag: str, role: str | None) -> None:
        if self._main.tag or tag == "main" or role == "main":
            self._main.open(tag)
        if self._article.tag or tag == "article":
            self._articles += self._article.tag is None
            self._article.open(tag)

    def _close_region(self, tag: str) -> None:
        if tag in {self._main.tag, self._article.tag}:
            self._end_piece()
        if self._main.tag:
            self._main.close(tag)
        if self._article.tag:
            self._article.close(tag)

    def _open_block(self, tag: str) -> None:
        if tag == "table":
            self._end_row()
        self._end_piece()
        self._role = Role.HEADING if tag in _HEADINGS else Role.CODE if tag == "pre" else Role.PROSE

    def _open_cell(self, tag: str) -> None:
        if tag == "tr":
            self._end_row()
            self._row, self._row_is_header = [], True
            return
        self._end_piece()
        self._role = Role.PROSE
        self._row_is_header = self._row_is_header and tag == "th"
        if self._row is not None:
            self._row.append([])

    def _end_piece(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        for piece in _split(text, self._role):
            if self._row:
                self._row[-1].append(piece)
            else:
                self._emit(piece)

    def _end_row(self) -> None:
        """A row of data is one piece; one whose cells hold headings or several paragraphs is there for layout."""
        self._end_piece()
        self._role = Role.PROSE
        row, self._row = self._row, None
        filled = [cell for cell in row or () if cell]
        if all(len(cell) == 1 and cell[0].role is Role.PROSE for cell in filled):
            role = Role.HEADING if self._row_is_header else Role.PROSE
            self._emit(Piece(role, CELL_BREAK.join(cell[0].text for cell in filled)))
        else:
            for cell in filled:
                for piece in cell:
                    self._emit(piece)

    def _emit(self, piece: Piece) -> None:
        if not piece.text:
            return
        self._pieces.append(piece)
        if self._main.tag:
            self._in_main.append(piece)
        if self._article.tag:
            self._in_article.append(piece)


def _split(text: str, role: Role) -> Iterator[Piece]:
    """The pieces of one element: two line breaks in a row part paragraphs, one is a line end, other space is none."""
    if role is Role.CODE:
        parts = [text.strip("\n") if text.strip() else ""]
    else:
        lines = (_BREAK.join(_SPACES.sub(" ", line).strip() for line in text.split(_BREAK)),)
        parts = [part.strip(_BREAK).replace(_BREAK, "\n") for line in lines for part in _EMPTY_LINE.split(line)]
    return (Piece(role, part) for part in parts if part)
