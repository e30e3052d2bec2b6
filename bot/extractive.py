"""Evidence -> quotes, word for word. No model is needed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.types import Citation
from index.types import Hit, SentenceScore

__all__ = ["NEARLY_EQUAL", "cite", "quoted_text"]

NEARLY_EQUAL = 0.02
"""A second sentence of the passage is quoted too where its score is that near the best one's (docs/retrieval.md)."""

OMISSION = " … "


def cite(hit: Hit, most: int) -> tuple[Citation, ...]:
    """The best sentence of the hit, and after it, up to `most` in all, those of the passage that are nearly as good.

    The offsets are the sentences' own, so each quote is exact by construction.
    """
    near = (sentence for sentence in hit.sentences[:most] if hit.score - sentence.score <= NEARLY_EQUAL)
    return tuple(_citation(hit, sentence, marker) for marker, sentence in enumerate(near, start=1))


def quoted_text(hit: Hit, citations: Sequence[Citation]) -> str:
    """The quotes as one text, with "…" where one does not directly follow the other in the document."""
    text = citations[0].quote
    for before, after in pairwise(citations):
        follows = before.end <= after.start and not hit.document.text[before.end : after.start].strip()
        text += (" " if follows else OMISSION) + after.quote
    return text


def _citation(hit: Hit, sentence: SentenceScore, marker: int) -> Citation:
    document, unit = hit.document, sentence.unit
    return Citation(
        marker=marker,
        quote=document.text[unit.start : unit.end],
        document=document.id,
        source_uri=document.source_uri,
        title=document.title,
        language=document.language,
        start=unit.start,
        end=unit.end,
        passage=document.text[hit.start : hit.end],
    )
