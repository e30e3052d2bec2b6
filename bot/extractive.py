"""Evidence -> quotes, word for word. No model is needed."""

from __future__ import annotations

from bot.types import Citation
from index.types import Hit, SentenceScore

__all__ = ["cite"]


def cite(hit: Hit, sentence: SentenceScore, marker: int) -> Citation:
    """The citation of one sentence of a hit; its offsets are the sentence's, so the quote is exact by construction."""
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
