"""What answers questions, for every door alike: the API, the page and the bots."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from bot.feedback import FeedbackStore
from bot.types import Answer, Citation, Question
from index.errors import QuestionError
from index.language import question_language
from ui.server.access import Access
from ui.server.admission import Admission, Late, Overloaded
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics

__all__ = ["MOST_HISTORY", "Service"]

MOST_HISTORY = 20
"""Earlier questions of a conversation that are sent along."""

OUTCOMES: dict[type[BaseException], str] = {
    QuestionError: "unusable",
    Overloaded: "overloaded",
    Late: "late",
    asyncio.CancelledError: "stopped",
}
"""What becomes of a question that gets no answer, for the metrics; anything else has failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """What answers questions, for the API and the page alike."""

    index: LiveIndex
    admission: Admission
    access: Access
    metrics: Metrics
    feedback: FeedbackStore
    log_questions: bool = False
    public_url: str | None = None

    async def ask(self, question: Question) -> Answer:
        """Raises QuestionError, Overloaded or Late."""
        started = time.perf_counter()

        def work() -> Answer:
            with self.index.opened() as state:
                return state.engine.answer(question)

        self.metrics.inside.inc()
        try:
            answer = await self.admission.run(work)
        except BaseException as error:
            self.metrics.unanswered(self.language(question), OUTCOMES.get(type(error), "failed"))
            raise
        finally:
            self.metrics.inside.dec()
        seconds = time.perf_counter() - started
        self.metrics.answered(answer, seconds)
        log.info(
            "question",
            extra={
                "language": answer.language,
                "status": answer.status,
                "reason": answer.reason,
                "confidence": answer.confidence,
                "milliseconds": round(seconds * 1000, 1),
            }
            | ({"question": question.text} if self.log_questions else {}),
        )
        return answer

    async def passages(self, question: Question, limit: int) -> tuple[Citation, ...]:
        """Raises QuestionError, Overloaded or Late."""

        def work() -> tuple[Citation, ...]:
            with self.index.opened() as state:
                return state.engine.passages(question, limit)

        return await self.admission.run(work)

    def language(self, question: Question) -> str:
        """What the question looks to be in, where the index is not asked: it may be what fails."""
        return question.language or question_language(question.text, {})

    def close(self) -> None:
        """Closes the index and the feedback's file."""
        self.index.close()
        self.feedback.close()
