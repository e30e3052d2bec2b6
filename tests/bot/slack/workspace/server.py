"""The workspace as a server on a free port of this machine, in the event loop of the test."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.bot.slack.workspace.delivery import Post, Sockets
from tests.bot.slack.workspace.people import People
from tests.bot.slack.workspace.posting import Posting
from tests.bot.slack.workspace.records import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    BOT_USER,
    SIGNING_SECRET,
    Call,
    Delivery,
    Ephemeral,
    Fault,
    Message,
    Payload,
    Prompts,
    Response,
    Said,
    SlackError,
    Status,
    Title,
    View,
)
from tests.bot.slack.workspace.web_api import WebApi, arguments_of
from tests.bot.slack.workspace.world import World

__all__ = ["RESPONSE_URL", "Workspace"]

RESPONSE_URL = "response_url"
"""What `fail` and `calls` know posts to a `response_url` by."""

PATIENCE = 3.0
"""Seconds in which Slack wants an answer."""

FAILURES = {429: "ratelimited", 500: "internal_error", 503: "service_unavailable"}


class Workspace(People):
    """Slack, played over HTTP and WebSocket, with one app installed in it: a bot that is in the channel GENERAL.

    The bot's Web API is at `api_url`. Events go to `events_url` where that is set; else over the sockets that the bot
    opens. `assistant`: the app is set up as an assistant. `retries`: events that do not arrive come again after these
    seconds, up to three times; without, once. `patience` and `trigger_seconds` are Slack's 3 s unless a test is in a
    hurry. What goes wrong in the workspace itself is raised by `until`, `settled` and on leaving.
    """

    bot_token, app_token, signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
    bot_user, bot_id = BOT_USER, BOT

    def __init__(
        self,
        *,
        assistant: bool = False,
        retries: Sequence[float] = (),
        patience: float = PATIENCE,
        trigger_seconds: float = PATIENCE,
    ) -> None:
        if len(retries) > 3:
            raise ValueError("Slack sends an event again three times at most")
        world, self._sockets = World(trigger_seconds), Sockets(patience)
        posting = Posting(world, self._announce)
        super().__init__(world, posting, Post(self._sockets, patience=patience, retries=retries), assistant=assistant)
        self._api = WebApi(world, posting, self._new_link, assistant=assistant)
        self.calls: list[Call] = []
        self._errors: list[Exception] = []
        self._faults: dict[str, deque[Fault]] = {}
        self._tickets: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._noted])
        app.router.add_route("*", "/api/{method}", self._web_api)
        app.router.add_post("/respond/{name}", self._respond)
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._post.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sockets.close()
        await self._runner.cleanup()
        await self._post.close()
        self._raise_errors()

    @property
    def api_url(self) -> str:
        """What a Slack client takes as `base_url`."""
        return f"{self.base_url}/api/"

    @property
    def events_url(self) -> str | None:
        return self._post.events_url

    @events_url.setter
    def events_url(self, url: str | None) -> None:
        self._post.events_url = url

    @property
    def deliveries(self) -> list[Delivery]:
        """All tries to hand the bot something, in the order in which they ended."""
        return self._post.deliveries

    @property
    def ephemerals(self) -> list[Ephemeral]:
        """What only one person can see now, oldest first."""
        return self._world.ephemerals

    @property
    def responses(self) -> list[Response]:
        return self._posting.responses

    @property
    def statuses(self) -> list[Status]:
        return self._api.statuses

    @property
    def prompts(self) -> list[Prompts]:
        return self._api.prompts

    @property
    def titles(self) -> list[Title]:
        return self._api.titles

    @property
    def views(self) -> list[View]:
        return self._api.views

    @property
    def connections(self) -> int:
        """Sockets that the bot has open and that envelopes go to."""
        return len(self._sockets)

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """Oldest first, the bot's and people's: all of the channel, or a thread's with the one it hangs on."""
        return self._world.messages(channel, thread_ts)

    def replies(self, thread: Said | Message) -> list[Message]:
        """What the bot wrote in the thread that this message is in or starts."""
        root = thread.thread_ts or thread.ts
        return [one for one in self.messages(thread.channel, root) if one.bot_id == BOT and one.ts != root]

    def reactions(self, channel: str, ts: str) -> list[str]:
        """The bot's, by name."""
        return list(self._world.reactions(channel, ts))

    def fail(
        self,
        method: str,
        *,
        times: int = 1,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        error: str = "",
        delay: float = 0.0,
        cut: bool = False,
        done: bool | None = None,
    ) -> None:
        """What happens to the next calls of the method: a status, an error, an answer that comes late or never.

        `done`: what was asked for is done all the same. It is unless there is a status or an error, so that a client
        whose connection is `cut` does not know of the message that it has posted.
        """
        if status == 200 and not error and not delay and not cut:
            raise ValueError("nothing to go wrong: give a status, an error, a delay or a cut")
        refused = status != 200 or bool(error)
        told = error or (FAILURES.get(status, "fatal_error") if refused else "")
        given = headers if headers is not None else ({"Retry-After": "1"} if status == 429 else {})
        fault = Fault(status, given, told, delay, cut, done=not refused if done is None else done)
        self._faults.setdefault(method, deque()).extend([fault] * times)

    async def deliver(
        self,
        payload: Payload,
        *,
        at: float | None = None,
        secret: str = SIGNING_SECRET,
        body_tampered: bool = False,
        retry: int = 0,
    ) -> int:
        """The status with which the bot took the payload, sent once; 0 where it did not answer.

        `at` is the time that the request is signed for, `secret` what it is signed with.
        """
        delivery = await self._post.send(payload, at=at, secret=secret, body_tampered=body_tampered, retry=retry)
        return delivery.status

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks the bot for new sockets, as Slack does every few hours."""
        await self._sockets.disconnect(reason)

    def drop_connections(self) -> None:
        """Cuts the bot's sockets."""
        self._sockets.drop()

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Waits until it holds. Raises AssertionError, which tells what has happened last."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    self._raise_errors()
                    await asyncio.sleep(0.005)
                return
        self._raise_errors()
        calls = [f"{call.method} {call.error or 'ok'} {call.arguments}" for call in self.calls[-5:]]
        missed = [f"{one.status} {one.reason} {one.payload}" for one in self.deliveries if not one.arrived][-5:]
        raise AssertionError(
            "\n  ".join([f"not so after {seconds:g} s; the last calls were:", *calls, "and did not arrive:", *missed])
        )

    async def settled(self) -> None:
        """Until the bot has taken all events of what it did itself."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._raise_errors()

    def _announce(self, payload: Payload) -> None:
        """Delivers it behind the call that it comes of."""
        self.sent.append(payload)
        task = asyncio.get_running_loop().create_task(self._announced(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announced(self, payload: Payload) -> None:
        try:
            await self._post.deliver(payload)
        except Exception as error:  # noqa: BLE001 - told by _raise_errors
            self._errors.append(error)

    def _raise_errors(self) -> None:
        if self._errors:
            raise ExceptionGroup("in the workspace, not in the bot", self._errors)

    @web.middleware
    async def _noted(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:
            self._errors.append(error)
            raise

    def _new_link(self) -> str:
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return f"{self.base_url.replace('http', 'ws', 1)}/link?ticket={ticket}"

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """A ticket is good for one connection."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPUnauthorized
        self._tickets.remove(ticket)
        return await self._sockets.serve(request)

    async def _web_api(self, request: web.Request) -> web.StreamResponse:
        method, authorization = request.match_info["method"], request.headers.get("Authorization", "")
        arguments: Payload = {}
        fault = self._next_fault(method)
        try:
            arguments = await arguments_of(request)
            answer = self._api.call(method, authorization, arguments) if fault is None or fault.done else {}
        except SlackError as error:
            answer = error.answer
        self._note(method, arguments, fault, answer)
        return await self._answer(request, fault, answer)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        fault, body, answer = self._next_fault(RESPONSE_URL), Payload(), Payload(ok=True)
        try:
            body = await arguments_of(request)
            if fault is None or fault.done:
                self._posting.respond(request.match_info["name"], str(request.url), body)
        except SlackError as error:
            answer = error.answer
        self._note(RESPONSE_URL, body, fault, answer)
        gone = answer.get("error") in {"used_url", "invalid_url"}
        return await self._answer(request, fault, answer, 404 if gone else 200)

    def _next_fault(self, method: str) -> Fault | None:
        waiting = self._faults.get(method)
        return waiting.popleft() if waiting else None

    def _note(self, method: str, arguments: Payload, fault: Fault | None, answer: Payload) -> None:
        error = (fault and fault.error) or answer.get("error", "")
        self.calls.append(Call(method, arguments, error, time.monotonic()))

    async def _answer(
        self, request: web.Request, fault: Fault | None, answer: Payload, status: int = 200
    ) -> web.StreamResponse:
        if fault is None:
            return web.json_response(answer, status=status)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), fault.delay)
        if fault.cut and request.transport:
            request.transport.close()
        if fault.error:
            return web.json_response(
                {"ok": False, "error": fault.error}, status=fault.status, headers=dict(fault.headers)
            )
        return web.json_response(answer, status=status, headers=dict(fault.headers))
