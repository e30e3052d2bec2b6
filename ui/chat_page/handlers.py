"""What happens when somebody opens the page, asks, stops, rates or begins anew."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import gradio as gr
from starlette.requests import Request

from bot.feedback import COMMENT_LIMIT, Feedback
from bot.messages import message
from bot.types import Answer, Question, Said
from index.errors import QuestionError
from index.language import question_language
from ui.chat_page.cards import EXAMPLES, conversation_html, heading_html, problem_html
from ui.chat_page.conversation import Conversation, Turn
from ui.chat_page.drafts import draft
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
        self._busy: dict[str | None, Conversation] = {}
        """By session, those in which a question is being answered."""

    def load(self, had: Conversation, request: gr.Request) -> Updates:
        words = _words(request)
        # Updates of one component are put together: labels first, then whether it is there.
        labels, view = self._parts.labels(words), self._parts.view(had, words)
        return {part: {**_update(labels.get(part)), **_update(view.get(part))} for part in labels | view}

    async def typed(self, text: str, had: Conversation, request: gr.Request) -> AsyncIterator[Updates]:
        if had.busy or not text.strip():
            yield self._nothing
            return
        emptied: Updates = {self._parts.box: ""}
        async with aclosing(self._answered(text, had, request)) as pages:
            async for updates in pages:
                yield emptied | updates
                emptied = {}

    async def example(self, had: Conversation, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        number = event._data.get("number")
        if had.busy or not isinstance(number, int) or number not in range(len(EXAMPLES)):
            yield self._nothing
            return
        async with aclosing(self._answered(EXAMPLES[number][1], had, request)) as pages:
            async for updates in pages:
                yield updates

    async def again(self, had: Conversation, request: gr.Request) -> AsyncIterator[Updates]:
        if had.busy or not had.turns:
            yield self._nothing
            return
        async with aclosing(self._answered(had.turns.pop().question, had, request)) as pages:
            async for updates in pages:
                yield updates

    async def stopped(self, had: Conversation) -> Updates:
        """As soon as the work has ended, `_answered` draws the page."""
        had.stop()
        return self._nothing

    async def begun_anew(self, had: Conversation, request: gr.Request) -> Updates:
        had.stop()
        had.turns, had.back = [], ""
        return self._drawn(had, request) | {self._parts.box: ""}

    async def left(self, request: gr.Request) -> None:
        """The tab was closed: nobody waits any more."""
        if had := self._busy.get(request.session_hash):
            had.stop()

    async def rated(self, had: Conversation, event: gr.EventData, request: gr.Request) -> Updates:
        """A thumb, or a comment to the thumb before it."""
        turn = had.answered(event._data.get("answer"))
        if turn is None:
            return self._nothing
        helpful, comment = event._data.get("helpful", turn.helpful), event._data.get("comment")
        if not isinstance(helpful, bool):
            return self._nothing
        rating = replace(turn, helpful=helpful, commented=comment is not None)
        await asyncio.to_thread(self._keep, rating, str(comment or "")[:COMMENT_LIMIT])
        had.put(rating)
        return self._drawn(had, request)

    def _drawn(self, had: Conversation, request: gr.Request) -> Updates:
        """The page as it now stands; left to `_answered` while that is at work."""
        if had.changed is None:
            return self._parts.view(had, _words(request))
        had.changed.set()
        return self._nothing

    async def _answered(self, question: str, had: Conversation, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The page whenever it changes until the question is answered, and then; where it fails, with the reason."""
        words = _words(request)
        asking = had.asking = Turn(uuid.uuid4().hex, question)
        changed = had.changed = asyncio.Event()
        work = had.work = asyncio.create_task(self._answer(asking, had, request))
        work.add_done_callback(lambda _: changed.set())
        self._busy[request.session_hash] = had
        try:
            while not work.done():
                yield self._parts.view(had, words)
                await changed.wait()
                changed.clear()
        finally:
            work.cancel()
            had.work = had.changed = None
            self._busy.pop(request.session_hash, None)
        yield self._ended(work, asking, had, words)

    def _ended(self, work: asyncio.Task[Answer], asking: Turn, had: Conversation, words: Words) -> Updates:
        """The page with the answer; or without, with what went wrong if anything did, and the question in the box."""
        if had.asking is None:  # stopped, or begun anew
            return self._parts.view(had, words) | {self._parts.box: had.back}
        had.asking, trouble = None, ""
        try:
            answer = work.result()
        except (QuestionError, Overloaded, Late, ProblemError) as error:
            trouble = _trouble(error, words)
        except Exception:
            log.exception("a question on the page failed")
            trouble = words.failed
        else:
            if answer.reason == "empty_question":
                trouble = answer.text
        if trouble:
            return self._parts.view(had, words, trouble) | {self._parts.box: asking.question}
        had.put(replace(asking, answer=answer))
        return self._parts.view(had, words)

    async def _answer(self, asking: Turn, had: Conversation, request: gr.Request) -> Answer:
        """Raises as the service does, and ProblemError where this client asks too often. The log has the turn's id."""
        asked = request.request
        if isinstance(asked, Request):
            self._service.access.check_rate(asked)
        token = REQUEST_ID.set(asking.id)
        try:
            return await self._service.ask(Question(asking.question, history=had.history()), self._hearing(asking, had))
        finally:
            REQUEST_ID.reset(token)

    def _hearing(self, asking: Turn, had: Conversation) -> Callable[[Said], None]:
        """Adds what is said to the turn, unless that was stopped."""
        heard: list[Said] = []

        def hear(said: Said) -> None:
            heard.append(said)
            if had.asking is not None and had.changed is not None:
                before = had.asking.answer
                language = before.language if before else self._language(asking.question)
                had.asking = replace(asking, answer=draft(asking.question, language, heard), writing=True)
                had.changed.set()

        return hear

    def _language(self, question: str) -> str:
        """The asker's, as the engine takes it."""
        with self._service.index.opened() as state:
            return question_language(question, state.retriever.languages)

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
