"""A door for chat front ends: OpenAI's chat completions over the service, as far as quotations can be completions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.sse import format_sse_event
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

from bot.layout import pieces, source_link
from bot.types import Answer, Citation, Question
from index.errors import QuestionError, StoreError
from ui.server.admission import Late, Overloaded
from ui.server.problems import Problem, ProblemError
from ui.server.service import MOST_HISTORY, Service

__all__ = ["MODEL", "openai_api"]

MODEL = "dragoman"
MOST_MESSAGES = 500
MOST_PARTS = 100

EVENT_STREAM = "text/event-stream"
CHUNK = {
    "type": "object",
    "properties": {"data": {"type": "string", "description": "A chat.completion.chunk as JSON; in the last, [DONE]"}},
    "required": ["data"],
}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
PLACE_IN_LIST = re.compile(r"\.(\d+)")
REFUSALS = (ProblemError, HTTPException, RequestValidationError, QuestionError, Overloaded, Late, StoreError)
"""What `problems` knows how to put; anything else is a mistake of ours, which the log should have whole."""


class _Sent(BaseModel):
    """From clients, which send much that is not for Dragoman: fields that are not named are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Part(_Sent):
    """A part of a message. There are no others than text."""

    type: Literal["text"]
    text: str


def _as_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


Parts = Annotated[list[Part], Field(max_length=MOST_PARTS)]
Content = Annotated[Parts, BeforeValidator(_as_parts, json_schema_input_type=str | Parts)]


class Message(_Sent):
    """A turn of a conversation. Of the user's the last is the question, and those before tell what it follows up on."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | None = None

    @property
    def text(self) -> str:
        """What was said, "" where nothing was."""
        return "\n".join(part.text for part in self.content or ())


class StreamOptions(_Sent):
    """What a stream has besides."""

    include_usage: bool | None = None


class ResponseFormat(_Sent):
    """Answers are text: JSON cannot be asked for."""

    type: Literal["text"]


class ChatRequest(_Sent):
    """What to complete. Temperatures, limits, tools and the like are accepted, and change nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "How long does training take?"}]}]
        }
    )

    model: Annotated[str, Field(json_schema_extra={"const": MODEL})]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    response_format: ResponseFormat | None = None

    @field_validator("messages")
    @classmethod
    def _something_is_asked(cls, messages: list[Message]) -> list[Message]:
        if not any(message.role == "user" for message in messages):
            raise PydanticCustomError("nothing_asked", "One must be the user's: it is the question")
        return messages

    def question(self) -> Question:
        """What the user said last, upon what they said before."""
        *history, text = [message.text for message in self.messages if message.role == "user"]
        return Question(text, history=tuple(history[-MOST_HISTORY:]))


class UrlCitation(BaseModel):
    """Where a quote stands. `content[start_index:end_index]` is its marker, counted in code points."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """What a marker in the content leads to."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CompletedMessage(BaseModel):
    """The answer as a turn of the conversation."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    """The one answer."""

    index: Literal[0] = 0
    message: CompletedMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    """No tokens are used: answers are quoted, not generated."""

    prompt_tokens: Literal[0] = 0
    completion_tokens: Literal[0] = 0
    total_tokens: Literal[0] = 0


class Completion(BaseModel):
    """An answer; `dragoman` is all of it, in the shape of `POST /v1/ask`."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: Literal["dragoman"] = "dragoman"
    system_fingerprint: None = None
    choices: list[Choice]
    usage: Usage = Usage()
    dragoman: Answer


class Model(BaseModel):
    """What answers. `created` is when the service began."""

    id: Literal["dragoman"] = "dragoman"
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["dragoman"] = "dragoman"


class Models(BaseModel):
    """All that answers."""

    object: Literal["list"] = "list"
    data: list[Model]


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
                handlers = request.app.exception_handlers
                handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
                return _refusal(await handler(request, error))

        return handled


class _Anything(PathConvertor):
    """With ends of lines, which Starlette's own leaves out: a name with one found no route, and so no error of ours."""

    regex = "(?s:.*)"


register_url_convertor("anything", _Anything())


def openai_api(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", route_class=RefusingAsOpenAI, responses=REFUSED, tags=["openai"])
    dragoman = Model(created=int(time.time()))

    @routes.post(
        "/chat/completions",
        dependencies=[Depends(service.access.check_asker)],
        response_model=Completion,
        responses={200: {"content": {EVENT_STREAM: {"itemSchema": CHUNK}}}},
    )
    async def complete(body: ChatRequest, request: Request) -> Completion | Response:
        """Answer the user's last message, for clients that speak OpenAI's protocol; with `stream`, as events."""
        _check_model(body.model)
        answer = await service.ask(body.question())
        said, annotations = _said(answer, service.public_url or str(request.base_url).rstrip("/"))
        completion = Completion(
            id=f"chatcmpl-{request.state.id}",
            created=int(time.time()),
            choices=[Choice(message=CompletedMessage(content="".join(said), annotations=annotations))],
            dragoman=answer,
        )
        if not body.stream:
            return completion
        with_usage = body.stream_options is not None and body.stream_options.include_usage is True
        events = b"".join(_events(completion, said, with_usage))
        return Response(events, media_type=EVENT_STREAM, headers={"Cache-Control": "no-store"})

    @routes.get("/models", dependencies=[Depends(service.access.check_program)])
    def models() -> Models:
        """What can be named as the model of a completion."""
        return Models(data=[dragoman])

    @routes.get("/models/{model:anything}", dependencies=[Depends(service.access.check_program)])
    def one_model(model: str) -> Model:
        """The model of this name."""
        _check_model(model)
        return dragoman

    return routes


def _check_model(name: str) -> None:
    if name != MODEL:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no such model: the only one is {MODEL!r}")


def _said(answer: Answer, server: str) -> tuple[list[str], list[Annotation]]:
    """What to say, cut where a stream is: sentences with their markers, then the notice. And where the markers lead."""
    cited = {citation.marker: citation for citation in answer.citations}
    said, annotations, begin = [], [], 0
    for piece in pieces(answer):
        text = piece.text
        for marker in piece.markers:
            start = begin + len(text) + 1
            text += f" [{marker}]"
            annotations.append(_annotation(cited[marker], start, begin + len(text), server))
        said.append(text)
        begin += len(text)
    if answer.notice:
        said.append(f"\n\n{answer.notice}")
    return said, annotations


def _annotation(citation: Citation, start: int, end: int, server: str) -> Annotation:
    url = server + source_link(citation.document, citation.start, citation.end)
    return Annotation(url_citation=UrlCitation(start_index=start, end_index=end, title=citation.title, url=url))


def _events(completion: Completion, said: Sequence[str], with_usage: bool) -> Iterator[bytes]:
    whole = completion.model_dump(mode="json")
    head = {key: whole[key] for key in ("id", "created", "model", "system_fingerprint")}
    head |= {"object": "chat.completion.chunk"} | ({"usage": None} if with_usage else {})

    def chunk(delta: dict[str, Any], finish_reason: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event(head | {"choices": [choice]} | more)

    yield chunk({"role": "assistant", "content": ""})
    for text in said:
        yield chunk({"content": text})
    if annotations := whole["choices"][0]["message"]["annotations"]:
        yield chunk({"annotations": annotations})
    yield chunk({}, "stop", dragoman=whole["dragoman"])
    if with_usage:
        yield _event(head | {"choices": [], "usage": whole["usage"]})
    yield format_sse_event(data_str="[DONE]")


def _event(data: dict[str, Any]) -> bytes:
    # All in ASCII: some clients cut lines wherever Unicode has a line's end.
    return format_sse_event(data_str=json.dumps(data))


def _refusal(response: JSONResponse) -> JSONResponse:
    """A problem as OpenAI would have put it."""
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
