"""What happens when somebody opens the page, asks, stops, rates or begins anew."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import gradio as gr
from starlette.requests import Request

from bot.feedback import COMMENT_LIMIT, Feedback
from bot.messages import message
from bot.types import Answer, Question
from index.errors import QuestionError
from ui.chat_page.cards import EXAMPLES, conversation_html, heading_html, problem_html
from ui.chat_page.conversation import Conversation, Turn
from ui.chat_page.words import Words, preferred, words_in
from ui.server.admission import Late, Overloaded
from ui.server.logs import REQUEST_ID
from ui.server.problems import ProblemError
from ui.server.service import Service

__all__ = ["Handlers", "Parts"]

Updates: TypeAlias = dict[Any, Any]
"""What changes on the page, by component."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is on the page."""

    heading: gr.HTML
    said: gr.HTML
    problem: gr.HTML
    box: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    new: gr.Button

    def view(self, had: Conversation, words: Words, trouble: str = "") -> Updates:
        """The page as the conversation now stands, with what went wrong."""
        return {
            self.said: conversation_html(had.shown(), words),
            self.problem: problem_html(trouble, words),
            self.ask: gr.update(interactive=had.asking is None),
            self.stop: gr.update(visible=had.asking is not None),
            self.new: gr.update(visible=bool(had.turns)),
        }

    def labels(self, words: Words) -> Updates:
        """The words that stay as they are."""
        return {
            self.heading: heading_html(words),
            self.box: gr.update(label=words.question, placeholder=words.placeholder),
            self.ask: gr.update(value=words.ask),
            self.stop: gr.update(value=words.stop),
            self.new: gr.update(value=words.new),
        }


class Handlers:
    """One for each event. What a browser sends with an event may be anything."""

    def __init__(self, service: Service, parts: Parts) -> None:
        self._service = service
        self._parts = parts
        self._nothing: Updates = {parts.problem: gr.skip()}

    def load(self, had: Conversation, request: gr.Request) -> Updates:
        words = _words(request)
        # Updates of one component are put together: labels first, then whether it is there.
        labels, view = self._parts.labels(words), self._parts.view(had, words)
        return {part: {**_update(labels.get(part)), **_update(view.get(part))} for part in labels | view}

    async def typed(self, text: str, had: Conversation, request: gr.Request) -> AsyncIterator[Updates]:
        if had.asking or not text.strip():
            yield self._nothing
            return
        emptied: Updates = {self._parts.box: ""}
        async for updates in self._answered(text, had, request):
            yield emptied | updates
            emptied = {}

    async def example(self, had: Conversation, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        number = event._data.get("number")
        if had.asking or not isinstance(number, int) or number not in range(len(EXAMPLES)):
            yield self._nothing
            return
        async for updates in self._answered(EXAMPLES[number][1], had, request):
            yield updates

    async def again(self, had: Conversation, request: gr.Request) -> AsyncIterator[Updates]:
        if had.asking or not had.turns:
            yield self._nothing
            return
        async for updates in self._answered(had.turns.pop().question, had, request):
            yield updates

    async def stopped(self, had: Conversation, request: gr.Request) -> Updates:
        asking = had.stop()
        return self._parts.view(had, _words(request)) | ({self._parts.box: asking.question} if asking else {})

    async def begun_anew(self, had: Conversation, request: gr.Request) -> Updates:
        had.stop()
        had.turns = []
        return self._parts.view(had, _words(request)) | {self._parts.box: ""}

    def rated(self, had: Conversation, event: gr.EventData, request: gr.Request) -> Updates:
        """A thumb, or a comment to the thumb before it."""
        turn = had.answered(event._data.get("answer"))
        if turn is None:
            return self._nothing
        helpful, comment = event._data.get("helpful", turn.helpful), event._data.get("comment")
        if not isinstance(helpful, bool):
            return self._nothing
        rating = replace(turn, helpful=helpful, commented=comment is not None)
        self._keep(rating, str(comment or "")[:COMMENT_LIMIT])
        had.put(rating)
        return self._parts.view(had, _words(request))

    async def _answered(self, question: str, had: Conversation, request: gr.Request) -> AsyncIterator[Updates]:
        """The page while the question is answered, then with the answer; or with the reason, and the question again."""
        words = _words(request)
        asking = had.asking = Turn(uuid.uuid4().hex, question)
        yield self._parts.view(had, words)
        if had.asking is not asking:  # stopped, or begun anew
            return
        trouble = ""
        had.work = asyncio.create_task(self._answer(asking, had.history(), request))
        try:
            answer = await had.work
        except asyncio.CancelledError:
            if had.asking is asking:  # it was not the asker who stopped it
                raise
            return
        except (QuestionError, Overloaded, Late, ProblemError) as error:
            trouble = _trouble(error, words)
        except Exception:
            log.exception("a question on the page failed")
            trouble = words.failed
        else:
            if answer.reason == "empty_question":
                trouble = answer.text
        if had.asking is not asking:
            return
        had.asking = None
        if not trouble:
            had.put(replace(asking, answer=answer))
        yield self._parts.view(had, words, trouble) | ({self._parts.box: question} if trouble else {})

    async def _answer(self, asking: Turn, history: tuple[str, ...], request: gr.Request) -> Answer:
        """Raises as the service does, and ProblemError where this client asks too often. The log has the turn's id."""
        asked = request.request
        if isinstance(asked, Request):
            self._service.access.check_rate(asked)
        token = REQUEST_ID.set(asking.id)
        try:
            return await self._service.ask(Question(asking.question, history=history))
        finally:
            REQUEST_ID.reset(token)

    def _keep(self, turn: Turn, comment: str) -> None:
        if turn.answer is None or turn.helpful is None:
            return
        answer, documents = turn.answer, dict.fromkeys(citation.document for citation in turn.answer.citations)
        self._service.feedback.put(
            Feedback(turn.id, turn.helpful, comment, answer.question, answer.language, tuple(documents))
        )
        if not turn.commented:
            self._service.metrics.rated(helpful=turn.helpful)


def _trouble(error: Exception, words: Words) -> str:
    match error:
        case QuestionError():
            return message("question_too_long", words.language)
        case Overloaded():
            return words.overloaded
        case Late():
            return words.late
        case _:
            return words.too_many


def _words(request: gr.Request) -> Words:
    return words_in(preferred(request.headers.get("accept-language", "")))


def _update(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else gr.update(value=value)
