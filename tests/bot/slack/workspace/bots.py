"""A Bolt app, joined to a workspace by either transport."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.slack.workspace.server import Workspace

__all__ = ["bolt_app", "over_http", "over_socket", "served_in_loop"]


def bolt_app(workspace: Workspace) -> AsyncApp:
    """One without listeners, which knows the workspace's secrets and where its Web API is."""
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    return AsyncApp(client=client, signing_secret=workspace.signing_secret)


@asynccontextmanager
async def served_in_loop(app: FastAPI) -> AsyncIterator[str]:
    """The address of the app, which runs in this event loop."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def over_http(workspace: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    handler, fast = AsyncSlackRequestHandler(app), FastAPI()

    @fast.post("/slack/events")
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async with served_in_loop(fast) as address:
        workspace.events_url = f"{address}/slack/events"
        yield
        workspace.events_url = None


@asynccontextmanager
async def over_socket(
    workspace: Workspace, app: AsyncApp, *, ping_interval: float = 10.0
) -> AsyncIterator[AsyncSocketModeHandler]:
    """A client sees that its connection is dead after about `ping_interval`."""
    handler, others = (
        AsyncSocketModeHandler(app, workspace.app_token, ping_interval=ping_interval),
        workspace.connections,
    )
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await workspace.until(lambda: workspace.connections > others)
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
