"""Keeps the page to its own host: the browser may fetch nothing elsewhere, and nobody may leave files here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.problems import ProblemError

__all__ = ["OwnHostOnly", "refuse_uploads"]

UPLOADS = "/gradio_api/upload"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page needs both
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class OwnHostOnly:
    """Adds the Content-Security-Policy that holds the browser to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self._app(scope, receive, send_with_policy if scope["type"] == "http" else send)


def refuse_uploads(app: FastAPI) -> None:
    """Gradio takes files even for a page that asks for none."""

    @app.post(UPLOADS, include_in_schema=False)
    def upload() -> None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "this page takes no files")
