"""The one message that an answer is in Slack: looked for, posted, changed while it is being written, finished."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.asked import Asked
from bot.slack.blocks import Block, shortened

__all__ = [
    "PAUSE",
    "SLACK_ERRORS",
    "Pace",
    "Posting",
    "Shown",
    "Standing",
    "is_gone",
    "passes",
    "reason",
    "seconds_to_wait",
    "web_client",
]

PAUSE = 1.0

POSTED = "dragoman_answer"
"""The event type of the metadata that each answer carries: its question's key, and whether it is unfinished."""

SLACK_ERRORS = (aiohttp.ClientError, TimeoutError, SlackClientError)

PASSING = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
"""Errors of Slack's own; all others come again however often one tries."""

UNSHOWABLE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "block_mismatch"}
GONE = "message_not_found"
UNCHANGEABLE = {"cant_update_message", "edit_window_closed"}
"""Said of a message that stands: this workspace lets it stay as it is only."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """How an answer looks; `text` is for notifications, and for where blocks are not read or not taken."""

    text: str
    blocks: list[Block] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An answer that stands in its thread: whole, or as far as it was written by somebody who did not finish it."""

    ts: str
    finished: bool


class Pace:
    """When unfinished messages may be changed: those of a workspace all together, which is how Slack counts them."""

    def __init__(self, pause: float) -> None:
        """`pause` are the seconds between two changes."""
        self._pause = pause
        self._next = 0.0
        self._rest = 0.0

    def mark(self) -> None:
        """Slack was told something just now."""
        self._next = time.monotonic() + self._pause

    def put_off(self, seconds: float) -> None:
        """Slack wants to hear of no change for so long."""
        self._rest = max(self._rest, time.monotonic() + seconds)

    async def turn(self) -> None:
        """Until it may be one's turn."""
        while (wait := max(self._next, self._rest) - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        self.mark()

    async def rested(self) -> None:
        """Until Slack hears again. The last change of a message waits for nothing else."""
        while (wait := self._rest - time.monotonic()) > 0:
            await asyncio.sleep(wait)


class Posting:
    """Everything about one workspace; workers share it."""

    def __init__(self, web: AsyncWebClient, pause: float = PAUSE) -> None:
        self.pace = Pace(pause)
        self.changeable = True
        """Whether messages can be changed once they are posted, as far as is known."""
        self._web = web
        self._hasty = AsyncWebClient(web.token, base_url=web.base_url, retry_handlers=[])

    async def find(self, asked: Asked) -> Standing | None:
        """The answer, if it or some of it stands in the thread already."""
        replies = await self._web.conversations_replies(
            channel=asked.channel, ts=asked.thread, oldest=asked.ts, limit=200, include_all_metadata=True
        )
        unfinished = None
        async for page in replies:
            for reply in page.get("messages", []):
                metadata = reply.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == POSTED and payload.get("key") == asked.key:
                    if not payload.get("unfinished"):
                        return Standing(reply["ts"], finished=True)
                    unfinished = Standing(reply["ts"], finished=False)
        return unfinished

    async def begin(self, asked: Asked, shown: Shown) -> str:
        """Posts what there is of an answer, and tries no second time; gives back the message's `ts`."""
        posted = await self._post(self._hasty, asked, shown, unfinished=True)
        return str(posted["ts"])

    async def change(self, asked: Asked, ts: str, shown: Shown) -> None:
        """Shows more of it. Tries no second time either: soon there is more to show."""
        await self._update(self._hasty, asked, ts, shown, unfinished=True)

    async def finish(self, asked: Asked, ts: str | None, shown: Shown) -> None:
        """The whole answer: in place of what stands at `ts`, or in a message of its own.

        What somebody deleted stays deleted; what Slack will never let be changed stands there unfinished.
        """
        if asked.response_url:
            await self._respond(asked, shown)
            return
        if ts is not None:
            try:
                await self._taken(asked, shown, partial(self._update, self._web, asked, ts))
                return
            except SlackApiError as error:
                if passes(error):
                    raise
                if is_gone(error):
                    log.info("an answer was deleted while it was written", extra={"answer": asked.id})
                    return
                log.warning("an answer could not be changed", extra={"answer": asked.id, "reason": reason(error)})
                self.changeable = reason(error) not in UNCHANGEABLE
        await self._taken(asked, shown, partial(self._post, self._web, asked))

    async def _taken(self, asked: Asked, shown: Shown, show: Callable[[Shown], Awaitable[object]]) -> None:
        """With its blocks, or without them if Slack refuses those."""
        try:
            await show(shown)
        except SlackApiError as error:
            if shown.blocks is None or reason(error) not in UNSHOWABLE:
                raise
            log.warning("Slack takes the answer as text only", extra={"answer": asked.id, "reason": reason(error)})
            await show(Shown(shown.text))

    async def _post(
        self, web: AsyncWebClient, asked: Asked, shown: Shown, *, unfinished: bool = False
    ) -> AsyncSlackResponse:
        return await web.chat_postMessage(
            channel=asked.channel,
            thread_ts=asked.thread,
            text=shown.text,
            blocks=shown.blocks,
            metadata=_metadata(asked, unfinished=unfinished),
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _update(
        self, web: AsyncWebClient, asked: Asked, ts: str, shown: Shown, *, unfinished: bool = False
    ) -> AsyncSlackResponse:
        return await web.chat_update(
            channel=asked.channel,
            ts=ts,
            text=shortened(shown.text),
            blocks=shown.blocks or [],  # left out, those that stand there could stay
            metadata=_metadata(asked, unfinished=unfinished),
            parse="none",
        )

    async def _respond(self, asked: Asked, shown: Shown) -> None:
        hook = AsyncWebhookClient(asked.response_url, retry_handlers=[])
        sent = await hook.send(text=shown.text, blocks=shown.blocks, response_type="ephemeral", unfurl_links=False)
        if sent.status_code >= 500:
            raise TimeoutError(f"HTTP {sent.status_code}")
        if sent.status_code >= 400:
            log.error("a command could not be answered", extra={"answer": asked.id, "reason": sent.body[:200]})


def web_client(token: str, base_url: str = AsyncWebClient.BASE_URL) -> AsyncWebClient:
    """A client that waits as long as Slack tells it to, and repeats nothing that may have arrived."""
    return AsyncWebClient(token, base_url=base_url, retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=5)])


def passes(error: Exception) -> bool:
    """Whether another try may succeed; then what was asked for may also have been done."""
    response = _response(error)
    return response is None or response.status_code >= 429 or response.get("error") in PASSING


def seconds_to_wait(error: Exception) -> float | None:
    """For as long Slack wants to hear nothing; it has done nothing then. None where that is not what it says."""
    response = _response(error)
    if response is None or response.status_code != 429:
        return None
    told = str(response.headers.get("Retry-After", ""))
    return float(told) if told.isdecimal() else 1.0


def is_gone(error: Exception) -> bool:
    """Whether the message is no more."""
    return reason(error) == GONE


def reason(error: Exception) -> str:
    """Slack's word for it, else the kind of error; without what was sent, which may hold what was asked."""
    response = _response(error)
    return str(response.get("error")) if response is not None else type(error).__name__


def _response(error: Exception) -> AsyncSlackResponse | None:
    """Slack's own; None where there was none, or something in between has answered."""
    response = error.response if isinstance(error, SlackApiError) else None
    return response if isinstance(response, AsyncSlackResponse) else None


def _metadata(asked: Asked, *, unfinished: bool) -> dict[str, Any]:
    payload = {"key": asked.key} | ({"unfinished": True} if unfinished else {})
    return {"event_type": POSTED, "event_payload": payload}
