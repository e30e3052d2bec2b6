"""What the service makes of a model's sentences, for whoever waits for them, and for whoever does not any more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.engine import AnswerEngine
from bot.types import Answer, Listener, Piece, Question, Said, Stopped
from index.errors import QuestionError
from tests.model_server import ModelServer, Reply, Script
from tests.toy import WordEmbedder
from tests.ui.server.conftest import ENGLISH
from tests.ui.server.serving import scripted, verbatim
from ui.server.admission import Late, Overloaded
from ui.server.live_index import LiveIndex
from ui.server.service import Service

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("warm")]

QUESTION = Question("How many weeks does a new agent train?")
ENDLESS = "The weeks are long. " * 500
SOON = 5.0
"""Seconds; what is waited for comes in a small part of them."""

Asked: TypeAlias = AbstractAsyncContextManager[tuple[Service, ModelServer]]
Ask: TypeAlias = Callable[..., Asked]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def asking(folder: Path) -> Ask:
    @asynccontextmanager
    async def asking(script: Script, **settings: Any) -> AsyncIterator[tuple[Service, ModelServer]]:
        with scripted(folder, script, **settings) as (service, server):
            try:
                yield service, server
            finally:
                await asyncio.to_thread(service.close)

    return asking


async def abandoned(server: ModelServer) -> bool:
    return await asyncio.to_thread(server.abandoned.wait, SOON)


async def test_each_sentence_is_heard_once_in_order_in_the_loop_before_the_answer_is_there(asking: Ask) -> None:
    heard: list[tuple[Said, int]] = []
    async with asking(verbatim(1, 2)) as (service, _):
        answer = await service.ask(QUESTION, lambda said: heard.append((said, threading.get_ident())))
        before = len(heard)
        await asyncio.sleep(0.1)
    assert len(heard) == before == 2
    assert tuple(said.piece for said, _ in heard) == answer.pieces
    assert tuple(citation for said, _ in heard for citation in said.citations) == answer.citations
    assert {thread for _, thread in heard} == {threading.get_ident()}
    assert answer.text == " ".join(ENGLISH)


async def test_a_sentence_is_heard_while_the_next_is_written(asking: Ask) -> None:
    async with asking(verbatim(1, 2, pause=0.02)) as (service, server):
        finished = [(type(one), server.finished) async for one in service.stream(QUESTION)]
    assert finished[0] == (Said, 0)
    assert [kind for kind, _ in finished] == [Said, Said, Answer]


async def test_who_cancels_hears_no_more_and_the_model_is_left(asking: Ask) -> None:
    heard: list[Said] = []
    first = asyncio.Event()

    def hear(said: Said) -> None:
        heard.append(said)
        first.set()

    async with asking(verbatim(1, then=ENDLESS, pause=0.02)) as (service, server):
        task = asyncio.create_task(service.ask(QUESTION, hear))
        await asyncio.wait_for(first.wait(), SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await abandoned(server)
        assert 'dragoman_questions_total{language="en",status="stopped"} 1.0' in service.metrics.text().decode()
    assert len(heard) == 1
    assert server.finished == 0


async def test_nothing_is_heard_once_the_asker_has_left(service: Service, folder: Path) -> None:
    """Though the thread goes on saying what it has."""
    begin, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    heard: list[Said] = []

    class Talking(AnswerEngine):
        def answer(self, question: Question, listener: Listener | None = None) -> Answer:
            assert listener
            listener.said(Said(Piece("before"), ()))
            begin.set()
            go_on.wait(SOON)
            listener.said(Said(Piece("after"), ()))
            ended.set()
            raise Stopped

    index = LiveIndex(folder, WordEmbedder(), Talking)
    with closing(index):
        task = asyncio.create_task(replace(service, index=index).ask(QUESTION, heard.append))
        await asyncio.to_thread(begin.wait, SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await asyncio.to_thread(ended.wait, SOON)
        await asyncio.sleep(0.05)
    assert [said.piece.text for said in heard] == ["before"]


async def test_closing_a_stream_leaves_the_model(asking: Ask) -> None:
    async with asking(verbatim(1, then=ENDLESS, pause=0.02)) as (service, server):
        async with aclosing(service.stream(QUESTION)) as stream:
            async for one in stream:
                assert isinstance(one, Said)
                break
        assert await abandoned(server)
        assert service.admission.inside == 0


async def test_a_question_that_is_late_leaves_the_model(asking: Ask) -> None:
    async with asking(verbatim(1, first_after=SOON), patience=1.5) as (service, server):
        with pytest.raises(Late):
            await service.ask(QUESTION)
        assert await abandoned(server)


async def test_a_model_that_is_late_is_done_without(asking: Ask) -> None:
    async with asking(verbatim(1, first_after=2 * SOON), seconds=1.5) as (service, server):
        started = time.monotonic()
        answer = await service.ask(QUESTION)
        assert time.monotonic() - started < SOON
        assert await abandoned(server)
    assert (answer.composer, answer.fallback, answer.text) == ("extractive", "late", ENGLISH[0])


async def test_a_model_that_breaks_off_is_done_without_though_it_said_something(asking: Ask) -> None:
    async with asking(verbatim(2, then=ENDLESS, cut_after=20)) as (service, _):
        said, answer = [one async for one in service.stream(QUESTION)]
    assert isinstance(said, Said) and said.piece.text == ENGLISH[1]
    assert isinstance(answer, Answer)
    assert (answer.composer, answer.fallback, answer.text) == ("extractive", "failed", ENGLISH[0])


async def test_a_stream_fails_as_a_question_does(asking: Ask) -> None:
    async with asking([Reply()]) as (service, server):
        for question, error in ((Question("x" * 2_001), QuestionError), (QUESTION, Overloaded)):
            with pytest.raises(error):
                await anext(service.stream(question))
            service.admission.inside += 1_000
        assert server.requests == []
