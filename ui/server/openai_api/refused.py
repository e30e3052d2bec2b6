"""Errors in OpenAI's shape, so that its clients raise what they always raise."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Literal

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from index.errors import QuestionError, StoreError
from ui.server.admission import Late, Overloaded
from ui.server.problems import Problem, ProblemError, problem_of

__all__ = ["REFUSED", "RefusingAsOpenAI", "refusal_of"]

CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
PLACE_IN_LIST = re.compile(r"\.(\d+)")
REFUSALS = (ProblemError, HTTPException, RequestValidationError, QuestionError, Overloaded, Late, StoreError)
"""What `problems` knows how to put; anything else is a mistake of ours, which the log should have whole."""


class Refusal(BaseModel):
    """What went wrong. `param` is the place in the body, where it is one place's fault."""

    message: str
    type: Literal["invalid_request_error", "requests", "server_error"]
    param: str | None
    code: str | None


class RefusalBody(BaseModel):
    """An error in OpenAI's shape."""

    error: Refusal


WHY: dict[int | str, str] = {
    400: "The request cannot be read, or not be used",
    401: "An API key is needed",
    404: "No such model",
    413: "The request is too large",
    429: "Too many questions from this client",
    503: "Too many questions at once",
    504: "It took too long",
    "4XX": "Refused",  # or FastAPI would promise a 422 of its own
}
REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": RefusalBody, "description": why} for status, why in WHY.items()
}


class RefusingAsOpenAI(APIRoute):
    """A route whose problems are put in OpenAI's shape: same words, same headers, 400 for 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except REFUSALS as error:
                return await refusal_of(request, error)

        return handled


async def refusal_of(request: Request, error: Exception) -> JSONResponse:
    """A problem as OpenAI would have put it."""
    response = await problem_of(request, error)
    problem = Problem.model_validate_json(bytes(response.body))
    errors = [(PLACE_IN_LIST.sub(r"[\1]", error["place"]), error["problem"]) for error in problem.errors]
    status = HTTPStatus.BAD_REQUEST if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY else problem.status
    refusal = Refusal(
        message="; ".join(f"{place}: {what}" for place, what in errors) or problem.detail,
        type=_kind(status),
        param=errors[0][0].removeprefix("body.") if errors else None,
        code=CODES.get(status),
    )
    headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
    return JSONResponse(RefusalBody(error=refusal).model_dump(), status, headers=headers)


def _kind(status: int) -> Literal["invalid_request_error", "requests", "server_error"]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    return "requests" if status == HTTPStatus.TOO_MANY_REQUESTS else "invalid_request_error"
