"""Takes questions out of the inbox, has them answered, and posts each answer once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.messages import message
from bot.slack.asked import Asked
from bot.slack.blocks import answer_blocks, answer_text, escaped
from bot.slack.inbox import Inbox, Work
from bot.types import Answer, Question
from index.errors import QuestionError

__all__ = ["Answering", "Busy", "Knowledge", "web_client"]

HISTORY = 10
"""Earlier questions of a conversation that are sent along."""

POSTED = "dragoman_answer"
"""The event type of the metadata that each answer carries, with the key of its question."""

SIGN = "eyes"
MOST_SIGNS = 50
"""Beyond so many at once, questions are answered without a sign that they are."""

IDLE_SECONDS = 1.0
MOST_TRIES = 20
LONGEST_PAUSE = 300.0
PASSING = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
"""Errors of Slack's own; all others come again however often one tries."""

UNSHOWABLE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}

log = logging.getLogger(__name__)


class Busy(Exception):
    """Too many ask at once; the question is asked again a little later."""


class Knowledge(Protocol):
    """What the bot speaks for."""

    async def ask(self, question: Question) -> Answer:
        """Raises Busy, or QuestionError."""

    def language(self, text: str) -> str:
        """The language that a question is in."""

    def suggestions(self, most: int) -> Sequence[str]:
        """What somebody who does not know what to ask might ask about."""


def web_client(token: str, base_url: str = AsyncWebClient.BASE_URL) -> AsyncWebClient:
    """A client that waits as long as Slack tells it to, and repeats nothing that may have arrived."""
    return AsyncWebClient(token, base_url=base_url, retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=5)])


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
    ) -> None:
        """`server` is the source view's public address; after `lease` seconds others take up what a process left."""
        self._inbox = inbox
        self._knowledge = knowledge
        self._web = web
        self._hasty = AsyncWebClient(web.token, base_url=web.base_url, retry_handlers=[])
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
        except (aiohttp.ClientError, TimeoutError, SlackClientError) as error:
            if _passes(error) and work.tries < MOST_TRIES:
                log.warning("Slack could not be reached", extra={"answer": work.asked.id, "reason": _reason(error)})
                await self._later(work, owner, min(2.0**work.tries, LONGEST_PAUSE))
            else:
                log.error("an answer could not be posted", extra={"answer": work.asked.id, "reason": _reason(error)})
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
        if work.uncertain and await self._is_posted(asked):
            await asyncio.to_thread(self._inbox.done, asked.key, owner)
            async with self._sign(asked):  # which whoever posted may have left behind
                return
        async with self._sign(asked):
            text, blocks, record = await self._said(asked)
            if await asyncio.to_thread(self._inbox.about_to_post, asked.key, owner, record):
                await self._post(asked, text, blocks)
                await asyncio.to_thread(self._inbox.done, asked.key, owner)

    async def _said(self, asked: Asked) -> tuple[str, list[dict[str, Any]] | None, Mapping[str, Any]]:
        """Text, blocks, and what is kept of it."""
        history = await asyncio.to_thread(self._inbox.history, asked, HISTORY)
        try:
            answer = await self._knowledge.ask(Question(asked.text, history=history))
        except QuestionError:
            problem = message("question_too_long", self._knowledge.language(asked.text))
        except Busy:
            raise
        except Exception:
            log.exception("a question in Slack failed", extra={"answer": asked.id})
            problem = message("failed", self._knowledge.language(asked.text))
        else:
            return answer_text(answer), answer_blocks(answer, asked.id, self._server), asdict(answer)
        return escaped(problem), None, {}

    async def _post(self, asked: Asked, text: str, blocks: list[dict[str, Any]] | None) -> None:
        if asked.response_url:
            hook = AsyncWebhookClient(asked.response_url, retry_handlers=[])
            sent = await hook.send(text=text, blocks=blocks, response_type="ephemeral", unfurl_links=False)
            if sent.status_code >= 500:
                raise TimeoutError(f"HTTP {sent.status_code}")
            if sent.status_code >= 400:
                log.error("a command could not be answered", extra={"answer": asked.id, "reason": sent.body[:200]})
            return
        arguments: dict[str, Any] = {
            "channel": asked.channel,
            "thread_ts": asked.thread,
            "text": text,
            "metadata": {"event_type": POSTED, "event_payload": {"key": asked.key}},
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            await self._web.chat_postMessage(**arguments, blocks=blocks)
        except SlackApiError as error:
            if error.response.get("error") not in UNSHOWABLE:
                raise
            log.warning("Slack takes the answer as text only", extra={"answer": asked.id, "reason": _reason(error)})
            await self._web.chat_postMessage(**arguments)

    async def _is_posted(self, asked: Asked) -> bool:
        """Whether the answer stands in the thread already."""
        if asked.response_url:
            return False
        replies = await self._web.conversations_replies(
            channel=asked.channel, ts=asked.thread, oldest=asked.ts, limit=200, include_all_metadata=True
        )
        async for page in replies:
            for reply in page.get("messages", []):
                payload = (reply.get("metadata") or {}).get("event_payload") or {}
                if payload.get("key") == asked.key:
                    return True
        return False

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
                if error.response.get("error") != "already_reacted":
                    raise
            await done.wait()
            await self._web.reactions_remove(channel=asked.channel, timestamp=asked.ts, name=SIGN)
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.info("no sign of work could be shown", extra={"answer": asked.id, "reason": _reason(error)})


@contextmanager
def _going_on() -> Iterator[None]:
    """A file that cannot be read or written for a moment ends no worker."""
    try:
        yield
    except sqlite3.Error as error:
        log.error("the inbox could not be used", extra={"reason": str(error)})


def _passes(error: Exception) -> bool:
    if not isinstance(error, SlackApiError):
        return True
    return error.response.status_code >= 429 or error.response.get("error") in PASSING


def _reason(error: Exception) -> str:
    """Without what was sent, which may hold what was asked."""
    return str(error.response.get("error")) if isinstance(error, SlackApiError) else type(error).__name__
