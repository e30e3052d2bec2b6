"""Shows an answer while it is being written: its sentences as they pass the checks, in one message that grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from bot.slack.asked import Asked
from bot.slack.blocks import unfinished_blocks, unfinished_text
from bot.slack.inbox import Inbox
from bot.slack.posting import SLACK_ERRORS, Posting, Shown, is_gone, passes, seconds_to_wait
from bot.types import Piece, Said

__all__ = ["Growing", "Over"]

T = TypeVar("T")

AT_ONCE = 0.1
"""Seconds in which the whole answer may follow the first sentence, so that there is nothing to show before it."""

LETTING_GO = 2.0
"""Seconds that a process which is to end leaves to what it has sent."""


class Over(Exception):
    """Nobody needs the rest: the message was deleted, or another process has taken the question up."""


class Growing:
    """One answer's message. Slack never has to take two changes of it at once, nor in the wrong order."""

    def __init__(self, posting: Posting, inbox: Inbox, asked: Asked, owner: str, ts: str | None) -> None:
        """`ts` is that of the message where an earlier try has begun one."""
        self.ts = ts
        self._posting = posting
        self._inbox = inbox
        self._asked = asked
        self._owner = owner
        self._pieces: list[Piece] = []
        self._heard = asyncio.Event()
        self._sending = asyncio.Lock()
        self._not_before = 0.0
        self._refused = False

    def hear(self, said: Said) -> None:
        """A sentence more."""
        self._pieces.append(said.piece)
        if not self._refused:
            self._heard.set()

    async def beside(self, answering: Coroutine[Any, Any, T]) -> T:
        """What it comes to, while what is heard of it is shown. Then nothing is under way to Slack any more.

        Raises Over, and what Slack said to a message that may or may not stand now; both end the answering.
        """
        answer, shown = asyncio.create_task(answering), asyncio.create_task(self._show())
        try:
            await asyncio.wait((answer, shown), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                async with self._sending:
                    shown.cancel()
        except asyncio.CancelledError:
            answer.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(LETTING_GO), self._sending:
                    shown.cancel()
            raise
        finally:
            answer.cancel()
            shown.cancel()
            await asyncio.gather(answer, shown, return_exceptions=True)
        if not shown.cancelled():
            shown.result()
        await self._put_off()
        return answer.result()

    async def _put_off(self) -> None:
        """Until Slack wants to hear of this message, if it said that it did not."""
        if self.ts is None:
            await asyncio.sleep(self._not_before - time.monotonic())
        else:
            await self._posting.pace.rested()

    async def _show(self) -> None:
        """Ends by an error only."""
        await self._heard.wait()
        await asyncio.sleep(AT_ONCE)
        while True:
            await self._heard.wait()
            await self._put_off()
            if self.ts is not None:
                await self._posting.pace.turn()
            async with self._sending:
                self._heard.clear()
                await self._send()

    async def _send(self) -> None:
        if not await asyncio.to_thread(self._inbox.about_to_post, self._asked.key, self._owner):
            raise Over
        shown = Shown(unfinished_text(self._pieces), unfinished_blocks(self._pieces))
        try:
            if self.ts is None:
                self.ts = await self._posting.begin(self._asked, shown)
                await asyncio.to_thread(self._inbox.posted, self._asked.key, self._owner, self.ts)
            else:
                await self._posting.change(self._asked, self.ts, shown)
        except SLACK_ERRORS as error:
            self._failed(error)
        self._posting.pace.mark()

    def _failed(self, error: Exception) -> None:
        """What is shown of an answer may stay behind; but there must be no doubt whether it has a message."""
        wait = seconds_to_wait(error)
        if self.ts is not None and is_gone(error):
            raise Over from error
        if wait is not None and self.ts is None:
            self._not_before = time.monotonic() + wait
        elif wait is not None:
            self._posting.pace.put_off(wait)
        elif not passes(error):
            self._refused = True
            self._heard.clear()  # what was said meanwhile
            return
        elif self.ts is None:
            raise error
        self._heard.set()
