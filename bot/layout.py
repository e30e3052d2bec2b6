"""How an answer is laid out, wherever it is shown: numbers after quotes, quotes in their passages, and links."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.types import Answer, Citation

__all__ = ["Piece", "around_quote", "pieces", "source_link", "text_language"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer, and the numbers of the citations that it stands on."""

    text: str
    markers: tuple[int, ...]


def pieces(answer: Answer) -> list[Piece]:
    """The text of an answer, each citation's number after its quote; where that is not word for word, at the end."""
    found, at, unplaced = [], 0, []
    for citation in answer.citations:
        start = answer.text.find(citation.quote, at)
        if start < 0:
            unplaced.append(citation.marker)
            continue
        end = start + len(citation.quote)
        found.append(Piece(answer.text[at:end], (citation.marker,)))
        at = end
    if unplaced or at < len(answer.text):
        found.append(Piece(answer.text[at:], tuple(unplaced)))
    return found


def around_quote(citation: Citation) -> tuple[str, str, str]:
    """The passage as what stands before the quote, the quote, and what stands after it."""
    start, end = citation.start - citation.passage_start, citation.end - citation.passage_start
    if citation.passage[start:end] != citation.quote:
        return "", citation.quote, ""
    return citation.passage[:start], citation.quote, citation.passage[end:]


def text_language(answer: Answer) -> str:
    """That of the answer's text, which quotes, and so may be another than the asker's."""
    return answer.citations[0].language if answer.citations else answer.language


def source_link(document: str, start: int, end: int) -> str:
    """The address of the span in its document, on the server that shows documents."""
    return f"/documents/{document}?{urlencode({'start': start, 'end': end})}#cited"
