"""Where citations lead: a document as text, the cited span marked, and what the article's other versions say there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from babel import Locale, UnknownLocaleError
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader

from bot.layout import source_link
from index.store import Store
from index.types import Document, Version
from ui.server.problems import ProblemError
from ui.server.service import Service

__all__ = ["direction", "source_view"]

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "SAMEORIGIN",
}
LARGEST_OFFSET = 10**9

TEMPLATES = Environment(loader=PackageLoader("ui.server"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the text, cited or not."""

    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class _Beside:
    """Another version: what it says in place of the cited span, "" where it has nothing aligned."""

    version: Version
    link: str
    quote: str


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    try:
        return Locale.parse(language).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def source_view(service: Service) -> APIRouter:
    """The one route."""
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(service.access.check_person)])

    @routes.get("/documents/{name}", response_class=HTMLResponse)
    def show(
        name: str,
        start: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
        end: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
    ) -> HTMLResponse:
        with service.index.opened() as state, state.store.snapshot():
            document = state.store.document(name)
            if document is None:
                raise ProblemError(404, "there is no such document")
            beside = list(_beside(state.store, document, start, end))
        page = TEMPLATES.get_template("source.html.j2").render(
            document=document, direction=direction, pieces=_pieces(document.text, start, end), beside=beside
        )
        return HTMLResponse(page, headers=SECURITY)

    return routes


def _pieces(text: str, start: int, end: int) -> list[_Piece]:
    if not start < end <= len(text):
        return [_Piece(text, cited=False)]
    pieces = [_Piece(text[:start], cited=False), _Piece(text[start:end], cited=True), _Piece(text[end:], cited=False)]
    return [piece for piece in pieces if piece.text]


def _beside(store: Store, document: Document, start: int, end: int) -> Iterator[_Beside]:
    article = store.articles.of_documents([document.id])[document.id]
    units = store.quotable_sentences(store.articles.sentences(document.id).ids.tolist(), ())
    cited = [unit.id for unit in units if unit.start < end and unit.end > start]
    statements = store.articles.statements(store.articles.statements_with(cited))
    aligned = store.quotable_sentences({i for sentences in statements.values() for i in sentences}, ())
    for version in store.articles.versions([article]):
        if version.document == document.id:
            continue
        run = [unit for unit in aligned if unit.document == version.document]
        if not run:
            yield _Beside(version, f"/documents/{version.document}", "")
            continue
        first, last = run[0].start, run[-1].end
        text = store.document_texts([version.document])[version.document]
        yield _Beside(version, source_link(version.document, first, last), text[first:last])
