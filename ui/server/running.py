"""A server from settings: opens everything, listens, says where, and ends in order."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from bot.engine import AnswerEngine
from bot.feedback import FeedbackStore
from index.embedding import open_embedder
from index.errors import DragomanError
from index.store import Store
from index.types import Embedder
from ui.chat_page import add_chat_page
from ui.server import create_app
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.logs import log_as_json
from ui.server.metrics import Metrics
from ui.server.service import Service
from ui.settings import ModelTable, ServerSettings, Settings, SettingsError, SlackSecrets

if TYPE_CHECKING:
    from bot.generative import ModelWriter

__all__ = ["open_service", "serve", "serve_slack"]

FEEDBACK = "feedback.sqlite3"
BACKLOG = 2_048
WARMING_UP = "Hello?"

log = logging.getLogger(__name__)


def serve(settings: Settings, secrets: SlackSecrets, say: Callable[[str], None]) -> None:
    """Answers until the process is told to end, and then what was asked before; `say` is told the address.

    With Slack's signing secret it takes Slack's events too. Raises DragomanError where the index, the embedder, a file
    or the port cannot be had, or Slack does not take the token.
    """
    server = settings.server
    listening = _listening(server)
    with listening:
        log_as_json()
        service = open_service(settings, say)
        with ExitStack() as opened:
            opened.callback(service.close)
            app = add_chat_page(_app(settings, secrets, service, say), service)
            opened.pop_all()  # the app closes it
        host, port = listening.getsockname()[:2]
        if not server.logins and not ipaddress.ip_address(host).is_loopback:
            say(f"warning: anybody who reaches {host}:{port} can ask and read: set server.logins to require a login")
        _run(app, listening, server, lambda: say(f"Dragoman answers at http://{_named(host)}:{port} (Ctrl-C ends)"))


def serve_slack(settings: Settings, secrets: SlackSecrets, say: Callable[[str], None]) -> None:
    """Answers in Slack over Socket Mode, until the process is told to end.

    Raises DragomanError where the index, the embedder or a file cannot be had, or Slack does not take a token.
    """
    from ui.slack import listen, slack_bot

    if secrets.app_token is None:
        raise SettingsError(
            "Socket Mode needs SLACK_APP_TOKEN in the environment, an app-level token with connections:write "
            "(xapp-...); over HTTP, set SLACK_SIGNING_SECRET and use `dragoman serve`"
        )
    log_as_json()
    service = open_service(settings, say)
    try:
        bot = slack_bot(settings, secrets, service)
        asyncio.run(listen(bot, lambda name: say(f"Dragoman answers in Slack as {name} (Ctrl-C ends)")))
    finally:
        service.close()


def open_service(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Service:
    """What the app serves, warmed up: the first question is answered as fast as the next.

    Raises DragomanError where the index, the embedder, a file or the model cannot be had. The model is not asked yet.
    """
    server = settings.server
    embedder = open_embedder(settings.embedder or Store.embedder_of(settings.index).name, progress=say)
    embedder.embed_queries([WARMING_UP])
    with ExitStack() as opened:
        writer = _writer(settings.model, embedder, say) if settings.model else None
        if writer:
            opened.callback(writer.close)
        service = Service(
            index=LiveIndex(
                settings.index,
                embedder,
                lambda retriever: AnswerEngine(
                    retriever, threshold=settings.threshold, preferred=settings.prefer, writer=writer
                ),
            ),
            admission=Admission(settings.at_once, server.waiting, server.seconds),
            access=Access(
                [key.get_secret_value() for key in server.api_keys],
                server.questions_a_minute,
                {name: password.get_secret_value() for name, password in server.logins.items()},
            ),
            metrics=Metrics(),
            feedback=FeedbackStore(server.feedback or settings.index / FEEDBACK),
            log_questions=server.log_questions,
            public_url=server.public_url,
            writer=writer,
        )
        if writer:
            with service.index.opened() as state:
                writer.warm_up(state.retriever.languages)
        opened.pop_all()
    return service


def _writer(model: ModelTable, embedder: Embedder, say: Callable[[str], None]) -> ModelWriter:
    """Imported here, because without a model nothing of LangChain's is."""
    from bot.generative import ModelWriter, open_model

    told = model.settings()
    writer = ModelWriter(open_model(told), told, embedder)
    say(f"{model.name} writes the answers, and each sentence is checked against the documents")
    return writer


def _app(settings: Settings, secrets: SlackSecrets, service: Service, say: Callable[[str], None]) -> FastAPI:
    """The app, with `/mcp`, and with Slack's address where Slack's signing secret is set."""
    from ui.mcp_server.over_http import McpOverHttp

    mcp = McpOverHttp(service, settings.server)
    beside, routes = [mcp.running()], [mcp.routes]
    if secrets.signing_secret:
        from ui.slack import EVENTS, slack_bot, slack_events

        bot = slack_bot(settings, secrets.model_copy(update={"app_token": None}), service)
        say(f"Dragoman answers in Slack as {asyncio.run(bot.check())}, whose events go to {EVENTS}")
        beside.append(bot.running())
        routes.append(slack_events(bot))
    app = create_app(service, body_bytes=settings.server.body_bytes, beside=beside)
    for route in routes:
        app.include_router(route)
    return app


def _listening(server: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        return socket.create_server((server.host, server.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise DragomanError(
            f"cannot listen on {server.host}:{server.port} ({error.strerror or error}): "
            "end what listens there, or choose another --port"
        ) from error


def _run(app: FastAPI, listening: socket.socket, server: ServerSettings, ready: Callable[[], None]) -> None:
    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=round(server.seconds) + 1,
    )
    Announcing(config).run(sockets=[listening])
    sys.stderr.flush()


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host
