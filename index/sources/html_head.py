"""What an HTML page declares about itself: encoding, title, language, and the addresses of its versions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from index.sources.declared import primary_language
from index.sources.markup_events import send_markup
from index.sources.pieces import one_line

_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.IGNORECASE)
_CHARSET_WITHIN = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """The declarations of a page; `article` is the same in all versions that name the same set of versions."""

    title: str | None
    language: str | None
    article: str | None


def encoding_of_page(data: bytes) -> str | None:
    """The encoding that the page's own markup names, if any."""
    found = _CHARSET.search(data[:_CHARSET_WITHIN])
    return found[1].decode("ascii", "replace") if found else None


def read_head(markup: str, uri: str) -> Head:
    """What `markup` declares; `uri` is where it lies, for links that are relative."""
    reader = _HeadReader()
    send_markup(markup, reader)
    title = one_line(reader.title) or None
    return Head(title, primary_language(reader.language), _article(reader, uri))


def _article(reader: _HeadReader, uri: str) -> str | None:
    """A key made of all versions' addresses, the page's own among them; None where it names no other version."""
    own = reader.canonical or uri
    versions = {_join(own, href) for href in reader.alternates} | {_join(uri, own)}
    if len(versions) < 2:
        return None
    return "hreflang:" + hashlib.sha256("\n".join(sorted(versions)).encode("utf-8", "replace")).hexdigest()[:24]


def _join(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href


class _HeadReader:
    def __init__(self) -> None:
        self.title = ""
        self.language: str | None = None
        self.canonical: str | None = None
        self.alternates: list[str] = []
        self._in_title = False
        self._has_title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "html":
            self.language = self.language or attributes.get("lang") or attributes.get("xml:lang")
        elif tag == "title":
            self._in_title = not self._has_title
        elif tag == "link":
            self._link(attributes)

    def end(self, tag: str) -> None:
        if tag == "title" and self._in_title:
            self._in_title, self._has_title = False, True

    def data(self, text: str) -> None:
        if self._in_title:
            self.title += text

    def close(self) -> None:
        """Nothing is left to do."""

    def _link(self, attributes: dict[str, str]) -> None:
        relation, href = attributes.get("rel", "").lower().split(), attributes.get("href", "").strip()
        if not href:
            return
        if "canonical" in relation:
            self.canonical = self.canonical or href
        elif "alternate" in relation and attributes.get("hreflang", "x-default").lower() != "x-default":
            self.alternates.append(href)
