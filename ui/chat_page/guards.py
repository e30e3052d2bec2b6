"""Keeps the page to its own host and people: a browser fetches nothing elsewhere, and nobody may leave files here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.access import BASIC, Access
from ui.server.problems import ProblemError, problem

__all__ = ["LoginNeeded", "OwnHostOnly", "refuse_uploads"]

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


class LoginNeeded:
    """Lets nobody see any part of the page who has not shown a login, where the operator asks for one."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            try:
                self._access.check_person(request, await BASIC(request))
            except ProblemError as error:
                await problem(request, error.status, error.detail, error.headers)(scope, receive, send)
                return
            except HTTPException as error:  # no Basic authorization that can be read
                await problem(request, error.status_code, str(error.detail), dict(error.headers or {}))(
                    scope, receive, send
                )
                return
        await self._app(scope, receive, send)


def refuse_uploads(app: FastAPI) -> None:
    """Gradio takes files even for a page that asks for none."""

    @app.post(UPLOADS, include_in_schema=False)
    def upload() -> None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "this page takes no files")
