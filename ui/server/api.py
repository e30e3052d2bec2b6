"""The HTTP API under /v1: what the command does, for programs. The answer has the shape of `dragoman ask --json`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from itertools import groupby, islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from bot.feedback import COMMENT_LIMIT, Feedback
from bot.question import QUESTION_LIMIT
from bot.types import Answer, Citation, Question, Said
from index.types import Version
from ui.server.events import EVENT_STREAM, EventStream, begun, event, while_here
from ui.server.problems import PROBLEM, Problem, ProblemError, problem_of
from ui.server.service import MOST_HISTORY, Service

__all__ = ["api"]

EXAMPLE = "Hoe lang duurt de opleiding voor nieuwe medewerkers?"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Text = Annotated[str, Field(max_length=QUESTION_LIMIT)]
Language = Annotated[
    str | None, Field(max_length=20, description="The asker's language (nl, pt-BR, ...). Default: the question's.")
]
History = Annotated[
    list[Text],
    Field(max_length=MOST_HISTORY, description="What was asked before in this conversation, oldest first."),
]


class Ask(_Body):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": EXAMPLE}, {"question": "And who pays for it?", "history": [EXAMPLE]}]
        }
    )

    question: Text
    language: Language = None
    history: History = Field(default_factory=list)


class Search(_Body):
    """A search."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": EXAMPLE, "limit": 3}]})

    question: Text
    language: Language = None
    history: History = Field(default_factory=list)
    limit: int = Field(10, ge=1, le=50, description="Articles at most.")


class Rating(_Body):
    """What an asker thought of an answer. `answer` is the X-Request-ID of the response that it came in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"answer": "3f1c9a52e4b84d7ab0c8d1f6a3b2c4d5", "helpful": False, "comment": "It is five weeks."}
            ]
        }
    )

    answer: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$")
    helpful: bool
    comment: str = Field("", max_length=COMMENT_LIMIT)
    question: Text = ""
    language: str = Field("", max_length=20)
    documents: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=50)


class Found(BaseModel):
    """Of each of the nearest articles, the passage that comes nearest, best first."""

    passages: list[Citation]


class VersionShape(BaseModel):
    """A document that is a version of an article."""

    document: str
    language: str
    title: str
    source_uri: str
    found_by: str
    score: float | None


class ArticleShape(BaseModel):
    """An article and its versions, by language."""

    article: str
    versions: list[VersionShape]


class Articles(BaseModel):
    """A page of the list of articles, by id; `next` is where the next page begins, null at the end."""

    articles: list[ArticleShape]
    next: int | None


class DocumentShape(BaseModel):
    """A document whole. Offsets in citations count the code points of `text`."""

    document: str
    title: str
    language: str
    source_uri: str
    text: str
    article: str
    versions: list[VersionShape]


def _problems(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Responses for the description of the API: they are not of its usual content type."""
    content = {PROBLEM: {"schema": Problem.model_json_schema()}}
    return {status: {"description": what, "content": content} for status, what in described.items()}


_PROBLEMS = _problems(
    {
        400: "The request cannot be read",
        401: "An API key is needed",
        413: "The request is too large",
        422: "The request cannot be used",
        429: "Too many questions from this client",
        503: "Too many questions at once",
        504: "It took too long",
    }
)


def api(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", responses=_PROBLEMS)

    @routes.post(
        "/ask",
        dependencies=[Depends(service.access.check_asker)],
        response_model=Answer,
        tags=["questions"],
        responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
    )
    async def ask(body: Ask, request: Request) -> Answer | Response:
        """Answer a question, in the asker's language, with the passage that it stands on; or abstain.

        With `Accept: text/event-stream`, as server-sent events: where a language model writes, a `sentence` each, as it
        comes (`text`, `markers`, and the `citations` that are new with it); then `answer`, whose data is the answer,
        which counts whatever came before it; and `done`. An `error`, whose data is a problem, ends it early.
        """
        question = Question(body.question, body.language, tuple(body.history))
        if EVENT_STREAM in request.headers.get("accept", ""):
            return EventStream(_events(request, await begun(request, service.stream(question))))
        return await while_here(request, service.ask(question))

    @routes.post("/search", dependencies=[Depends(service.access.check_asker)], tags=["questions"])
    async def search(body: Search) -> Found:
        """The passages nearest to a question, one of each article, whether they answer it or not."""
        question = Question(body.question, body.language, tuple(body.history))
        return Found(passages=list(await service.passages(question, body.limit)))

    @routes.get("/articles", dependencies=[Depends(service.access.check_program)], tags=["documents"])
    def articles(
        start: Annotated[int, Query(ge=0, le=10**9)] = 0, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
    ) -> Articles:
        """The articles of the index, each with its versions."""
        with service.index.opened() as state, state.store.snapshot():
            grouped = groupby(state.store.articles.versions(), key=lambda version: version.article)
            found = [(article, list(versions)) for article, versions in islice(grouped, start, start + limit + 1)]
        return Articles(
            articles=[
                ArticleShape(article=article, versions=[_version(version) for version in versions])
                for article, versions in found[:limit]
            ],
            next=start + limit if len(found) > limit else None,
        )

    @routes.get(
        "/documents/{document}",
        dependencies=[Depends(service.access.check_program)],
        tags=["documents"],
        responses=_problems({404: "No such document"}),
    )
    def document(document: str) -> DocumentShape:
        """A document, with the versions of its article."""
        with service.index.opened() as state, state.store.snapshot():
            held = state.store.document(document)
            if held is None:
                raise ProblemError(404, "there is no such document")
            article = state.store.articles.of_documents([document])[document]
            versions = list(state.store.articles.versions([article]))
        return DocumentShape(
            document=held.id,
            title=held.title,
            language=held.language,
            source_uri=held.source_uri,
            text=held.text,
            article=article,
            versions=[_version(version) for version in versions],
        )

    @routes.post("/feedback", dependencies=[Depends(service.access.check_asker)], status_code=204, tags=["feedback"])
    def feedback(body: Rating) -> None:
        """Say whether an answer helped. Sent again for the same answer, it takes the place of what was said before."""
        service.feedback.put(Feedback(**body.model_dump()))
        service.metrics.rated(helpful=body.helpful)

    return routes


async def _events(request: Request, heard: AsyncGenerator[Said | Answer, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(heard):
        try:
            async for one in heard:
                yield event(_sentence(one), "sentence") if isinstance(one, Said) else event(asdict(one), "answer")
            yield format_sse_event(event="done", data_str="")
        except Exception as error:  # noqa: BLE001 - the status is sent: whatever it is, it is told as an event
            yield event(json.loads(bytes((await problem_of(request, error)).body)), "error")


def _sentence(said: Said) -> dict[str, object]:
    return asdict(said.piece) | {"citations": [asdict(citation) for citation in said.citations]}


def _version(version: Version) -> VersionShape:
    return VersionShape(
        document=version.document,
        language=version.language,
        title=version.title,
        source_uri=version.source_uri,
        found_by=version.found_by,
        score=version.score,
    )
