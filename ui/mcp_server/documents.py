"""A document as a model reads it: a part of bounded length, where a citation says or from where it left off."""

from __future__ import annotations

from dataclasses import dataclass

from index.store import Store
from ui.mcp_server.refusals import Refused

__all__ = ["MOST_CHARACTERS", "DocumentPart", "OtherVersion", "open_part"]

MOST_CHARACTERS = 12_000
"""Of a document at a time: a few thousand tokens in any script."""


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """The same article in another document, most often in another language."""

    document: str
    language: str
    title: str
    source_uri: str


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """`text` is what stands at `[start, end)` of the document's `length` characters, counted in code points."""

    document: str
    title: str
    language: str
    source_uri: str
    start: int
    end: int
    length: int
    text: str
    versions: tuple[OtherVersion, ...]


def open_part(store: Store, document: str, start: int | None, end: int | None) -> DocumentPart:
    """At most `MOST_CHARACTERS`: around the span, or from `start` on where there is no `end`. Raises Refused."""
    held = store.document(document)
    if held is None:
        raise Refused("there is no such document: use the `document` of a source that ask or search gave")
    first, last = _window(len(held.text), start, end)
    article = store.articles.of_documents([document])[document]
    return DocumentPart(
        document=held.id,
        title=held.title,
        language=held.language,
        source_uri=held.source_uri,
        start=first,
        end=last,
        length=len(held.text),
        text=held.text[first:last],
        versions=tuple(
            OtherVersion(version.document, version.language, version.title, version.source_uri)
            for version in store.articles.versions([article])
            if version.document != document
        ),
    )


def _window(length: int, start: int | None, end: int | None) -> tuple[int, int]:
    """The span, and as much on both sides as there is room for; of a span that is too long, its beginning."""
    first, last = start or 0, length if end is None else end
    if first > length or last < first:
        raise Refused(f"the document has {length} characters: start must not lie beyond them, nor end before start")
    last = min(last, length)
    room = MOST_CHARACTERS - (last - first)
    if end is None or room <= 0:
        return first, min(last, first + MOST_CHARACTERS)
    first = max(0, min(first - room // 2, length - MOST_CHARACTERS))
    return first, min(length, first + MOST_CHARACTERS)
