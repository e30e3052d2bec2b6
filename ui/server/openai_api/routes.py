"""`/v1/chat/completions` and `/v1/models`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import format_sse_event
from starlette.convertors import PathConvertor, register_url_convertor

from bot.types import Answer, Said
from ui.server.events import EVENT_STREAM, EventStream, begun, event, while_here
from ui.server.openai_api.asked import MODEL, ChatRequest
from ui.server.openai_api.completed import CHUNK, Chunks, Completion, Content, Model, Models, completion
from ui.server.openai_api.refused import REFUSED, RefusingAsOpenAI, refusal_of
from ui.server.problems import ProblemError
from ui.server.service import Service

__all__ = ["openai_api"]


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
        content = Content(service.public_url or str(request.base_url).rstrip("/"))
        if body.stream:
            heard = await begun(request, service.stream(body.question()))
            return EventStream(_events(request, heard, content, with_usage=body.with_usage))
        answer = await while_here(request, service.ask(body.question()))
        content.answered(answer)
        return completion(_id(request), content, answer)

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


def _id(request: Request) -> str:
    return f"chatcmpl-{request.state.id}"


def _check_model(name: str) -> None:
    if name != MODEL:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no such model: the only one is {MODEL!r}")


async def _events(
    request: Request, heard: AsyncGenerator[Said | Answer, None], content: Content, *, with_usage: bool
) -> AsyncGenerator[bytes, None]:
    """What is heard, in chunks. An error that comes up meanwhile is put in OpenAI's shape, and ends the stream."""
    chunks = Chunks(_id(request), with_usage=with_usage)
    async with aclosing(heard):
        try:
            yield event(chunks.first())
            async for one in heard:
                for text in content.said(one) if isinstance(one, Said) else content.answered(one):
                    yield event(chunks.text(text))
                if isinstance(one, Answer):
                    for chunk in chunks.last(completion(_id(request), content, one)):
                        yield event(chunk)
            yield format_sse_event(data_str="[DONE]")
        except Exception as error:  # noqa: BLE001 - the status is sent: whatever it is, it is told as an event
            yield event(json.loads(bytes((await refusal_of(request, error)).body)))
