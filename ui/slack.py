"""The Slack bot over a service: beside the page in `dragoman serve`, or over Socket Mode as `dragoman slack`."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from http import HTTPStatus
from itertools import islice

from fastapi import APIRouter, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler

from bot.slack.answering import Busy
from bot.slack.running import Secrets, SlackBot
from bot.types import Answer, Question, Said
from ui.server.admission import Overloaded
from ui.server.service import Service
from ui.settings import Settings, SettingsError, SlackSecrets

__all__ = ["EVENTS", "ServiceKnowledge", "listen", "slack_bot", "slack_events"]

log = logging.getLogger(__name__)

EVENTS = "/slack/events"
INBOX = "slack.sqlite3"
TITLES_READ = 2_000


class ServiceKnowledge:
    """What the bot speaks for: the service's index."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        try:
            return await self._service.ask(question, hear)
        except Overloaded as error:
            raise Busy from error

    def language(self, text: str) -> str:
        return self._service.language(Question(text))

    def suggestions(self, most: int) -> Sequence[str]:
        """Titles in the language that most documents are in, questions first."""
        with self._service.index.opened() as state, state.store.snapshot():
            languages = state.store.languages()
            main = max(languages, key=lambda language: languages[language], default="")
            versions = islice(state.store.articles.versions(), TITLES_READ)
            titles = dict.fromkeys(version.title for version in versions if version.language == main and version.title)
        return sorted(titles, key=lambda title: not title.endswith(("?", "？", "؟")))[:most]


def slack_bot(settings: Settings, secrets: SlackSecrets, service: Service) -> SlackBot:
    """Raises SettingsError without a bot token, DragomanError where the inbox cannot be written."""
    if secrets.bot_token is None:
        raise SettingsError("Slack needs SLACK_BOT_TOKEN in the environment: the bot token of the app (xoxb-...)")
    return SlackBot(
        Secrets(
            secrets.bot_token.get_secret_value(),
            secrets.app_token.get_secret_value() if secrets.app_token else None,
            secrets.signing_secret.get_secret_value() if secrets.signing_secret else None,
        ),
        ServiceKnowledge(service),
        service.feedback,
        settings.slack.inbox or settings.index / INBOX,
        server=settings.server.public_url,
        keep_days=settings.slack.keep_days,
        at_once=settings.at_once,
        rated=lambda helpful: service.metrics.rated(helpful=helpful),
        base_url=settings.slack.api_url,
    )


def slack_events(bot: SlackBot) -> APIRouter:
    """The one address that Slack sends events, commands and pressed buttons to; the bot checks who signed them."""
    handler = AsyncSlackRequestHandler(bot.app)
    routes = APIRouter(include_in_schema=False)

    @routes.post(EVENTS)
    async def events(request: Request) -> Response:
        try:
            return await handler.handle(request)
        except Exception as error:  # noqa: BLE001 - Bolt reads a payload's parts before it looks who signed it
            log.warning("a request to Slack's address could not be read", extra={"reason": type(error).__name__})
            return Response(status_code=HTTPStatus.BAD_REQUEST)

    return routes


async def listen(bot: SlackBot, ready: Callable[[str], None]) -> None:
    """Over Socket Mode, until the process is told to end; `ready` is told the bot's name. Raises SlackError."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with bot.running():
        ready(await bot.check())
        await bot.listen(ended)
