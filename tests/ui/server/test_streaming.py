"""Answers that a model writes, over HTTP: as they come, what takes them back, and who goes away meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from tests.model_server import ModelServer, Script, sentences
from tests.ui.server.conftest import ENGLISH
from tests.ui.server.serving import scripted, serving, verbatim
from ui.server.service import Service

pytestmark = pytest.mark.usefixtures("warm")

QUESTION = "How many weeks does a new agent train?"
ENDLESS = "The weeks are long. " * 500
INVENTED = "Penguins train for nine weeks."
EVENTS = {"Accept": "text/event-stream"}
SOON = 5.0

ASK = ("/v1/ask", {"question": QUESTION})
CHAT = ("/v1/chat/completions", {"model": "dragoman", "messages": [{"role": "user", "content": QUESTION}]})
CHAT_STREAM = ("/v1/chat/completions", CHAT[1] | {"stream": True})


@contextmanager
def asking(folder: Path, script: Script, **settings: Any) -> Iterator[tuple[str, Service, ModelServer]]:
    with scripted(folder, script, **settings) as (service, model), serving(service) as address:
        yield address, service, model


@contextmanager
def client_of(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client:
        yield client


def chat(client: openai.OpenAI, **more: Any) -> openai.Stream[ChatCompletionChunk]:
    stream = client.chat.completions.create(
        model="dragoman", messages=[{"role": "user", "content": QUESTION}], stream=True, **more
    )
    assert isinstance(stream, openai.Stream)
    return stream


def events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    kind = ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data" or line == "data:":
            yield kind, json.loads(value) if value else None


def content(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def cited(chunks: list[ChatCompletionChunk]) -> list[dict[str, Any]]:
    deltas = [chunk.choices[0].delta.model_extra or {} for chunk in chunks if chunk.choices]
    return [one["url_citation"] for delta in deltas for one in delta.get("annotations", ())]


def whole(chunks: list[ChatCompletionChunk]) -> dict[str, Any]:
    extras = [chunk.model_extra or {} for chunk in chunks]
    (answer,) = [extra["dragoman"] for extra in extras if "dragoman" in extra]
    return dict(answer)


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def counted(service: Service, sample: str, value: float) -> bool:
    """Whether the metric has this value, at once or a moment after the client has gone."""
    until(lambda: f"{sample} {value}" in service.metrics.text().decode().splitlines())
    return True


def test_sentences_come_while_the_model_writes(folder: Path) -> None:
    with (
        asking(folder, verbatim(1, 2, pause=0.02)) as (address, _, model),
        httpx.stream("POST", address + ASK[0], json=ASK[1], headers=EVENTS) as response,
    ):
        assert (response.status_code, response.headers["x-accel-buffering"]) == (200, "no")
        came = events(response)
        kind, first = next(came)
        assert model.finished == 0
        rest = list(came)
    assert (kind, first["text"], first["markers"]) == ("sentence", ENGLISH[0], [1])
    assert [citation["quote"] for citation in first["citations"]] == [ENGLISH[0]]
    assert [kind for kind, _ in rest] == ["sentence", "answer", "done"]
    answer = rest[1][1]
    assert answer["composer"] == "generative" and answer["text"] == " ".join(ENGLISH)
    assert [first, rest[0][1]] == [
        piece | {"citations": [citation]} for piece, citation in zip(answer["pieces"], answer["citations"], strict=True)
    ]


def test_a_citation_is_told_with_the_first_sentence_that_stands_on_it(folder: Path) -> None:
    script = [sentences((ENGLISH[0], [1]), (ENGLISH[1], [2, 1]))]
    with asking(folder, script) as (address, _, _):
        response = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
    said = [data for kind, data in events(response) if kind == "sentence"]
    assert [one["markers"] for one in said] == [[1], [1, 2]]
    assert [[citation["quote"] for citation in one["citations"]] for one in said] == [[ENGLISH[0]], [ENGLISH[1]]]


def test_what_was_said_is_taken_back_where_the_model_breaks_off(folder: Path) -> None:
    with asking(folder, verbatim(2, then=ENDLESS, cut_after=20)) as (address, service, _):
        response = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
        assert counted(service, 'dragoman_answers_total{composer="extractive",fallback="failed"}', 1.0)
    (_, said), (kind, answer), (last, _) = events(response)
    assert said["text"] == ENGLISH[1]
    assert (kind, answer["composer"], answer["fallback"], answer["text"]) == (
        "answer",
        "extractive",
        "failed",
        ENGLISH[0],
    )
    assert last == "done"


def test_without_a_model_the_answer_comes_alone(service: Service) -> None:
    with serving(service) as address:
        response = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
    assert [kind for kind, _ in events(response)] == ["answer", "done"]


def test_before_the_first_sentence_a_failure_has_its_status(folder: Path) -> None:
    with asking(folder, verbatim(1, first_after=SOON), patience=1.5) as (address, service, model):
        late = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
        unusable = httpx.post(address + ASK[0], json={"question": "?", "language": "klingon"}, headers=EVENTS)
        service.admission.inside += 1_000
        full = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
        assert model.abandoned.wait(SOON)
    for response, status in ((late, 504), (unusable, 422), (full, 503)):
        assert (response.status_code, response.json()["status"]) == (status, status)
        assert response.headers["content-type"] == "application/problem+json"
    assert full.headers["retry-after"] == "1"


def test_after_it_a_failure_is_an_event(folder: Path) -> None:
    with asking(folder, verbatim(1, then=ENDLESS, pause=0.02), patience=2) as (address, _, model):
        response = httpx.post(address + ASK[0], json=ASK[1], headers=EVENTS)
        (first, _), (last, problem) = events(response)
        assert (response.status_code, first, last) == (200, "sentence", "error")
        assert (problem["status"], problem["title"]) == (504, "Gateway Timeout")
        assert problem["request"] == response.headers["x-request-id"]
        with client_of(address) as client, pytest.raises(openai.APIError) as broken:
            list(chat(client))
        assert model.abandoned.wait(SOON)
    assert broken.value.message == "the question took too long"
    assert isinstance(broken.value.body, dict) and broken.value.body["type"] == "server_error"


@pytest.mark.parametrize(("path", "body"), [ASK, CHAT_STREAM], ids=["ask", "chat"])
def test_who_goes_away_in_the_middle_stops_the_model(folder: Path, path: str, body: dict[str, Any]) -> None:
    with asking(folder, verbatim(1, then=ENDLESS, pause=0.02)) as (address, service, model):
        with httpx.stream("POST", address + path, json=body, headers=EVENTS) as response:
            assert any(ENGLISH[0] in line for line in response.iter_lines())
            assert not model.abandoned.is_set()
        assert model.abandoned.wait(SOON)
        assert counted(service, 'dragoman_questions_total{language="en",status="stopped"}', 1.0)
        assert service.admission.inside == 0
    assert model.finished == 0


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [(*ASK, EVENTS), (*ASK, {}), (*CHAT_STREAM, {}), (*CHAT, {})],
    ids=["ask-stream", "ask", "chat-stream", "chat"],
)
def test_who_goes_away_before_anything_is_said_stops_it_too(
    folder: Path, path: str, body: dict[str, Any], headers: dict[str, str]
) -> None:
    with asking(folder, verbatim(1, first_after=2 * SOON)) as (address, service, model):
        connection = HTTPConnection(urlsplit(address).netloc)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"} | headers)
        until(lambda: bool(model.requests))
        connection.close()
        assert model.abandoned.wait(SOON)
        assert counted(service, 'dragoman_errors_total{status="499"}', 1.0)


def test_the_stock_client_streams(folder: Path) -> None:
    script = verbatim(1, 2, pause=0.02, usage=(1_200, 34))
    with asking(folder, script) as (address, _, model), client_of(address) as client:
        stream = chat(client, stream_options={"include_usage": True})
        chunks = [next(stream), next(stream)]
        assert model.finished == 0
        chunks += stream
        once = client.chat.completions.create(model="dragoman", messages=[{"role": "user", "content": QUESTION}])
    parts = [chunk.choices[0].delta.content for chunk in chunks[:3]]
    assert parts == ["", f"{ENGLISH[0]} [1]", f" {ENGLISH[1]} [2]"]
    assert content(chunks) == once.choices[0].message.content
    assert cited(chunks) == [one.url_citation.model_dump() for one in once.choices[0].message.annotations or ()]
    assert whole(chunks)["composer"] == "generative"
    for usage in (chunks[-1].usage, once.usage):
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (1_200, 34, 1_234)


def test_a_stream_that_cannot_be_taken_back_goes_on_with_the_quoted_answer(folder: Path) -> None:
    with (
        asking(folder, verbatim(2, then=ENDLESS, cut_after=20)) as (address, _, _),
        client_of(address) as client,
    ):
        chunks = list(chat(client))
    text = content(chunks)
    assert text == f"{ENGLISH[1]} [1]\n\n{ENGLISH[0]} [2]"
    leading = cited(chunks)
    assert [text[one["start_index"] : one["end_index"]] for one in leading] == ["[1]", "[2]"]
    assert ["start=34&end=61" in one["url"] for one in leading] == [True, False]
    answer = whole(chunks)
    assert (answer["text"], answer["fallback"]) == (ENGLISH[0], "failed")
    assert [citation["marker"] for citation in answer["citations"]] == [1]


def test_what_the_model_did_is_counted(folder: Path) -> None:
    prices = {"input_price": 2.0, "output_price": 8.0}
    wrong = (INVENTED, [1])
    script = [sentences((ENGLISH[0], [1]), wrong, usage=(1_000, 100)), sentences(wrong, usage=(500, 50))]
    with asking(folder, script, **prices) as (address, _, _):
        check, again = httpx.post(address + ASK[0], json=ASK[1]).json()["model_use"]["rejected"]
        httpx.post(address + ASK[0], json={"question": " "})
        lines = httpx.get(f"{address}/metrics").text.splitlines()
    counts = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines) if name[0] != "#"}
    expected = {
        'dragoman_answers_total{composer="generative",fallback="none"}': 1,
        "dragoman_model_calls_total": 2,
        'dragoman_model_tokens_total{direction="input"}': 1_500,
        'dragoman_model_tokens_total{direction="output"}': 150,
        "dragoman_model_cost_total": 0.0042,
        'dragoman_model_sentences_total{outcome="written"}': 2,
        'dragoman_model_sentences_total{outcome="shown"}': 1,
        f'dragoman_model_rejections_total{{check="{check}"}}': 2,
        "dragoman_first_sentence_seconds_count": 1,
    }
    assert check == again
    assert {name: counts[name] for name in expected} == expected
    assert len([name for name in counts if name.startswith("dragoman_answers_total")]) == 1
