"""PDF: the text layer of its pages, with hard line ends joined into paragraphs."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.sources.declared import declared_text, primary_language
from index.sources.parsing import damage_of
from index.sources.pdf_layout import pieces_of_pages
from index.sources.pdf_lines import Line, LineCollector
from index.sources.pieces import assemble, first_heading
from index.types import SourceDocument

if TYPE_CHECKING:
    from pypdf import PdfReader

PAGE_LIMIT = 3_000
SECONDS_LIMIT = 120.0
_CHARACTER_LIMIT = 20_000_000
_MACHINE_TITLE = re.compile(
    r"untitled|\(|.*\.(?:docx?|indd|odt|pdf|pptx?|qxd|rtf|tex|xlsx?)$|microsoft (?:word|power)", re.IGNORECASE
)


def read_pdf(data: bytes, uri: str) -> Iterator[SourceDocument]:
    """The one document of a PDF.

    Raises SourceError where it is damaged, needs a password, holds no text, or is over a limit of this module.
    """
    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    with damage_of("PDF"):
        reader = _opened(data)
        pieces = pieces_of_pages(_pages(reader))
        title = declared_text(str(reader.metadata.title or "") if reader.metadata else None)
        language = primary_language(str(reader.root_object.get("/Lang") or ""))
    text, blocks = assemble(pieces)
    if not text:
        raise SourceError("no text in this PDF (scanned pages need text recognition first)")
    title = None if title is None or _MACHINE_TITLE.match(title) else title
    yield SourceDocument(uri, text, title or first_heading(pieces), language, None, blocks)


def _opened(data: bytes) -> PdfReader:
    import pypdf  # only PDFs need it

    reader = pypdf.PdfReader(io.BytesIO(data))
    if not reader.is_encrypted:
        return reader
    try:
        opened = reader.decrypt("")
    except (pypdf.errors.DependencyError, NotImplementedError) as error:
        raise SourceError("encrypted PDF (save a copy without protection)") from error
    if opened == pypdf.PasswordType.NOT_DECRYPTED:
        raise SourceError("encrypted PDF (it needs a password; save a copy without one)")
    return reader


def _pages(reader: PdfReader) -> list[list[Line]]:
    if len(reader.pages) > PAGE_LIMIT:
        raise SourceError(f"over the page limit ({len(reader.pages):,} pages; the limit is {PAGE_LIMIT:,}); split it")
    end = time.monotonic() + SECONDS_LIMIT
    pages: list[list[Line]] = []
    characters = 0
    for page in reader.pages:
        collector = LineCollector()
        page.extract_text(visitor_text=collector.visit)
        pages.append(collector.lines())
        characters += sum(len(line.text) for line in pages[-1])
        if time.monotonic() > end or characters > _CHARACTER_LIMIT:
            raise SourceError(f"over the limit of {SECONDS_LIMIT:.0f} seconds or {_CHARACTER_LIMIT:,} characters")
    return pages
