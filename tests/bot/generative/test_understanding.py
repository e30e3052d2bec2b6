"""Questions as a model understands them: follow-ups, and languages that no document is in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.engine import AnswerEngine
from bot.generative import ModelWriter
from bot.messages import message
from bot.types import Answer, Question
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder
from tests.model_server import ModelServer, Reply, Request, sentences

Writers: TypeAlias = Callable[..., ModelWriter]

FIRST = "How long is the training for new agents?"
FOLLOW_UP = "And who answers questions about it?"
ALONE = "Who answers questions about the training for new agents?"


@pytest.fixture
def store(samples_index: Path) -> Iterator[Store]:
    with Store.open_to_read(samples_index) as opened:
        yield opened


@pytest.fixture
def retriever(store: Store, bundled_embedder: Embedder) -> Retriever:
    return Retriever(store, bundled_embedder)


def understood(question: str, translation: str = "") -> Reply:
    return Reply(json.dumps({"question": question, "translation": translation}, ensure_ascii=False))


def asks_for_prose(request: Request) -> bool:
    return "numbered sentences" in request.system


def answered(retriever: Retriever, writer: ModelWriter, question: Question) -> Answer:
    return AnswerEngine(retriever, writer=writer).answer(question)


def test_a_follow_up_is_asked_as_the_model_puts_it(retriever: Retriever, writer: Writers) -> None:
    with ModelServer([understood(ALONE), sentences()]) as server:
        found = answered(retriever, writer(server), Question(FOLLOW_UP, history=(FIRST,)))
        asked, prose = server.requests
    assert "Ines Verbeke" in found.text
    assert (found.understood_as, found.follow_up_of) == (ALONE, FIRST)
    assert found.notice == message("understood_as", "en", question=ALONE)
    assert FIRST in asked.user and FOLLOW_UP in asked.user and not asks_for_prose(asked)
    assert ALONE in prose.user and asks_for_prose(prose)
    assert found.model_use and found.model_use.calls == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply("I will not."),
        understood(""),
        understood("x " * 1_500),
        understood("Qui répond aux questions sur la formation des nouveaux agents ?"),
    ],
)
def test_what_cannot_be_used_as_a_question_is_not(retriever: Retriever, writer: Writers, reply: Reply) -> None:
    """Least of all one in another language: the answer would be in that. The follow-up is understood without."""
    quoted = AnswerEngine(retriever).answer(Question(FOLLOW_UP, history=(FIRST,)))
    with ModelServer([reply, sentences()]) as server:
        found = answered(retriever, writer(server), Question(FOLLOW_UP, history=(FIRST,)))
    assert found.understood_as is None
    assert (found.language, found.text, found.notice) == ("en", quoted.text, quoted.notice)


def test_a_question_that_stands_alone_costs_no_call(retriever: Retriever, writer: Writers) -> None:
    with ModelServer([sentences()]) as server:
        answered(retriever, writer(server), Question(FIRST, history=("What do agents earn?",)))
        assert [asks_for_prose(request) for request in server.requests] == [True]


def test_rewriting_can_be_switched_off(retriever: Retriever, writer: Writers) -> None:
    with ModelServer([sentences()]) as server:
        answered(retriever, writer(server, rewrite=False), Question(FOLLOW_UP, history=(FIRST,)))
        assert [asks_for_prose(request) for request in server.requests] == [True]


def test_a_question_in_a_language_of_no_document_is_searched_for_in_one_that_they_have(
    retriever: Retriever, writer: Writers
) -> None:
    question = "Сколько длится обучение новых агентов?"
    with ModelServer([understood(question, FIRST), sentences()]) as server:
        into = next(iter(retriever.languages))
        found = answered(retriever, writer(server), Question(question))
        asked = server.requests[0]
    assert into in asked.system
    assert found.language == "ru"
    assert found.notice and message("other_language", "ru", language="").split(";")[0].split(".")[0] in found.notice


def test_the_documents_do_not_say_and_the_model_is_not_asked(retriever: Retriever, writer: Writers) -> None:
    with ModelServer([]) as server:
        found = answered(retriever, writer(server), Question("What is the boiling point of tungsten on Mars?"))
        assert server.requests == []
    assert (found.status, found.composer, found.fallback) == ("abstained", "extractive", None)
    assert found.model_use and found.model_use.calls == 0


def test_the_passages_around_what_was_found_are_given_in_the_askers_version(
    retriever: Retriever, writer: Writers
) -> None:
    question = "Hoe lang duurt de opleiding voor nieuwe medewerkers?"
    with ModelServer([sentences()]) as server:
        found = answered(retriever, writer(server), Question(question))
        (asked,) = server.requests
    lines = asked.user.splitlines()
    given = json.loads("\n".join(lines[1:-1]))["sentences"]
    assert {one["language"] for one in given} == {"nl"}
    assert given[0]["number"] == 1
    assert found.citations[0].quote in [one["text"] for one in given]
    assert len(given) > 4
