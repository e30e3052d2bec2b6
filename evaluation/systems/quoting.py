"""The answer of a system that quotes the first thing that it finds."""

from __future__ import annotations

from bot.types import Answer, Citation, Timings
from evaluation.types import EvaluationQuestion, Retrieved
from index.types import Document

__all__ = ["quoting"]


def quoting(
    question: EvaluationQuestion,
    place: Retrieved | None = None,
    document: Document | None = None,
    quote: str | None = None,
) -> Answer:
    """Quotes `place` of `document`, in the words of `quote` where the system has its own; abstains without a place."""
    untimed = Timings(0.0, 0.0, 0.0, 0.0)
    if place is None or document is None:
        return Answer(question.text, question.language, "abstained", "", 0.0, None, (), untimed)
    text = document.text[place.start : place.end] if quote is None else quote
    citation = Citation(
        marker=1,
        quote=text,
        document=document.id,
        source_uri=place.uri,
        title=document.title,
        language=place.language,
        start=place.start,
        end=place.end,
        passage=document.text[place.start : place.end],
        passage_start=place.start,
    )
    return Answer(question.text, question.language, "answered", text, place.score, None, (citation,), untimed)
