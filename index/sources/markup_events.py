"""HTML markup as a stream of events, by libxml2: linear in the length of the markup, whatever is broken in it.

The standard library's parser takes quadratic time on a page of unclosed tags, and a tree has a depth to overflow.
"""

from __future__ import annotations

from typing import Protocol

from index.sources.parsing import damage_of

_CHUNK = 1 << 16


class MarkupTarget(Protocol):
    """Receives the events. Tags and attribute names come in lower case, references resolved, omitted tags supplied."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...

    def close(self) -> None: ...


def send_markup(markup: str, target: MarkupTarget) -> None:
    """Send all events of `markup` to `target`. Raises SourceError where even a lenient parser gives up."""
    from lxml import etree  # type: ignore[import-untyped]  # has no types; only markup needs it

    if not markup.strip():
        return
    with damage_of("HTML"):
        parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True, remove_pis=True)
        for start in range(0, len(markup), _CHUNK):
            parser.feed(markup[start : start + _CHUNK])
        parser.close()
