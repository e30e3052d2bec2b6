"""The bot in a workspace, over either transport, speaking for the samples or for a parrot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from fastapi import FastAPI

from bot.engine import AnswerEngine
from bot.feedback import FeedbackStore
from bot.slack.answering import Knowledge
from bot.slack.running import Secrets, SlackBot
from bot.types import Answer, Question, Said
from index.language import question_language
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder
from tests.bot.slack.workspace import Workspace, served_in_loop
from ui.slack import slack_events

Transport: TypeAlias = Literal["http", "socket"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Documents:
    """The samples. An answer waits for `gate`, which a test may close."""

    engine: AnswerEngine
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        await self.gate.wait()
        return await asyncio.to_thread(self.engine.answer, question)

    def language(self, text: str) -> str:
        return question_language(text, {})

    def suggestions(self, most: int) -> Sequence[str]:
        return ["How are new agents trained?", "Shifts & breaks"][:most]


@pytest.fixture
def documents(samples_index: Path, bundled_embedder: Embedder) -> Iterator[Documents]:
    with Store.open_to_read(samples_index) as store:
        yield Documents(AnswerEngine(Retriever(store, bundled_embedder)))


@dataclass
class Desk:
    """Where a bot keeps things."""

    folder: Path
    feedback: FeedbackStore

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox.sqlite3"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    feedback = FeedbackStore(tmp_path / "feedback.sqlite3")
    yield Desk(tmp_path, feedback)
    feedback.close()


@asynccontextmanager
async def bot_in(
    workspace: Workspace, knowledge: Knowledge, desk: Desk, transport: Transport = "http", **options: Any
) -> AsyncIterator[SlackBot]:
    """A bot that runs and hears."""
    secrets = Secrets(workspace.bot_token, workspace.app_token, workspace.signing_secret)
    options = {"base_url": workspace.api_url} | options
    bot = SlackBot(secrets, knowledge, desk.feedback, desk.inbox, **options)
    async with bot.running():
        if transport == "socket":
            ended = asyncio.Event()
            listening = asyncio.create_task(bot.listen(ended))
            await workspace.until(lambda: workspace.connections == 1)
            try:
                yield bot
            finally:
                ended.set()
                await listening
        else:
            app = FastAPI()
            app.include_router(slack_events(bot))
            async with served_in_loop(app) as address:
                workspace.events_url = f"{address}/slack/events"
                yield bot
                workspace.events_url = None
