"""`/mcp` beside the API: streamable HTTP, each request for itself, with the keys, rates and limits of the API."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ui.mcp_server.tools import mcp_server
from ui.server.access import BASIC, BEARER
from ui.server.problems import ProblemError
from ui.server.service import Service
from ui.settings import ServerSettings

__all__ = ["MCP", "McpOverHttp"]

MCP = "/mcp"
OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")


class McpOverHttp:
    """Its `routes` belong into the app, and `running()`, once, around the time that the app runs."""

    def __init__(self, service: Service, server: ServerSettings) -> None:
        self._service = service
        self._manager = StreamableHTTPSessionManager(
            mcp_server(service),
            json_response=True,
            stateless=True,
            security_settings=_names(server.host, service.public_url),
            max_request_body_size=server.body_bytes,
        )

    @property
    def routes(self) -> APIRouter:
        """One address, to be in the app before the page, which takes every address that no other route has."""
        return APIRouter(routes=[Route(MCP, self, include_in_schema=False)])

    def running(self) -> AbstractAsyncContextManager[None]:
        logging.getLogger("mcp").setLevel(logging.WARNING)
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ProblemError 401, 405 or 429, and HTTPException 401, which the app answers."""
        request = Request(scope)
        if request.method != "POST":  # there are no streams to open, and no sessions to end
            raise ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, "use POST", {"Allow": "POST"})
        self._service.access.check_program(request, await BEARER(request), await BASIC(request))
        await self._manager.handle_request(scope, receive, send)


def _names(host: str, public_url: str | None) -> TransportSecuritySettings:
    """By which names the server may be called: a page in a browser cannot have another name lead here (DNS rebinding).

    With an address that is every network's (0.0.0.0) no name comes; who calls from outside then needs `public_url`.
    """
    names = [*OWN_NAMES]
    if not _is_every_network(host):
        names.append(f"[{host}]" if ":" in host else host)
    if public_url:
        names.append(urlsplit(public_url).hostname or "")
    hosts = [form for name in names for form in (name, f"{name}:*")]
    return TransportSecuritySettings(
        allowed_hosts=hosts, allowed_origins=[f"{scheme}://{form}" for scheme in ("http", "https") for form in hosts]
    )


def _is_every_network(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
