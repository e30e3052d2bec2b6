"""Server-sent events, and work that ends when the client that asked for it goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Receive, Scope, Send

__all__ = ["EVENT_STREAM", "EventStream", "Left", "begun", "event", "while_here"]

EVENT_STREAM = "text/event-stream"

T = TypeVar("T")


class Left(Exception):
    """The client has gone away before it had a response."""


class EventStream(StreamingResponse):
    """Of encoded events. Its source is closed once they are sent, or nobody is there to take them."""

    media_type = EVENT_STREAM

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        # The second is for reverse proxies (nginx), which would else collect events to send them together.
        super().__init__(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


def event(data: object, kind: str | None = None) -> bytes:
    """The data is JSON, all in ASCII: some clients cut lines wherever Unicode has a line's end."""
    return format_sse_event(event=kind, data_str=json.dumps(data))


async def begun(request: Request, items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same items, of which the first is there already: what goes wrong before it is raised here, or Left."""
    first = await while_here(request, anext(items))

    async def everything() -> AsyncGenerator[T, None]:
        async with aclosing(items):
            yield first
            async for item in items:
                yield item

    return everything()


async def while_here(request: Request, work: Awaitable[T]) -> T:
    """What the work comes to. It is cancelled when the client goes away, and Left is raised."""
    working, leaving = asyncio.ensure_future(work), asyncio.create_task(_left(request))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Left
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    """Returns when the client has; the request's body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
