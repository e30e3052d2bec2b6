"""What answers questions, for every door alike: the API, the page and the bots."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.feedback import FeedbackStore
from bot.types import Answer, Citation, Listener, ModelUse, Question, Said
from index.errors import QuestionError
from index.language import question_language
from ui.server.access import Access
from ui.server.admission import Admission, Late, Overloaded
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics

if TYPE_CHECKING:
    from bot.generative import ModelWriter

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


class _Asker(Listener):
    """Waits for an answer in an event loop, and hears there what a thread says of it, until they leave."""

    def __init__(self, hear: Callable[[Said], None] | None, began: Callable[[], None]) -> None:
        """`began` is called in the thread, with the first sentence."""
        self._hear = hear
        self._began: Callable[[], None] | None = began
        self._loop = asyncio.get_running_loop()
        self._left = False

    def said(self, said: Said) -> None:
        if self._began:
            self._began()
            self._began = None
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._pass_on, said)

    def _pass_on(self, said: Said) -> None:
        if self._hear and not self._left:
            self._hear(said)

    def leave(self) -> None:
        self._left = True

    @property
    def gone(self) -> bool:
        return self._left


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
    writer: ModelWriter | None = None

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        """`hear` is called in this event loop for each sentence while it is written, and never after the end.

        Cancelling it ends the model's work too. Raises QuestionError, Overloaded or Late.
        """
        started = time.perf_counter()
        asker = _Asker(hear, lambda: self.metrics.began(time.perf_counter() - started))

        def work() -> Answer:
            with self.index.opened() as state:
                return state.engine.answer(question, asker)

        self.metrics.inside.inc()
        try:
            answer = await self.admission.run(work)
        except BaseException as error:
            self.metrics.unanswered(self.language(question), OUTCOMES.get(type(error), "failed"))
            raise
        finally:
            asker.leave()
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
            | (_used(answer, answer.model_use) if answer.model_use else {})
            | ({"question": question.text} if self.log_questions else {}),
        )
        return answer

    async def stream(self, question: Question) -> AsyncGenerator[Said | Answer, None]:
        """Sentences while they are written, and then the answer, which may take them back.

        Closing it early ends the model's work too. Raises as `ask`.
        """
        heard: asyncio.Queue[Said | None] = asyncio.Queue()
        asking = asyncio.create_task(self.ask(question, heard.put_nowait))
        asking.add_done_callback(lambda _: heard.put_nowait(None))
        try:
            while said := await heard.get():
                yield said
            yield await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

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
        """Closes the index, the feedback's file and the model's connections."""
        self.index.close()
        self.feedback.close()
        if self.writer:
            self.writer.close()


def _used(answer: Answer, use: ModelUse) -> dict[str, object]:
    """For the log; nothing that was said."""
    return {
        "composer": answer.composer,
        "fallback": answer.fallback,
        "model": use.model,
        "calls": use.calls,
        "input_tokens": use.input_tokens,
        "output_tokens": use.output_tokens,
        "cost": use.cost,
        "rejected": list(use.rejected),
    }
