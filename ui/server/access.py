"""Who may ask, how often, and how much at once: keys, logins, rates, sizes; and the id that each request goes by."""

from __future__ import annotations

import logging
import re
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.logs import REQUEST_ID
from ui.server.metrics import Metrics
from ui.server.problems import ProblemError

__all__ = ["BASIC", "BEARER", "Access", "RequestsMiddleware"]

BEARER = HTTPBearer(auto_error=False, description="One of the operator's API keys, where there are any.")
BASIC = HTTPBasic(auto_error=False, description="One of the operator's logins, where there are any.")
Key = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
Login = Annotated[HTTPBasicCredentials | None, Depends(BASIC)]
GUESSES_A_MINUTE = 10
USABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = logging.getLogger(__name__)


class Access:
    """Knows the keys and logins, and counts what each client asked in the last minute.

    Programs show a key (or a login), people a login. Where there are neither keys nor logins, everybody may ask; where
    there are only keys, the page and the source view stay open. The checks are dependencies for FastAPI.
    """

    def __init__(self, keys: Sequence[str], a_minute: int, logins: Mapping[str, str] | None = None) -> None:
        self._keys = [key.encode() for key in keys]
        self._logins = [f"{name}:{password}".encode() for name, password in (logins or {}).items()]
        self._rate = RateLimitItemPerMinute(a_minute)
        self._guesses = RateLimitItemPerMinute(GUESSES_A_MINUTE)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check_program(self, request: Request, key: Key, login: Login) -> None:
        """Raises ProblemError 401, or 429 after too many wrong logins."""
        if not self._keys and not self._logins:
            return
        if key and _is_one_of(self._keys, key.credentials):
            return
        if login and self._is_login(request, login):
            return
        headers = {"WWW-Authenticate": "Bearer"}
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "an API key is needed: Authorization: Bearer KEY", headers)

    def check_asker(self, request: Request, key: Key, login: Login) -> None:
        """Of programs that ask something, the rate too. Raises ProblemError 401 or 429."""
        self.check_program(request, key, login)
        self.check_rate(request, key)

    def check_person(self, request: Request, login: Login) -> None:
        """Raises ProblemError 401, upon which a browser asks for a login, or 429 after too many wrong ones."""
        if self._logins and not (login and self._is_login(request, login)):
            headers = {"WWW-Authenticate": 'Basic realm="Dragoman"'}
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "a login is needed", headers)

    def check_rate(self, request: Request, key: Key = None) -> None:
        """Raises ProblemError 429."""
        client = key.credentials if key and self._keys else _address(request)
        if not self._limiter.hit(self._rate, client):
            raise self._too_many(self._rate, client, "questions")

    def _is_login(self, request: Request, login: HTTPBasicCredentials) -> bool:
        guesser = f"guesses {_address(request)}"
        if not self._limiter.test(self._guesses, guesser):
            raise self._too_many(self._guesses, guesser, "wrong logins")
        known = _is_one_of(self._logins, f"{login.username}:{login.password}")
        if not known:
            self._limiter.hit(self._guesses, guesser)
        return known

    def _too_many(self, rate: RateLimitItemPerMinute, client: str, what: str) -> ProblemError:
        wait = max(1, round(self._limiter.get_window_stats(rate, client).reset_time - time.time()))
        return ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS, f"too many {what}: try again in {wait} s", {"Retry-After": str(wait)}
        )


def _is_one_of(secret: Sequence[bytes], offered: str) -> bool:
    """All are compared, each in constant time."""
    return sum(secrets.compare_digest(one, offered.encode()) for one in secret) > 0


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


class RequestsMiddleware:
    """Gives each request an id, which the response and the log carry; reads no body that is too large; counts errors.

    An id that the client sends in X-Request-ID is kept.
    """

    def __init__(self, app: ASGIApp, *, body_bytes: int, metrics: Metrics) -> None:
        self._app = app
        self._most = body_bytes
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if USABLE_ID.fullmatch(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["id"] = request_id
        token, started, status, read = REQUEST_ID.set(request_id), time.perf_counter(), 0, 0

        length = Headers(scope=scope).get("content-length", "0")
        declared = int(length) if length.isdecimal() else 0

        async def receive_some() -> Message:
            nonlocal read
            if declared <= self._most:
                message = await receive()
                read += len(message.get("body", b""))
            if max(declared, read) > self._most:
                # Of Starlette's own kind, which FastAPI lets through where it reads the body.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {self._most:,} bytes are read")
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        try:
            await self._app(scope, receive_some, send_with_id)
        finally:
            if status >= HTTPStatus.BAD_REQUEST:
                self._metrics.failed(status)
            log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                },
            )
            REQUEST_ID.reset(token)
