"""Takes questions out of the inbox, has them answered, and sees to it that each answer is posted once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.messages import message
from bot.slack.asked import Asked
from bot.slack.blocks import answer_blocks, answer_text, escaped
from bot.slack.growing import Growing, Over
from bot.slack.inbox import Inbox, Work
from bot.slack.posting import PAUSE, SLACK_ERRORS, Posting, Shown, passes, reason
from bot.types import Answer, Question, Said
from index.errors import QuestionError

__all__ = ["Answering", "Busy", "Knowledge"]

HISTORY = 10
"""Earlier questions of a conversation that are sent along."""

SIGN = "eyes"
MOST_SIGNS = 50
"""Beyond so many at once, questions are answered without a sign that they are."""

IDLE_SECONDS = 1.0
MOST_TRIES = 20
LONGEST_PAUSE = 300.0

log = logging.getLogger(__name__)


class Busy(Exception):
    """Too many ask at once; the question is asked again a little later."""


class Knowledge(Protocol):
    """What the bot speaks for."""

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        """`hear` is called in the event loop for each sentence as it is ready, where there are some before the end.

        Raises Busy, or QuestionError.
        """

    def language(self, text: str) -> str:
        """The language that a question is in."""

    def suggestions(self, most: int) -> Sequence[str]:
        """What somebody who does not know what to ask might ask about."""


class Answering:
    """`at_once` workers over one inbox. Other processes may have their own over the same."""

    def __init__(
        self,
        inbox: Inbox,
        knowledge: Knowledge,
        web: AsyncWebClient,
        *,
        server: str | None = None,
        at_once: int = 2,
        lease: float = 30.0,
        pause: float = PAUSE,
    ) -> None:
        """`server` is the source view's public address; after `lease` seconds others take up what a process left.

        `pause` are the seconds between two changes of messages that are being written.
        """
        self._inbox = inbox
        self._knowledge = knowledge
        self._web = web
        self._hasty = AsyncWebClient(web.token, base_url=web.base_url, retry_handlers=[])
        self._posting = Posting(web, pause)
        self._server = server
        self._at_once = at_once
        self._lease = lease
        self._arrived = asyncio.Event()
        self._signs: set[asyncio.Task[None]] = set()
        self._in_panel = True
        """Whether Slack has an assistant panel for this app, as far as is known."""

    def wake(self) -> None:
        """Something was put into the inbox."""
        self._arrived.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers inside; in the end what is worked on is finished, or let go of."""
        ending = asyncio.Event()
        owners = [uuid.uuid4().hex for _ in range(self._at_once)]
        workers = [asyncio.create_task(self._work(owner, ending)) for owner in owners]
        renewing = asyncio.create_task(self._renew(owners))
        try:
            yield
        finally:
            ending.set()
            self._arrived.set()
            _, late = await asyncio.wait(workers, timeout=self._lease)
            for task in [*late, renewing]:
                task.cancel()
            await asyncio.gather(*late, renewing, *self._signs, return_exceptions=True)

    async def _renew(self, owners: Sequence[str]) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            for owner in owners:
                with _going_on():
                    await asyncio.to_thread(self._inbox.renew, owner, self._lease)

    async def _work(self, owner: str, ending: asyncio.Event) -> None:
        while not ending.is_set():
            self._arrived.clear()
            with _going_on():
                work = await asyncio.to_thread(self._inbox.take, owner, self._lease)
                if work is not None:
                    await self._finish(work, owner)
                    self._arrived.set()  # what stood behind it in its conversation
                    continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), IDLE_SECONDS)

    async def _finish(self, work: Work, owner: str) -> None:
        """Whatever happens, the question is done afterwards, or waits for another try."""
        key = work.asked.key
        if work.tries > MOST_TRIES:  # whoever tried, died of it
            log.error("a question was given up", extra={"answer": work.asked.id})
            await asyncio.to_thread(self._inbox.done, key, owner)
            return
        try:
            await self._answer(work, owner)
        except asyncio.CancelledError:
            self._inbox.later(key, owner, 0.0)
            raise
        except Busy:
            await self._later(work, owner, 1.0)
        except SLACK_ERRORS as error:
            if passes(error) and work.tries < MOST_TRIES:
                log.warning("Slack could not be reached", extra={"answer": work.asked.id, "reason": reason(error)})
                await self._later(work, owner, min(2.0**work.tries, LONGEST_PAUSE))
            else:
                log.error("an answer could not be posted", extra={"answer": work.asked.id, "reason": reason(error)})
                await asyncio.to_thread(self._inbox.done, key, owner)
        except Exception:
            log.exception("answering in Slack failed", extra={"answer": work.asked.id})
            if work.tries < MOST_TRIES:
                await self._later(work, owner, min(2.0**work.tries, LONGEST_PAUSE))
            else:
                await asyncio.to_thread(self._inbox.done, key, owner)

    async def _later(self, work: Work, owner: str, seconds: float) -> None:
        await asyncio.to_thread(self._inbox.later, work.asked.key, owner, seconds)

    async def _answer(self, work: Work, owner: str) -> None:
        asked = work.asked
        standing = await self._posting.find(asked) if work.uncertain and not asked.response_url else None
        if standing and standing.finished:
            await asyncio.to_thread(self._inbox.done, asked.key, owner)
            async with self._sign(asked):  # which whoever posted may have left behind
                return
        begun = standing.ts if standing else work.posted
        growing = Growing(self._posting, self._inbox, asked, owner, begun)
        hear = growing.hear if self._posting.changeable and not asked.response_url else None
        async with self._sign(asked):
            try:
                shown, record = await growing.beside(self._said(asked, hear))
            except Over:
                log.info("an answer was no longer needed", extra={"answer": asked.id})
            else:
                if not await asyncio.to_thread(self._inbox.about_to_post, asked.key, owner, record):
                    return
                await self._posting.finish(asked, growing.ts, shown)
            await asyncio.to_thread(self._inbox.done, asked.key, owner)

    async def _said(self, asked: Asked, hear: Callable[[Said], None] | None) -> tuple[Shown, Mapping[str, Any]]:
        """How the answer looks, and what is kept of it."""
        history = await asyncio.to_thread(self._inbox.history, asked, HISTORY)
        try:
            answer = await self._knowledge.ask(Question(asked.text, history=history), hear)
        except QuestionError:
            problem = message("question_too_long", self._knowledge.language(asked.text))
        except Busy:
            raise
        except Exception:
            log.exception("a question in Slack failed", extra={"answer": asked.id})
            problem = message("failed", self._knowledge.language(asked.text))
        else:
            return Shown(answer_text(answer), answer_blocks(answer, asked.id, self._server)), asdict(answer)
        return Shown(escaped(problem)), {}

    @asynccontextmanager
    async def _sign(self, asked: Asked) -> AsyncIterator[None]:
        """Shows beside the question that it is worked on. No answer waits for it."""
        if asked.response_url or len(self._signs) >= MOST_SIGNS:
            yield
            return
        done = asyncio.Event()
        task = asyncio.create_task(self._show(asked, done))
        self._signs.add(task)
        task.add_done_callback(self._signs.discard)
        try:
            yield
        finally:
            done.set()

    async def _show(self, asked: Asked, done: asyncio.Event) -> None:
        """The panel's status, which Slack takes away when the answer comes; where there is none, a reaction."""
        try:
            if self._in_panel and asked.channel.startswith("D") and asked.thread != asked.ts:
                status = message("searching", self._knowledge.language(asked.text))
                try:
                    await self._hasty.assistant_threads_setStatus(
                        channel_id=asked.channel, thread_ts=asked.thread, status=status
                    )
                    return
                except SlackApiError:
                    self._in_panel = False
            try:
                await self._hasty.reactions_add(channel=asked.channel, timestamp=asked.ts, name=SIGN)
            except SlackApiError as error:
                if reason(error) != "already_reacted":
                    raise
            await done.wait()
            await self._web.reactions_remove(channel=asked.channel, timestamp=asked.ts, name=SIGN)
        except SLACK_ERRORS as error:
            log.info("no sign of work could be shown", extra={"answer": asked.id, "reason": reason(error)})


@contextmanager
def _going_on() -> Iterator[None]:
    """A file that cannot be read or written for a moment ends no worker."""
    try:
        yield
    except sqlite3.Error as error:
        log.error("the inbox could not be used", extra={"reason": str(error)})
