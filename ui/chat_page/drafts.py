"""An answer while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.notices import notice
from bot.types import Answer, Said, Timings

__all__ = ["draft"]

UNTIMED = Timings(0.0, 0.0, 0.0, 0.0)


def draft(question: str, language: str, said: Sequence[Said]) -> Answer:
    """What has been said so far, as the answer that it becomes unless the model fails; `language` is the asker's.

    Nothing is known yet of its confidence, or of how the question was understood.
    """
    pieces = tuple(one.piece for one in said)
    answer = Answer(
        question=question,
        language=language,
        status="answered",
        text="".join(piece.text for piece in pieces),
        confidence=0.0,
        notice=None,
        citations=tuple(citation for one in said for citation in one.citations),
        timings_ms=UNTIMED,
        pieces=pieces,
        composer="generative",
    )
    return replace(answer, notice=notice(answer, [citation.language for citation in answer.citations], prose=True))
