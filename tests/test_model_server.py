from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, Literal

import pytest
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, InternalServerError, LengthFinishReasonError, NotFoundError

from tests.model_server import ModelServer, Reply, Request, sentences

ANSWER = sentences(("Thời hạn là “30 ngày”.", ["1", "2"]), ("So it is.", []), usage=(120, 34))
PARSED = {"sentences": [{"text": "Thời hạn là “30 ngày”.", "cites": ["1", "2"]}, {"text": "So it is.", "cites": []}]}
SCHEMA = {
    "title": "answer",
    "description": "An answer",
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "object"}}},
    "required": ["sentences"],
}

Method = Literal["json_schema", "function_calling"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def client(server: ModelServer, **options: Any) -> ChatOpenAI:
    given = {"timeout": 10, "max_retries": 0, "stream_usage": True} | options
    return ChatOpenAI(model="any", base_url=server.url, api_key="none", **given)


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_a_structured_answer_parses_streamed_or_not(method: Method) -> None:
    with ModelServer([ANSWER, ANSWER]) as server:
        chat = client(server).with_structured_output(SCHEMA, method=method)
        assert chat.invoke("When?") == PARSED
        *partial, last = chat.stream("When?")
    assert last == PARSED
    assert {"sentences": [{"text": "Thời hạ"}]} in partial
    assert [request.streams for request in server.requests] == [False, True]
    for schema in (request.schema for request in server.requests):
        assert schema
        assert schema["properties"] == SCHEMA["properties"]
    assert (server.finished, server.problems) == (2, [])
    assert not server.abandoned.is_set()


def test_a_stream_comes_in_pieces_and_then_its_usage() -> None:
    with ModelServer([replace(ANSWER, piece=5)]) as server:
        chunks = list(client(server).stream([("system", "Be brief."), ("human", "Why?"), ("human", "And when?")]))
    whole = reduce(add, chunks)
    assert whole.content == ANSWER.text
    assert [chunk.content for chunk in chunks if chunk.content] == replace(ANSWER, piece=5).pieces
    assert whole.usage_metadata
    assert (whole.usage_metadata["input_tokens"], whole.usage_metadata["output_tokens"]) == (120, 34)
    assert whole.response_metadata["finish_reason"] == "stop"
    request = server.requests[0]
    assert (request.system, request.user) == ("Be brief.", "Why?\nAnd when?")
    assert (request.path, request.headers["authorization"]) == ("/v1/chat/completions", "Bearer none")
    assert request.schema is None


def test_an_answer_in_one_piece_has_its_usage_too() -> None:
    with ModelServer([replace(ANSWER, finish="length")]) as server:
        answer = client(server).invoke("When?")
    assert answer.content == ANSWER.text
    assert answer.usage_metadata
    assert answer.usage_metadata["total_tokens"] == 154
    assert answer.response_metadata["finish_reason"] == "length"


def test_an_answer_that_grew_too_long_has_no_structure() -> None:
    with ModelServer([replace(ANSWER, finish="length")]) as server:
        chat = client(server).with_structured_output(SCHEMA, method="json_schema")
        with pytest.raises(LengthFinishReasonError):
            list(chat.stream("When?"))


def test_a_client_that_may_try_again_waits_as_long_as_it_is_told() -> None:
    with ModelServer([Reply(status=429, headers={"Retry-After": "1"}), ANSWER]) as server:
        began = time.monotonic()
        assert list(client(server, max_retries=1).stream("When?"))
        assert time.monotonic() - began > 0.9  # half a second if it weren't told
    assert (len(server.requests), server.finished) == (2, 2)
    assert not server.abandoned.is_set()


@pytest.mark.parametrize("cut_after", [0, 3])
def test_a_cut_connection_raises(cut_after: int) -> None:
    heard: list[object] = []
    with ModelServer([replace(ANSWER, cut_after=cut_after)] * 2) as server:
        with pytest.raises(APIConnectionError):
            for chunk in client(server).stream("When?"):
                heard += [chunk.content] if chunk.content else []
        with pytest.raises(APIConnectionError):
            client(server).invoke("When?")
    assert heard == ANSWER.pieces[:cut_after]
    assert server.finished == 0
    assert not server.abandoned.is_set()


@pytest.mark.anyio
@pytest.mark.parametrize("slow", [replace(ANSWER, first_after=60), replace(ANSWER, pause=60)])
async def test_a_client_that_leaves_is_missed_at_once(slow: Reply) -> None:
    with ModelServer([slow]) as server:

        async def listen() -> None:
            async for _ in client(server, timeout=30).astream("When?"):
                pass

        listening = asyncio.create_task(listen())
        while not server.requests:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert not server.abandoned.is_set()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert await asyncio.to_thread(server.abandoned.wait, 1)
    assert server.finished == 0


@pytest.mark.anyio
async def test_the_end_waits_for_no_reply() -> None:
    with ModelServer([replace(ANSWER, first_after=60), replace(ANSWER, pause=60)]) as server:
        listening = [asyncio.create_task(client(server, timeout=30).ainvoke("When?", stream=True)) for _ in range(2)]
        while len(server.requests) < 2:
            await asyncio.sleep(0.005)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert all(
        isinstance(error, APIConnectionError) for error in await asyncio.gather(*listening, return_exceptions=True)
    )
    assert not server.abandoned.is_set()


def test_a_script_can_answer_what_is_asked_and_fail() -> None:
    def script(request: Request) -> Reply:
        return {"Hi": Reply("Hello"), "Who?": Reply(status=404, text="no such model")}[request.user]

    with ModelServer(script) as server:
        assert client(server).invoke("Hi").content == "Hello"
        with pytest.raises(NotFoundError, match="no such model"):
            client(server).invoke("Who?")
        assert server.problems == []
        with pytest.raises(InternalServerError, match="the script failed: KeyError"):
            client(server, max_retries=2).invoke("What?")
    assert server.problems == ["the script failed: KeyError('What?')"]


def test_a_script_that_runs_out_says_so() -> None:
    with ModelServer([]) as server, pytest.raises(InternalServerError, match="run out"):
        client(server, max_retries=2).invoke("When?")
    assert server.problems == ["the script has run out: nothing answers request 1"]


def test_a_body_goes_out_as_it_is() -> None:
    with ModelServer([Reply(status=502, body="<p>Bad gateway", headers={"Content-Type": "text/html"})]) as server:
        with pytest.raises(InternalServerError) as raised:
            client(server).invoke("When?")
        assert raised.value.response.text == "<p>Bad gateway"
        with urllib.request.urlopen(f"{server.url}/models") as models:
            assert json.load(models)["data"] == [{"id": "scripted", "object": "model"}]
