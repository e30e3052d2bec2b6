"""The handlers without a browser: what a browser may send, and a service that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from starlette.requests import Request

from bot.feedback import Feedback, FeedbackStore
from tests.ui.chat_page.test_cards import ANSWER
from ui.chat_page.conversation import Conversation, Turn
from ui.chat_page.handlers import Handlers, Parts
from ui.chat_page.words import words_in
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics
from ui.server.service import Service

PARTS = Parts(*cast(Any, ("heading", "said", "problem", "box", "ask", "stop", "new")))
SPANISH = words_in("es")


class BrokenIndex:
    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds

    @contextmanager
    def opened(self) -> Iterator[None]:
        time.sleep(self._seconds)
        raise RuntimeError("the disk is gone")
        yield


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(
        index=cast(LiveIndex, BrokenIndex()),
        admission=Admission(at_once=1, waiting=1, seconds=5),
        access=Access(keys=(), a_minute=2),
        metrics=Metrics(),
        feedback=FeedbackStore(tmp_path / "feedback.sqlite3"),
    )


@pytest.fixture
def handlers(service: Service) -> Handlers:
    return Handlers(service, PARTS)


def request() -> gr.Request:
    headers = [(b"accept-language", b"es-MX, en;q=0.5")]
    return gr.Request(Request({"type": "http", "headers": headers, "client": ("192.0.2.1", 1)}))


def event(data: dict[str, Any]) -> gr.EventData:
    return gr.EventData(None, data)


def all_of(updates: AsyncIterator[dict[Any, Any]]) -> list[dict[Any, Any]]:
    async def gathered() -> list[dict[Any, Any]]:
        return [one async for one in updates]

    return asyncio.run(gathered())


def test_a_thumb_is_counted_and_the_comment_after_it_is_not(handlers: Handlers, service: Service) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)])
    handlers.rated(had, event({"answer": "a1", "helpful": True}), request())
    handlers.rated(had, event({"answer": "a1", "comment": "x" * 5_000}), request())
    assert list(service.feedback.all()) == [
        Feedback("a1", True, "x" * 4_000, ANSWER.question, "en", (ANSWER.citations[0].document,))
    ]
    assert 'dragoman_feedback_total{helpful="yes"} 1.0' in service.metrics.text().decode()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"answer": "another", "helpful": True},
        {"answer": ["a1"], "helpful": True},
        {"answer": "a1"},
        {"answer": "a1", "helpful": "yes"},
        {"answer": "a1", "comment": "before any thumb"},
    ],
)
def test_what_is_no_rating_of_an_answer_of_this_conversation_is_not_kept(
    handlers: Handlers, service: Service, sent: dict[str, Any]
) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)])
    handlers.rated(had, event(sent), request())
    assert list(service.feedback.all()) == []
    assert had.turns == [Turn("a1", "How?", ANSWER)]


@pytest.mark.parametrize("number", [-1, 5, "0", None, 1.5, [0]])
def test_only_the_examples_can_be_asked_by_number(handlers: Handlers, number: object) -> None:
    had = Conversation()
    assert [list(updates) for updates in all_of(handlers.example(had, event({"number": number}), request()))] == [
        ["problem"]
    ]


def test_a_failure_is_told_in_the_page_s_language_and_the_question_stays(
    handlers: Handlers, caplog: pytest.LogCaptureFixture
) -> None:
    had = Conversation()
    searching, failed = all_of(handlers.typed(" ¿Cuánto dura? ", had, request()))
    assert searching["box"] == "" and SPANISH.searching in searching["said"]
    assert failed["box"] == " ¿Cuánto dura? " and SPANISH.failed in failed["problem"]
    assert had == Conversation()
    assert "the disk is gone" in caplog.text


def test_a_question_that_takes_too_long_is_given_up(service: Service) -> None:
    slow = replace(service, index=cast(LiveIndex, BrokenIndex(0.3)), admission=Admission(1, 1, seconds=0.02))
    updates = all_of(Handlers(slow, PARTS).typed("¿Cuánto?", Conversation(), request()))[-1]
    assert SPANISH.late in updates["problem"] and updates["box"] == "¿Cuánto?"


def test_whoever_asks_too_often_is_told(handlers: Handlers) -> None:
    had = Conversation()
    troubles = [all_of(handlers.typed("¿Cuánto?", had, request()))[-1]["problem"] for _ in range(3)]
    assert [SPANISH.too_many in trouble for trouble in troubles] == [False, False, True]


def test_an_answer_that_comes_after_its_question_was_stopped_is_not_shown(handlers: Handlers) -> None:
    had = Conversation()

    async def stopped_at_once() -> list[dict[Any, Any]]:
        seen = []
        async for updates in handlers.typed("¿Cuánto?", had, request()):
            seen.append(updates)
            seen.append(await handlers.stopped(had, request()))
        return seen

    searching, stopped = asyncio.run(stopped_at_once())
    assert SPANISH.searching in searching["said"]
    assert stopped["box"] == "¿Cuánto?" and SPANISH.searching not in stopped["said"]


def test_stopping_ends_the_wait(service: Service) -> None:
    slow = Handlers(replace(service, index=cast(LiveIndex, BrokenIndex(0.5))), PARTS)
    had = Conversation()

    async def stopped_soon() -> tuple[list[dict[Any, Any]], dict[Any, Any], float]:
        seen: list[dict[Any, Any]] = []

        async def watch() -> None:
            seen.extend([updates async for updates in slow.typed("¿Cuánto?", had, request())])

        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.05)
        began = time.monotonic()
        stopped = await slow.stopped(had, request())
        await watching
        return seen, stopped, time.monotonic() - began

    seen, stopped, seconds = asyncio.run(stopped_soon())
    assert len(seen) == 1 and stopped["box"] == "¿Cuánto?"
    assert seconds < 0.3 and had == Conversation()


def test_while_a_question_is_answered_no_other_is_taken(handlers: Handlers) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)], asking=Turn("a2", "Why?"))
    for updates in (
        handlers.typed("Who?", had, request()),
        handlers.example(had, event({"number": 0}), request()),
        handlers.again(had, request()),
    ):
        assert [list(one) for one in all_of(updates)] == [["problem"]]
    assert [turn.id for turn in had.shown()] == ["a1", "a2"]


def test_a_new_conversation_is_empty(handlers: Handlers) -> None:
    had = Conversation([Turn("a1", "How?", replace(ANSWER, language="nl"))], asking=Turn("a2", "Why?"))
    updates = asyncio.run(handlers.begun_anew(had, request()))
    assert had == Conversation()
    assert SPANISH.examples in updates["said"]
