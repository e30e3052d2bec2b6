"""Errors as problem details (RFC 9457): one shape, whatever went wrong."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from index.errors import QuestionError, StoreError
from ui.server.admission import Late, Overloaded
from ui.server.events import Left

__all__ = ["PROBLEM", "Problem", "ProblemError", "add_handlers", "problem", "problem_of"]

PROBLEM = "application/problem+json"
RETRY_SECONDS = 1
CLIENT_LEFT = 499
"""Nobody reads it but the log and the metrics; nginx has it for the same."""

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong. `request` is the id under which the log tells more; `errors` the places in a body."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request: str
    errors: list[dict[str, Any]] = Field(default_factory=list)


class ProblemError(Exception):
    """Ends a request with this problem."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def problem(
    request: Request,
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
    """The response."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request=getattr(request.state, "id", ""),
        errors=errors or [],
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=PROBLEM)


async def problem_of(request: Request, error: Exception) -> JSONResponse:
    """What the error would have been answered with, had the response not begun already."""
    handlers = request.app.exception_handlers
    kind = next(kind for kind in type(error).__mro__ if kind in handlers)
    if kind is Exception:
        log.error("a response failed half-way", exc_info=error)
    response: JSONResponse = await handlers[kind](request, error)
    return response


def add_handlers(app: FastAPI) -> None:
    """Makes the app answer every error with a problem."""

    @app.exception_handler(ProblemError)
    async def known(request: Request, error: ProblemError) -> JSONResponse:
        return problem(request, error.status, error.detail, error.headers)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        places = [{"place": ".".join(map(str, one["loc"])), "problem": one["msg"]} for one in error.errors()]
        detail = "; ".join(f"{one['place']}: {one['problem']}" for one in places)
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=places)

    @app.exception_handler(QuestionError)
    async def unusable(request: Request, error: QuestionError) -> JSONResponse:
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(Overloaded)
    async def overloaded(request: Request, _: Overloaded) -> JSONResponse:
        again = {"Retry-After": str(RETRY_SECONDS)}
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "too many questions at once: ask again", again)

    @app.exception_handler(Late)
    async def late(request: Request, _: Late) -> JSONResponse:
        return problem(request, HTTPStatus.GATEWAY_TIMEOUT, "the question took too long")

    @app.exception_handler(Left)
    async def left(request: Request, _: Left) -> Response:
        return Response(status_code=CLIENT_LEFT)

    @app.exception_handler(StoreError)
    async def broken(request: Request, error: StoreError) -> JSONResponse:
        log.error("the index cannot be read", extra={"reason": str(error)})
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "the index cannot be read now")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> JSONResponse:
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the log has it")
