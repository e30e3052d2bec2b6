"""How payloads reach the bot: signed requests, or envelopes over the WebSockets that it has opened."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.bot.slack.workspace.records import APP, SIGNING_SECRET, Delivery, Payload

__all__ = ["Post", "Sockets", "kind"]

Kind: TypeAlias = Literal["events_api", "slash_commands", "interactive"]


def kind(payload: Payload) -> Kind:
    if "command" in payload:
        return "slash_commands"
    return "events_api" if str(payload.get("type")) in {"event_callback", "url_verification"} else "interactive"


@dataclass(slots=True)
class Socket:
    """One that the bot has opened, and the acks awaited on it by envelope."""

    web_socket: web.WebSocketResponse
    request: web.Request
    awaited: dict[str, asyncio.Future[Payload]] = field(default_factory=dict)


class Sockets:
    """Socket Mode's side of Slack. Envelopes go round among the sockets that are not to be replaced."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._current: list[Socket] = []
        self._all: list[Socket] = []
        self._known = False
        self._opened = asyncio.Event()

    def __len__(self) -> int:
        """Of those in use."""
        return len(self._current)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talks with a client until it goes."""
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        socket = Socket(web_socket, request)
        self._current.append(socket)
        self._all.append(socket)
        self._known = True
        host = {"host": "applink-1", "started": time.strftime("%F %T"), "approximate_connection_time": 18_060}
        hello = {"type": "hello", "num_connections": len(self._current), "debug_info": host}
        try:
            await web_socket.send_json(hello | {"connection_info": {"app_id": APP}})
            self._opened.set()
            async for message in web_socket:
                ack = message.json() if message.type == aiohttp.WSMsgType.TEXT else {}
                answered = socket.awaited.get(ack.get("envelope_id", ""))
                if answered and not answered.done():
                    answered.set_result(ack.get("payload") or {})
        finally:
            self._all.remove(socket)
            self._retire(socket)
            for answered in socket.awaited.values():
                if not answered.done():
                    answered.set_exception(ConnectionResetError("the socket closed before the ack"))
        return web_socket

    async def send(self, payload: Payload, retry: int, reason: str) -> Delivery:
        """Waits for a socket where the bot has lost its own, and for the ack; each while Slack has patience."""
        socket = await self._next()
        if socket is None:
            return Delivery(payload, 0, reason="no_connection", retry=retry)
        name = str(uuid.uuid4())
        envelope = {
            "envelope_id": name,
            "type": kind(payload),
            "accepts_response_payload": kind(payload) != "events_api",
            "payload": payload,
        }
        if kind(payload) == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        answered = asyncio.get_running_loop().create_future()
        socket.awaited[name] = answered
        try:
            await socket.web_socket.send_json(envelope)
            body = await asyncio.wait_for(answered, self._patience)
        except TimeoutError:
            return Delivery(payload, 0, reason="timeout", retry=retry)
        except ConnectionError:
            return Delivery(payload, 0, reason="connection_failed", retry=retry)
        finally:
            del socket.awaited[name]
        return Delivery(payload, 200, body, retry=retry)

    async def disconnect(self, reason: str) -> None:
        """Asks all clients for new connections; the old ones get no more envelopes, but may still ack."""
        for socket in tuple(self._current):
            self._retire(socket)
            with suppress(ConnectionError):
                await socket.web_socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    def drop(self) -> None:
        """Cuts all connections, without a word."""
        for socket in tuple(self._all):
            self._retire(socket)
            if socket.request.transport:
                socket.request.transport.abort()

    async def close(self) -> None:
        for socket in tuple(self._all):
            await socket.web_socket.close()

    async def _next(self) -> Socket | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while self._known and not self._current:
                    self._opened.clear()
                    await self._opened.wait()
        if not self._current:
            return None
        self._current.append(self._current.pop(0))
        return self._current[-1]

    def _retire(self, socket: Socket) -> None:
        if socket in self._current:
            self._current.remove(socket)


class Post:
    """Delivers payloads to `events_url` where that is set, else over sockets. `deliveries` are all tries, in order.

    `retries` are the seconds before an event that did not arrive is sent again, up to three times.
    """

    def __init__(self, sockets: Sockets, *, patience: float, retries: Sequence[float]) -> None:
        self.events_url: str | None = None
        self.deliveries: list[Delivery] = []
        self._sockets = sockets
        self._retries = retries
        self._patience = patience

    def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._patience))

    async def deliver(self, payload: Payload) -> Delivery:
        """The last try."""
        delivery = await self.send(payload)
        for retry, seconds in enumerate(self._retries, 1):
            if delivery.arrived or not delivery.retry_wanted or kind(payload) != "events_api":
                break
            await asyncio.sleep(seconds)
            delivery = await self.send(payload, retry=retry, reason=delivery.reason)
        return delivery

    async def send(
        self,
        payload: Payload,
        *,
        at: float | None = None,
        secret: str = SIGNING_SECRET,
        body_tampered: bool = False,
        retry: int = 0,
        reason: str = "http_error",
    ) -> Delivery:
        """Once. The signature's time and secret, and the body that it is of, may be wrong ones."""
        if self.events_url is not None:
            stamp = str(int(time.time() if at is None else at))
            delivery = await self._request(self.events_url, payload, stamp, secret, body_tampered, retry, reason)
        elif at is not None or secret != SIGNING_SECRET or body_tampered:
            raise ValueError("nothing is signed in Socket Mode: set events_url")
        else:
            delivery = await self._sockets.send(payload, retry, reason if retry else "")
        self.deliveries.append(delivery)
        return delivery

    async def close(self) -> None:
        await self._session.close()

    async def _request(
        self, url: str, payload: Payload, stamp: str, secret: str, tampered: bool, retry: int, reason: str
    ) -> Delivery:
        body, content_type = _written(payload)
        signed = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed.hexdigest()}",
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        if tampered:
            body += " " if body.startswith("{") else "&more=1"
        failed = Delivery(payload, 0, retry=retry)
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                text = await response.text()
        except TimeoutError:
            return replace(failed, reason="http_timeout")
        except aiohttp.ClientError:
            return replace(failed, reason="connection_failed")
        told = json.loads(text) if response.content_type == "application/json" and text else {"text": text}
        return Delivery(
            payload,
            response.status,
            told if text else {},
            "" if 200 <= response.status < 300 else "http_error",
            retry,
            response.headers.get("X-Slack-No-Retry") != "1",
        )


def _written(payload: Payload) -> tuple[str, str]:
    """As Slack writes it: events as JSON, the others as forms."""
    if kind(payload) == "events_api":
        return json.dumps(payload, ensure_ascii=False), "application/json"
    form = payload if kind(payload) == "slash_commands" else {"payload": json.dumps(payload, ensure_ascii=False)}
    return urlencode(form), "application/x-www-form-urlencoded"
