"""HTML: the main content of a page, its title, language and links to its own versions."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence

from index.sources.encoding import decode
from index.sources.html_head import encoding_of_page, read_head
from index.sources.markup import pieces_of_markup
from index.sources.pieces import Piece, assemble, clean, first_heading
from index.types import SourceDocument

_EXTRACTOR_LIMIT = 2_000_000
_KEPT_OF_MAIN = 0.95
_KEPT_OF_PAGE = 0.5
_PROSE_BYTES = 40
"""From this many bytes of UTF-8 a piece is long enough to be running prose, in scripts with and without spaces."""


def read_html(data: bytes, uri: str) -> Iterator[SourceDocument]:
    """The one document of an HTML page. Raises SourceError for what is not text."""
    markup = clean(decode(data, encoding_of_page(data)))
    head = read_head(markup, uri)
    pieces = _content(markup)
    text, blocks = assemble(pieces)
    yield SourceDocument(uri, text, _title(head.title, first_heading(pieces)), head.language, head.article, blocks)


def _title(declared: str | None, heading: str | None) -> str | None:
    """The declared title, without the site's name where the heading shows which part of it is the page's own."""
    return heading if declared is None or (heading is not None and heading in declared) else declared


def _content(markup: str) -> Sequence[Piece]:
    """The main content: what the page itself calls so, or all of it, cut where the extractor sees it begin and end.

    Chrome that stays is marked later; prose that is lost here is lost for good. So the extractor only says where to
    cut, and only if that keeps nearly all of what the page calls its main content, or half of its running prose.
    """
    page = pieces_of_markup(markup)
    candidates = page.main or page.all
    chosen = _span(candidates, _extracted(markup))
    if page.main:
        keeps_enough = _size(chosen) >= _KEPT_OF_MAIN * _size(candidates)
    else:
        keeps_enough = _size(filter(_is_long, chosen)) >= _KEPT_OF_PAGE * _size(filter(_is_long, candidates))
    return chosen if chosen and keeps_enough else candidates


def _span(pieces: Sequence[Piece], extracted: str) -> Sequence[Piece]:
    """From the first to the last long piece that is in `extracted`, and the pieces next to these that are in it too."""
    found = [_squeezed(piece.text) in extracted for piece in pieces]
    anchors = [at for at, piece in enumerate(pieces) if found[at] and _is_long(piece)]
    if not anchors:
        return []
    first, last = anchors[0], anchors[-1]
    while first > 0 and found[first - 1]:
        first -= 1
    while last + 1 < len(pieces) and found[last + 1]:
        last += 1
    return pieces[first : last + 1]


def _extracted(markup: str) -> str:
    """What trafilatura takes for the main content, squeezed; empty where it finds none or breaks on the page.

    Its text decides what to keep and is not kept itself: it splits paragraphs at inline code and runs headings of
    short pages into their paragraphs.
    """
    if len(markup) > _EXTRACTOR_LIMIT:
        return ""
    import trafilatura  # only HTML needs it, and it is slow to import

    logging.getLogger("trafilatura").addHandler(logging.NullHandler())
    try:
        text = trafilatura.extract(markup, favor_recall=True, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001 - whatever a hostile page does to it, the page's own structure is still there
        return ""
    return _squeezed(text or "")


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _is_long(piece: Piece) -> bool:
    return len(piece.text.encode()) >= _PROSE_BYTES


def _size(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)
