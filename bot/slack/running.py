"""The bot put together: from tokens and a body of knowledge to something that answers in Slack."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.feedback import FeedbackStore
from bot.slack.answering import Answering, Knowledge
from bot.slack.inbox import Inbox
from bot.slack.listeners import Listeners, bolt_app
from bot.slack.posting import PAUSE, web_client
from index.errors import DragomanError

__all__ = ["Secrets", "SlackBot", "SlackError"]

DAY = 86_400.0

log = logging.getLogger(__name__)


class SlackError(DragomanError):
    """Slack does not take what the operator gave."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What Slack gives whoever installs the app. `app_token` is for Socket Mode, `signing_secret` for HTTP."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)


class SlackBot:
    """Answers in one workspace, over Socket Mode (`listen`) or over HTTP (`app`, on whatever server)."""

    def __init__(
        self,
        secrets: Secrets,
        knowledge: Knowledge,
        feedback: FeedbackStore,
        inbox: Path,
        *,
        server: str | None = None,
        keep_days: int = 30,
        at_once: int = 2,
        lease: float = 30.0,
        pause: float = PAUSE,
        rated: Callable[[bool], None] = lambda helpful: None,
        base_url: str = AsyncWebClient.BASE_URL,
    ) -> None:
        """`server` is the public address of the source view. Raises DragomanError where `inbox` cannot be written."""
        self._secrets = secrets
        self._keep = keep_days * DAY
        self._web = web_client(secrets.bot_token, base_url)
        self._inbox = Inbox(inbox)
        self._answering = Answering(
            self._inbox, knowledge, self._web, server=server, at_once=at_once, lease=lease, pause=pause
        )
        listeners = Listeners(self._inbox, self._answering, knowledge, feedback, server=server, rated=rated)
        self.app: AsyncApp = bolt_app(listeners, self._web, secrets.signing_secret)

    async def check(self) -> str:
        """The name that the bot has in Slack. Raises SlackError where a token is not taken."""
        with _said_plainly("SLACK_BOT_TOKEN"):
            known = await self._web.auth_test()
        if self._secrets.app_token:
            with _said_plainly("SLACK_APP_TOKEN"):
                await self._web.apps_connections_open(app_token=self._secrets.app_token)
        return f"@{known.get('user')} in {known.get('team')}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers inside, and closes the inbox in the end."""
        forgetting = asyncio.create_task(self._forget())
        try:
            async with self._answering.running():
                yield
        finally:
            forgetting.cancel()
            await asyncio.gather(forgetting, return_exceptions=True)
            self.close()

    def close(self) -> None:
        """For a bot that never ran; `running` does it in the end."""
        self._inbox.close()

    async def listen(self, until: asyncio.Event) -> None:
        """Takes requests over Socket Mode, inside `running`. Raises SlackError without an app-level token."""
        if self._secrets.app_token is None:
            raise SlackError("Socket Mode needs an app-level token")
        handler = _Handler(self.app, self._secrets.app_token, web_client=self._web)
        try:
            await handler.client.connect()  # type: ignore[no-untyped-call]  # slack_sdk gives it no types
            await until.wait()
        finally:
            await handler.client.close()  # type: ignore[no-untyped-call]  # nor this

    async def _forget(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._inbox.forget, self._keep)
            except sqlite3.Error as error:  # the next time, then
                log.warning("the inbox could not be cleared", extra={"reason": str(error)})
            await asyncio.sleep(DAY / 24)


@contextmanager
def _said_plainly(setting: str) -> Iterator[None]:
    """Makes an error of Slack's one that names the setting."""
    try:
        yield
    except SlackApiError as error:
        raise SlackError(f"Slack does not take {setting}: {error.response.get('error')}") from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        raise SlackError(f"Slack cannot be reached ({type(error).__name__})") from None


class _Handler(AsyncSocketModeHandler):
    """Acknowledges whatever comes, but what could not be written down."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt does
        started = time.time()
        try:
            response = await run_async_bolt_app(self.app, req)
        except Exception:
            log.exception("a request of Slack could not be read")
            response = BoltResponse(status=200)
        if response.status < 500:
            if response.status != 200:
                response = BoltResponse(status=200)
            await send_async_response(client, req, response, started)
