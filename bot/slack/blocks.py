"""An answer as Slack shows it: Block Kit, and the plain text that notifications show.

All that comes from documents stands in `rich_text`, whose text elements Slack shows as they are: no mention, link,
emoji code or asterisk in a document does anything. Only the plain text is read as markup, and so is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bot.layout import around_quote, pieces, source_link
from bot.messages import language_name, message
from bot.types import Answer, Citation, Piece, QuotedVersion
from bot.visible import visible

__all__ = [
    "HELPFUL",
    "NOT_HELPFUL",
    "VERSION",
    "Block",
    "answer_blocks",
    "answer_text",
    "escaped",
    "shortened",
    "unfinished_blocks",
    "unfinished_text",
    "version_blocks",
]

Block: TypeAlias = dict[str, Any]

HELPFUL, NOT_HELPFUL, VERSION = "helpful", "not_helpful", "version"
"""What the controls under an answer are called (`action_id`)."""

LONGEST = 3_000
"""Characters of one text; Slack takes as many in a section."""

ALTOGETHER = 4_000
"""Characters of an answer: Slack refuses a message whose blocks hold more than some 11,000 together."""

BYTES = 4_000
"""UTF-8 of the text that a message may be changed to."""

MORE = " …"
"""After what is still being written."""

AROUND = 200
"""Characters of a passage that are shown on each side of the quote."""

LONGEST_QUOTE, LONGEST_TITLE, LONGEST_NOTICE = 300, 100, 500
MOST_SOURCES, MOST_NAMED = 5, 7
"""Sources that are shown with what they say, and after those, by their names alone."""

MOST_RELATED = 3
MOST_OPTIONS = 100
MOST_PIECES = 50
LONGEST_NUMBERS = 40
LONGEST_OPTION = 75


def answer_blocks(answer: Answer, name: str, server: str | None) -> list[Block]:
    """The answer, its sources or what comes near, the other versions in a menu, and two thumbs.

    `name` is the answer's id, which the controls send back. `server` is the public address of the source view.
    """
    blocks = [_rich(_section(*(_text(text) for text in _said(pieces(answer), ALTOGETHER))))]
    if answer.notice:
        blocks.append({"type": "context", "elements": [_plain(answer.notice, LONGEST_NOTICE)]})
    shown = answer.citations[:MOST_SOURCES]
    blocks += [_source(citation, answer.language, server, numbered=True) for citation in shown]
    named = answer.citations[MOST_SOURCES : MOST_SOURCES + MOST_NAMED]
    blocks += [_rich(_name(citation, answer.language, server, numbered=True)) for citation in named]
    if answer.related:
        blocks.append(_rich(_section(_text(message("maybe_related", answer.language), bold=True))))
        blocks += [_source(citation, answer.language, server) for citation in answer.related[:MOST_RELATED]]
    blocks.append({"type": "actions", "elements": [*_menu(shown, answer.language, name), *_thumbs(name)]})
    return blocks


def answer_text(answer: Answer) -> str:
    """The answer for notifications and for those to whom blocks are not read."""
    return escaped("".join(_said(pieces(answer), LONGEST)))


def unfinished_blocks(said: Sequence[Piece]) -> list[Block]:
    """An answer as far as it has been written. Once a message is rich text, Slack may not let it be anything else."""
    return [{"type": "section", "text": _plain(_so_far(said), LONGEST)}]


def unfinished_text(said: Sequence[Piece]) -> str:
    """The same for notifications."""
    return escaped(_so_far(said))


def version_blocks(version: QuotedVersion, language: str, server: str | None) -> list[Block]:
    """What another version says in the place of a quote; `language` is the asker's."""
    name = language_name(version.language, language)
    title = _link(name, version.document, version.start, version.end, server)
    return [_rich(_section(title), _quote(_text(version.quote)))]


def escaped(text: str) -> str:
    """Text that Slack reads as markup, made to mean itself, and cut where it is too long."""
    safe = _cut(visible(text), LONGEST)
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str) -> str:
    """Escaped text, cut to what a message may be changed to."""
    if len(text.encode()) <= BYTES:
        return text
    cut = text.encode()[: BYTES - len("…".encode())].decode(errors="ignore")
    return re.sub("&[a-z]*$", "", cut) + "…"


def _so_far(said: Sequence[Piece]) -> str:
    return "".join(_said(said, LONGEST - len(MORE))) + MORE


def _said(written: Sequence[Piece], most: int) -> list[str]:
    """The pieces of an answer, each with its numbers; where there is too much, each is cut, and no number lost."""
    laid_out = written[:MOST_PIECES]
    share = max(most // max(len(laid_out), 1) - LONGEST_NUMBERS, LONGEST_NUMBERS)
    return [
        _cut(piece.text, share) + _cut("".join(f" [{number}]" for number in piece.markers), LONGEST_NUMBERS)
        for piece in laid_out
    ]


def _source(citation: Citation, asker: str, server: str | None, *, numbered: bool = False) -> Block:
    """Its name, and under that the quote, bold in its passage."""
    before, quote, after = around_quote(citation)
    passage = [
        _text(f"…{before[-AROUND:]}" if len(before) > AROUND else before),
        _text(_cut(quote, LONGEST_QUOTE), bold=True),
        _text(f"{after[:AROUND]}…" if len(after) > AROUND else after),
    ]
    name = _name(citation, asker, server, numbered=numbered)
    return _rich(name, _quote(*(part for part in passage if part["text"])))


def _name(citation: Citation, asker: str, server: str | None, *, numbered: bool) -> Block:
    """Number, title and language."""
    number = [_text(f"[{citation.marker}] ")] if numbered else []
    title = _link(citation.title or citation.source_uri, citation.document, citation.start, citation.end, server)
    return _section(*number, title, _text(f" · {language_name(citation.language, asker)}"))


def _menu(citations: Sequence[Citation], asker: str, name: str) -> list[Block]:
    """One entry for each other version of each quote."""
    several = len(citations) > 1
    options = [
        {
            "text": _plain(
                f"[{citation.marker}] {language_name(version.language, asker)}"
                if several
                else language_name(version.language, asker),
                LONGEST_OPTION,
            ),
            "value": f"{name}:{citation.marker}:{place}",
        }
        for citation in citations
        for place, version in enumerate(citation.versions)
    ]
    if not options:
        return []
    placeholder = _plain(message("other_languages", asker), LONGEST_OPTION)
    return [
        {"type": "static_select", "action_id": VERSION, "placeholder": placeholder, "options": options[:MOST_OPTIONS]}
    ]


def _thumbs(name: str) -> list[Block]:
    return [
        {
            "type": "button",
            "action_id": action,
            "text": {"type": "plain_text", "text": sign, "emoji": True},
            "value": name,
        }
        for action, sign in ((HELPFUL, ":thumbsup:"), (NOT_HELPFUL, ":thumbsdown:"))
    ]


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _quote(*elements: Block) -> Block:
    return {"type": "rich_text_quote", "elements": list(elements)}


def _text(text: str, *, bold: bool = False) -> Block:
    shown = {"type": "text", "text": _cut(visible(text), LONGEST)}
    return shown | ({"style": {"bold": True}} if bold else {})


def _link(text: str, document: str, start: int, end: int, server: str | None) -> Block:
    """Into the source view where there is one to link to; else the text alone."""
    shown = _cut(visible(text), LONGEST_TITLE)
    if not server:
        return _text(shown, bold=True)
    return {"type": "link", "url": server.rstrip("/") + source_link(document, start, end), "text": shown}


def _plain(text: str, most: int) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": _cut(visible(text), most), "emoji": False}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
