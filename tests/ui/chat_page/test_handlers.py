"""The handlers without a browser: what a browser may send, and a service that fails."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from starlette.requests import Request

from bot.feedback import Feedback, FeedbackStore
from bot.types import Answer, Listener, Piece, Question, Said, Stopped
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
SAID = Said(Piece("Seis semanas.", (1,)), ANSWER.citations)
SAID_NEXT = Said(Piece(" Todo se paga.", (1,)), ())


class BrokenIndex:
    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds

    @contextmanager
    def opened(self) -> Iterator[None]:
        time.sleep(self._seconds)
        raise RuntimeError("the disk is gone")
        yield


class Telling:
    """An index and its engine: says a sentence whenever it is let, and then that the quote is the answer."""

    def __init__(self) -> None:
        self.engine = self.retriever = self
        self.languages = {"es": 1}
        self.more: queue.Queue[Said | None] = queue.Queue()
        self.listener = Listener()

    @contextmanager
    def opened(self) -> Iterator[Telling]:
        yield self

    def answer(self, question: Question, listener: Listener) -> Answer:
        self.listener = listener
        while not listener.gone:
            with suppress(queue.Empty):
                if (said := self.more.get(timeout=0.01)) is None:
                    return ANSWER
                listener.said(said)
        raise Stopped


@pytest.fixture
def telling() -> Telling:
    return Telling()


@pytest.fixture
def writing(service: Service, telling: Telling) -> Handlers:
    return Handlers(replace(service, index=cast(LiveIndex, telling)), PARTS)


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


def request(session: str = "mine") -> gr.Request:
    headers = [(b"accept-language", b"es-MX, en;q=0.5")]
    return gr.Request(Request({"type": "http", "headers": headers, "client": ("192.0.2.1", 1)}), session_hash=session)


def event(data: dict[str, Any]) -> gr.EventData:
    return gr.EventData(None, data)


async def watched(updates: AsyncIterator[dict[Any, Any]]) -> list[dict[Any, Any]]:
    return [one async for one in updates]


def all_of(updates: AsyncIterator[dict[Any, Any]]) -> list[dict[Any, Any]]:
    return asyncio.run(watched(updates))


def test_a_thumb_is_counted_and_the_comment_after_it_is_not(handlers: Handlers, service: Service) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)])
    asyncio.run(handlers.rated(had, event({"answer": "a1", "helpful": True}), request()))
    asyncio.run(handlers.rated(had, event({"answer": "a1", "comment": "x" * 5_000}), request()))
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
    asyncio.run(handlers.rated(had, event(sent), request()))
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


def test_a_question_that_is_stopped_at_once_is_back_in_the_box(handlers: Handlers) -> None:
    had = Conversation()

    async def stopped_at_once() -> list[dict[Any, Any]]:
        seen = []
        async for updates in handlers.typed("¿Cuánto?", had, request()):
            seen.append(updates)
            await handlers.stopped(had)
        return seen

    searching, stopped = asyncio.run(stopped_at_once())
    assert SPANISH.searching in searching["said"]
    assert stopped["box"] == "¿Cuánto?" and SPANISH.searching not in stopped["said"]


def test_stopping_ends_the_wait(service: Service) -> None:
    slow = Handlers(replace(service, index=cast(LiveIndex, BrokenIndex(0.5))), PARTS)
    had = Conversation()

    async def stopped_soon() -> tuple[list[dict[Any, Any]], float]:
        watching = asyncio.create_task(watched(slow.typed("¿Cuánto?", had, request())))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        assert list(await slow.stopped(had)) == ["problem"]
        return await watching, time.monotonic() - began

    seen, seconds = asyncio.run(stopped_soon())
    assert len(seen) == 2 and seen[-1]["box"] == "¿Cuánto?"
    assert seconds < 0.3 and had == Conversation() and not had.busy


def test_a_question_whose_tab_is_closed_is_given_up(service: Service) -> None:
    slow = Handlers(replace(service, index=cast(LiveIndex, BrokenIndex(0.5))), PARTS)
    had = Conversation()

    async def closed_soon() -> tuple[asyncio.Task[Answer] | None, float]:
        watching = asyncio.create_task(watched(slow.typed("¿Cuánto?", had, request())))
        await asyncio.sleep(0.05)
        began, work = time.monotonic(), had.work
        await slow.left(request("another's"))
        assert had.asking is not None
        await slow.left(request())
        await watching
        return work, time.monotonic() - began

    work, seconds = asyncio.run(closed_soon())
    assert work is not None and work.cancelled() and seconds < 0.3


def test_while_a_question_is_answered_no_other_is_taken(handlers: Handlers) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)], asking=Turn("a2", "Why?"), changed=asyncio.Event())
    for updates in (
        handlers.typed("Who?", had, request()),
        handlers.example(had, event({"number": 0}), request()),
        handlers.again(had, request()),
    ):
        assert [list(one) for one in all_of(updates)] == [["problem"]]
    assert [turn.id for turn in had.shown()] == ["a1", "a2"]


def test_each_sentence_is_shown_as_it_comes_and_then_the_answer(writing: Handlers, telling: Telling) -> None:
    had = Conversation()

    async def asked() -> list[str]:
        seen: list[str] = []
        to_come: list[Said | None] = [SAID, SAID_NEXT, None]
        async for updates in writing.typed("¿Cuánto dura?", had, request()):
            seen.append(updates["said"])
            if to_come:
                telling.more.put(to_come.pop(0))
        return seen

    searching, first, second, answer = asyncio.run(asked())
    assert SPANISH.searching in searching
    assert "Seis semanas." in first and "Todo se paga." not in first
    assert "Seis semanas." in second and "Todo se paga." in second
    assert 'lang="es" dir="ltr">Seis semanas.' in first and SPANISH.writing in first
    assert ANSWER.text in answer and "Seis semanas." not in answer and SPANISH.writing not in answer
    assert [turn.answer for turn in had.turns] == [ANSWER] and not had.busy


def test_what_is_said_after_a_question_was_stopped_is_not_shown(writing: Handlers, telling: Telling) -> None:
    had = Conversation()

    async def stopped_while_written() -> list[dict[Any, Any]]:
        seen = []
        async for updates in writing.typed("¿Cuánto dura?", had, request()):
            seen.append(updates)
            if len(seen) == 1:
                telling.more.put(SAID)
            if len(seen) == 2:
                await writing.stopped(had)
                telling.listener.said(SAID_NEXT)
        await asyncio.sleep(0.05)
        return seen

    _, written, stopped = asyncio.run(stopped_while_written())
    assert "Seis semanas." in written["said"]
    assert "Seis semanas." not in stopped["said"] and "Todo se paga." not in stopped["said"]
    assert stopped["box"] == "¿Cuánto dura?" and had == Conversation() and telling.listener.gone


def test_a_page_that_nobody_draws_any_more_ends_the_work(writing: Handlers, telling: Telling) -> None:
    async def closed() -> bool:
        pages = writing.typed("¿Cuánto dura?", Conversation(), request())
        telling.more.put(SAID)
        assert "Seis semanas." in [await anext(pages), await anext(pages)][-1]["said"]
        await cast(AsyncGenerator[Any, None], pages).aclose()
        await asyncio.sleep(0.05)
        return telling.listener.gone

    assert asyncio.run(closed())


def test_a_thumb_while_the_next_answer_is_written_is_drawn_with_it(writing: Handlers, telling: Telling) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)])

    async def rated() -> tuple[dict[Any, Any], str]:
        pages = writing.typed("¿Cuánto dura?", had, request())
        await anext(pages)
        drawn = await writing.rated(had, event({"answer": "a1", "helpful": True}), request())
        page = await anext(pages)
        await cast(AsyncGenerator[Any, None], pages).aclose()
        return drawn, page["said"]

    drawn, page = asyncio.run(rated())
    assert list(drawn) == ["problem"]
    assert SPANISH.thanks in page and SPANISH.searching in page


def test_a_new_conversation_while_an_answer_is_written_takes_the_draft_away(
    writing: Handlers, telling: Telling
) -> None:
    had = Conversation([Turn("a1", "How?", ANSWER)])

    async def begun_anew() -> list[dict[Any, Any]]:
        seen = []
        async for updates in writing.typed("¿Cuánto dura?", had, request()):
            seen.append(updates)
            if len(seen) == 1:
                telling.more.put(SAID)
            if len(seen) == 2:
                assert list(await writing.begun_anew(had, request())) == ["problem", "box"]
        return seen

    last = asyncio.run(begun_anew())[-1]
    assert SPANISH.examples in last["said"] and last["box"] == "" and telling.listener.gone


def test_a_new_conversation_is_empty(handlers: Handlers) -> None:
    had = Conversation([Turn("a1", "How?", replace(ANSWER, language="nl"))], asking=Turn("a2", "Why?"))
    updates = asyncio.run(handlers.begun_anew(had, request()))
    assert had == Conversation()
    assert SPANISH.examples in updates["said"]
