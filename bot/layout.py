"""How an answer is laid out, wherever it is shown: numbers after quotes, quotes in their passages, and links."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from bot.types import Answer, Citation, Piece

__all__ = ["around_quote", "pieces", "source_link", "text_language"]


def pieces(answer: Answer) -> Sequence[Piece]:
    """The text of an answer or an abstention, cut where numbers of citations stand."""
    return answer.pieces or (Piece(answer.text),)


def around_quote(citation: Citation) -> tuple[str, str, str]:
    """The passage as what stands before the quote, the quote, and what stands after it."""
    start, end = citation.start - citation.passage_start, citation.end - citation.passage_start
    if citation.passage[start:end] != citation.quote:
        return "", citation.quote, ""
    return citation.passage[:start], citation.quote, citation.passage[end:]


def text_language(answer: Answer) -> str:
    """That of the answer's text, which may quote, and so be in another than the asker's."""
    quotes = answer.composer == "extractive" and answer.citations
    return answer.citations[0].language if quotes else answer.language


def source_link(document: str, start: int, end: int) -> str:
    """The address of the span in its document, on the server that shows documents."""
    return f"/documents/{document}?{urlencode({'start': start, 'end': end})}#cited"
