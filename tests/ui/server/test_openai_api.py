"""The stock client of the protocol, pointed at the real server; and bodies that it would never send."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from bot.engine import AnswerEngine
from bot.types import Answer, Citation, Listener, Piece, Question, Timings
from tests.toy import WordEmbedder, new_store, put
from tests.ui.server.serving import BODY_BYTES, connected, serving
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.openai_api.asked import MOST_MESSAGES
from ui.server.service import MOST_HISTORY, Service

QUESTION = "How many weeks does a new agent train?"
DUTCH = "Hoeveel weken leert een nieuwe medewerker?"
FOLLOW_UP = "And why?"
LINES = "The kiosk\u2028sells\x0bstamps\u0085daily."


@pytest.fixture
def folder(folder: Path) -> Path:
    """With a document that some take for several lines."""
    with new_store(folder) as store:
        put(store, "kiosk", [LINES])
    return folder


@pytest.fixture
def client(service: Service) -> Iterator[openai.OpenAI]:
    with connected(service) as client:
        yield client


def said(*questions: str) -> list[ChatCompletionMessageParam]:
    """A conversation of which these are the user's side."""
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": "You are a pirate. Answer in German."}]
    for question in questions:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": "The canteen, arr."}]
    return messages[:-1]


def ask(client: openai.OpenAI, *questions: str, **more: Any) -> ChatCompletion:
    completion = client.chat.completions.create(model="dragoman", messages=said(*questions), **more)
    assert isinstance(completion, ChatCompletion)
    return completion


def whole(completion: ChatCompletion) -> dict[str, Any]:
    assert completion.model_extra is not None
    answer: dict[str, Any] = completion.model_extra["dragoman"]
    return answer


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "timings_ms"}


def address(client: openai.OpenAI, path: str) -> str:
    return str(client.base_url).replace("/v1/", path)


def test_an_answer_is_a_completion(client: openai.OpenAI) -> None:
    before = int(time.time())
    raw = client.chat.completions.with_raw_response.create(model="dragoman", messages=said(QUESTION))
    completion = raw.parse()
    (choice,) = completion.choices
    assert choice.message.content == "A new agent trains for six weeks. [1]"
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert completion.id == f"chatcmpl-{raw.headers['X-Request-ID']}"
    assert before <= completion.created <= time.time()
    assert (completion.object, completion.model) == ("chat.completion", "dragoman")
    assert completion.usage is not None and completion.usage.total_tokens == 0


def test_the_whole_answer_rides_along(client: openai.OpenAI) -> None:
    asked = httpx.post(address(client, "/v1/ask"), json={"question": FOLLOW_UP, "history": [QUESTION]}).json()
    assert untimed(whole(ask(client, QUESTION, FOLLOW_UP))) == untimed(asked)


def test_a_marker_leads_to_the_quote_in_its_document(client: openai.OpenAI) -> None:
    message = ask(client, QUESTION).choices[0].message
    (annotation,) = message.annotations or []
    cited = annotation.url_citation
    assert (message.content or "")[cited.start_index : cited.end_index] == "[1]"
    assert cited.title == "Training-En"
    assert cited.url.startswith(address(client, "/documents/training-en?"))
    assert ">A new agent trains for six weeks.</mark>" in unescape(httpx.get(cited.url).text)


def test_markers_are_found_after_each_quote_and_at_the_end(service: Service, folder: Path) -> None:
    def citation(marker: int, quote: str) -> Citation:
        return Citation(
            marker, quote, "canteen", "file:///canteen", f"Title {marker}", "en", marker, marker + 5, quote, marker
        )

    text = "𝔄𝔟 [1] 👩‍🍳. Second [2]! The end"
    citations = (citation(1, "𝔄𝔟 [1] 👩‍🍳."), citation(2, "not word for word"), citation(3, "Second [2]!"))
    pieces = (Piece("𝔄𝔟 [1] 👩‍🍳.", (1,)), Piece(" Second [2]!", (3,)), Piece(" The end", (2,)))
    answer = Answer("?", "en", "answered", text, 0.9, "Two\nnotices", citations, Timings(0, 0, 0, 0), pieces=pieces)

    class Scripted(AnswerEngine):
        def answer(self, question: Question, listener: Listener | None = None) -> Answer:
            return answer

    service.index.close()
    with connected(replace(service, index=LiveIndex(folder, WordEmbedder(), Scripted))) as client:
        message = ask(client, QUESTION).choices[0].message
        deltas = [
            chunk.choices[0].delta.content
            for chunk in client.chat.completions.create(model="dragoman", messages=said("?"), stream=True)
        ]
    content = message.content or ""
    assert content == "𝔄𝔟 [1] 👩‍🍳. [1] Second [2]! [3] The end [2]\n\nTwo\nnotices"
    marked = [annotation.url_citation for annotation in message.annotations or []]
    assert [(content[one.start_index - 2 : one.end_index], one.title) for one in marked] == [
        (". [1]", "Title 1"),
        ("! [3]", "Title 3"),
        ("d [2]", "Title 2"),
    ]
    assert "start=3&end=8" in marked[1].url
    assert deltas == ["", "𝔄𝔟 [1] 👩‍🍳. [1]", " Second [2]! [3]", " The end [2]", "\n\nTwo\nnotices", None, None]


def test_a_follow_up_is_understood_by_what_the_user_asked_before(client: openai.OpenAI) -> None:
    alone = ask(client, FOLLOW_UP)
    together = ask(client, QUESTION, FOLLOW_UP)
    assert whole(alone)["follow_up_of"] is None
    assert whole(together)["follow_up_of"] == QUESTION
    text, _, notice = (together.choices[0].message.content or "").partition("\n\n")
    assert text.endswith(" [1]")
    assert notice == whole(together)["notice"] and QUESTION in notice


def test_of_a_long_conversation_the_latest_is_remembered(service: Service, folder: Path) -> None:
    asked: list[Question] = []

    class Listening(AnswerEngine):
        def answer(self, question: Question, listener: Listener | None = None) -> Answer:
            asked.append(question)
            return super().answer(question, listener)

    service.index.close()
    with connected(replace(service, index=LiveIndex(folder, WordEmbedder(), Listening))) as client:
        ask(client, *(f"Question {number}?" for number in range(MOST_HISTORY + 5)), QUESTION)
    assert asked == [Question(QUESTION, None, tuple(f"Question {number}?" for number in range(5, MOST_HISTORY + 5)))]


def test_the_answer_is_in_the_asker_s_language_whatever_the_system_says(client: openai.OpenAI) -> None:
    completion = ask(client, DUTCH)
    assert completion.choices[0].message.content == "Een nieuwe medewerker leert zes weken. [1]"
    assert whole(completion)["language"] == "nl"


def test_an_abstention_says_so_and_cites_nothing(service: Service, folder: Path) -> None:
    index = LiveIndex(folder, WordEmbedder(), lambda retriever: AnswerEngine(retriever, threshold=1.0))
    service.index.close()
    with connected(replace(service, index=index)) as client:
        completion, empty = ask(client, QUESTION), ask(client, " ")
        chunks = list(client.chat.completions.create(model="dragoman", messages=said(QUESTION), stream=True))
    message = completion.choices[0].message
    assert whole(completion)["reason"] == "below_threshold" and whole(completion)["related"]
    assert (message.content, message.annotations) == (whole(completion)["text"], [])
    assert completion.choices[0].finish_reason == "stop"
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", message.content, None]
    assert whole(empty)["reason"] == "empty_question"


@pytest.mark.parametrize("questions", [(QUESTION,), (QUESTION, FOLLOW_UP), (DUTCH,), ("Where is the kiosk?",), ("",)])
def test_a_stream_comes_to_the_same(client: openai.OpenAI, questions: tuple[str, ...]) -> None:
    once = ask(client, *questions)
    chunks = list(
        client.chat.completions.create(
            model="dragoman", messages=said(*questions), stream=True, stream_options={"include_usage": True}
        )
    )
    first, *middle, last, usage = chunks
    assert first.choices[0].delta.role == "assistant"
    assert {(chunk.id, chunk.created, chunk.object) for chunk in chunks} == {
        (first.id, first.created, "chat.completion.chunk")
    }
    deltas = [chunk.choices[0].delta for chunk in middle]
    assert "".join(delta.content or "" for delta in deltas) == once.choices[0].message.content
    annotations = [one for delta in deltas for one in (delta.model_extra or {}).get("annotations", ())]
    assert annotations == [one.model_dump() for one in once.choices[0].message.annotations or ()]
    finished = [chunk.choices[0].finish_reason for chunk in chunks[:-1]]
    assert finished == [None] * (len(chunks) - 2) + ["stop"]
    assert untimed((last.model_extra or {})["dragoman"]) == untimed(whole(once))
    assert usage.choices == [] and usage.usage == once.usage
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_the_client_puts_a_stream_together(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="dragoman", messages=said(QUESTION)) as stream:
        final = stream.get_final_completion()
    once = ask(client, QUESTION)
    assert final.choices[0].message.content == once.choices[0].message.content
    assert final.choices[0].message.annotations == once.choices[0].message.annotations
    assert final.usage is None


def test_a_stream_is_as_the_protocol_has_it(client: openai.OpenAI) -> None:
    body = {"model": "dragoman", "messages": said("Where is the kiosk?"), "stream": True}
    response = httpx.post(address(client, "/v1/chat/completions"), json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert response.text.endswith("\n\ndata: [DONE]\n\n")
    lines = [line for line in response.text.splitlines() if line]  # wherever Unicode has a line's end
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks).startswith(f"{LINES} [1]")
    assert not any("usage" in chunk for chunk in chunks)
    assert all("finish_reason" in chunk["choices"][0] for chunk in chunks)


def test_the_asynchronous_client(service: Service) -> None:
    async def both(base_url: str) -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(base_url=base_url, api_key="any", max_retries=0) as client:
            once = await client.chat.completions.create(model="dragoman", messages=said(QUESTION))
            stream = await client.chat.completions.create(model="dragoman", messages=said(QUESTION), stream=True)
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("gpt-4o")
            return once.choices[0].message.content, "".join(
                [chunk.choices[0].delta.content or "" async for chunk in stream]
            )

    with serving(service) as server:
        assert asyncio.run(both(f"{server}/v1")) == ("A new agent trains for six weeks. [1]",) * 2


def test_the_one_model_can_be_found(client: openai.OpenAI) -> None:
    (model,) = client.models.list()
    assert (model.id, model.object, model.owned_by) == ("dragoman", "model", "dragoman")
    assert 0 <= time.time() - model.created < 60
    assert client.models.retrieve("dragoman") == model


OTHER_MODELS = ["gpt-4o", "Dragoman", "somebody/dragoman", "", "\0", "drag\noman", "dragoman\n", "\x85"]


@pytest.mark.parametrize("name", OTHER_MODELS)
def test_there_is_no_other_model(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model=name, messages=said(QUESTION))
    assert (refused.value.code, refused.value.type) == ("model_not_found", "invalid_request_error")
    assert "the only one is 'dragoman'" in refused.value.message
    if name:
        with pytest.raises(openai.NotFoundError) as refused:
            client.models.retrieve(name)
        assert refused.value.code == "model_not_found"


def test_what_front_ends_send_besides_changes_nothing(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "search", "parameters": {}}}
    more = ask(
        client,
        QUESTION,
        temperature=0.7,
        top_p=1,
        max_tokens=5,
        max_completion_tokens=5,
        tools=[tool],
        tool_choice="required",
        n=1,
        stop=["six"],
        seed=1,
        user="somebody",
        metadata={"chat": "1"},
        logprobs=True,
        reasoning_effort="high",
        response_format={"type": "text"},
        stream=False,
        extra_body={"stream_options": None, "chat_id": 5, "features": {"web": [True]}},
    )
    assert untimed(whole(more)) == untimed(whole(ask(client, QUESTION)))


def test_parts_of_text_and_turns_of_tools_are_read(client: openai.OpenAI) -> None:
    call: Any = {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    completion = client.chat.completions.create(
        model="dragoman",
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": [{"type": "text", "text": "How many weeks"}, {"type": "text", "text": "?"}]},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "nothing"},
        ],
    )
    assert whole(completion)["question"] == "How many weeks\n?"


def test_a_wrong_key_is_refused(service: Service) -> None:
    with connected(replace(service, access=Access(keys=("right",), a_minute=100)), "wrong") as client:
        calls: list[Callable[[], object]] = [
            lambda: ask(client, QUESTION),
            lambda: ask(client, QUESTION, stream=True),
            client.models.list,
            lambda: client.models.retrieve("other"),
        ]
        for call in calls:
            with pytest.raises(openai.AuthenticationError) as refused:
                call()
            assert refused.value.code == "invalid_api_key"
            assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"
        right = client.with_options(api_key="right")
        assert ask(right, QUESTION).choices
        assert [model.id for model in right.models.list()] == ["dragoman"]


def test_too_many_questions_are_told_when_to_come_again(service: Service) -> None:
    with connected(replace(service, access=Access(keys=("right",), a_minute=2)), "right") as client:
        ask(client, QUESTION)
        assert httpx.post(
            address(client, "/v1/ask"), json={"question": QUESTION}, headers={"Authorization": "Bearer right"}
        ).is_success
        with pytest.raises(openai.RateLimitError) as refused:
            ask(client, QUESTION)
        assert list(client.models.list())
    assert (refused.value.code, refused.value.type) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 60


def test_a_full_queue(client: openai.OpenAI, service: Service) -> None:
    service.admission.inside += 1_000
    with pytest.raises(openai.InternalServerError) as full:
        ask(client, QUESTION, stream=True)
    assert (full.value.status_code, full.value.type) == (503, "server_error")
    assert full.value.response.headers["Retry-After"] == "1"


def test_a_late_answer(service: Service) -> None:
    with (
        connected(replace(service, admission=Admission(at_once=1, waiting=1, seconds=0))) as client,
        pytest.raises(openai.InternalServerError) as late,
    ):
        ask(client, QUESTION)
    assert (late.value.status_code, late.value.type) == (504, "server_error")


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
USER = {"role": "user", "content": QUESTION}


@pytest.mark.parametrize(
    ("changed", "param", "message"),
    [
        ({"n": 2}, "n", "less than or equal to 1"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format.type", "'text'"),
        ({"response_format": {"type": "json_object"}}, "response_format.type", "'text'"),
        (
            {"messages": [USER, {"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}]},
            "messages[1].content[1].type",
            "'text'",
        ),
        ({"messages": [{"role": "system", "content": "Hi"}]}, "messages", "One must be the user's"),
        ({"messages": []}, "messages", "at least 1 item"),
        (
            {"messages": [{"role": "user", "content": "?"}] * (MOST_MESSAGES + 1)},
            "messages",
            f"at most {MOST_MESSAGES} items",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}] * 101}]},
            "messages[0].content",
            "at most 100 items",
        ),
        ({"messages": [{"role": "wizard", "content": "Hi"}]}, "messages[0].role", "'system'"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "list"),
        ({"messages": [{"role": "user", "content": "x" * 2_001}]}, None, "at most 2,000 are read"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: openai.OpenAI, changed: dict[str, Any], param: str | None, message: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**({"model": "dragoman", "messages": [USER]} | changed))
    assert (refused.value.param, refused.value.type, refused.value.code) == (param, "invalid_request_error", None)
    assert message in refused.value.message


def test_too_large_a_conversation(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        ask(client, QUESTION, extra_body={"padding": "x" * BODY_BYTES})
    assert refused.value.status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from [b" " * 1_000] * 50

    response = httpx.post(address(client, "/v1/chat/completions"), content=pieces())
    assert response.status_code == 413
    assert response.json()["error"] == {
        "message": f"at most {BODY_BYTES:,} bytes are read",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_bodies_that_are_none(client: openai.OpenAI) -> None:
    bodies = [
        b"",
        b"null",
        b"[]",
        b'"dragoman"',
        b'{"model": "dragoman"',
        b"{}",
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"model": "dragoman", "messages": "hello"}',
        b'{"model": "dragoman", "messages": [null]}',
        b'{"model": null, "messages": [{"role": "user", "content": "hi"}]}',
        b'{"model": "dragoman", "messages": [{"role": "user", "content": "hi"}], "stream": "yes"}',
        b'{"model": "dragoman", "messages": [{"role": "user", "content": "hi"}], "n": true}',
    ]
    for body in bodies:
        response = httpx.post(
            address(client, "/v1/chat/completions"), content=body, headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.headers["content-type"]) == (400, "application/json"), body
        error = response.json()["error"]
        assert set(error) == {"message", "type", "param", "code"} and error["message"], body
        assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script> weeks",
        "weeks\r\n\r\ndata: [DONE]\r\n\r\n",
        "\0\u2028\u202e weeks \x1b[31m",
        "'; DROP TABLE documents; --",
        "{{7*7}} ${HOME} %s",
        "💥" * 1_000,
    ],
)
def test_hostile_questions_are_questions(client: openai.OpenAI, hostile: str) -> None:
    once = ask(client, hostile, hostile)
    chunks = client.chat.completions.create(model="dragoman", messages=said(hostile, hostile), stream=True)
    assert once.choices[0].message.content
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == once.choices[0].message.content


def test_half_a_character_is_no_reason_to_fail(client: openai.OpenAI) -> None:
    half = b'{"model": "dragoman", "messages": [{"role": "user", "content": "\\ud800 weeks"}], "stream": %s}'
    for stream in (b"true", b"false"):
        response = httpx.post(
            address(client, "/v1/chat/completions"),
            content=half % stream,
            headers={"Content-Type": "application/json", "Host": "[::x"},
        )
        assert response.status_code == 200
