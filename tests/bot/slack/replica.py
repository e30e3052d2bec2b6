"""One process of a bot, to be killed: `python -m tests.bot.slack.replica API_URL INBOX ANSWER_SECONDS [whole|prose]`.

It serves Slack's events over HTTP on a free port, which it prints, and answers every question with the question: in one
piece, or sentence by sentence.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from bot.feedback import FeedbackStore
from bot.slack.running import Secrets, SlackBot
from bot.types import Answer, Piece, Question, Said, Timings
from tests.bot.slack.workspace.records import BOT_TOKEN, SIGNING_SECRET
from ui.slack import slack_events

LEASE = 1.5
"""Seconds, so that a test need not wait long for what a killed process held."""


END = "That is all."
"""The last sentence of prose."""


def answer_of(question: Question, *pieces: Piece) -> Answer:
    text = "".join(piece.text for piece in pieces)
    return Answer(question.text, "en", "answered", text, 1.0, None, (), Timings(0, 0, 0, 0), pieces=pieces)


class Parrot:
    """Answers with the question and those before it; as prose, it says so sentence by sentence, and that it ends."""

    def __init__(self, seconds: float = 0.0, *, prose: bool = False) -> None:
        self._seconds = seconds
        self._prose = prose
        self.asked: list[Question] = []

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        self.asked.append(question)
        texts = [" < ".join([question.text, *reversed(question.history)])]
        texts += [" < ", END] if self._prose else []
        pieces = [Piece(text) for text in texts]
        for piece in pieces:
            if self._prose and hear:
                hear(Said(piece, ()))
            await asyncio.sleep(self._seconds / len(pieces))
        return answer_of(question, *pieces)

    def language(self, text: str) -> str:
        return "en"

    def suggestions(self, most: int) -> Sequence[str]:
        return ["How long is the training?"][:most]


def main() -> None:
    api_url, inbox, seconds, *kind = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:]
    feedback = FeedbackStore(inbox.with_name("feedback.sqlite3"))
    bot = SlackBot(
        Secrets(BOT_TOKEN, signing_secret=SIGNING_SECRET),
        Parrot(seconds, prose=kind == ["prose"]),
        feedback,
        inbox,
        lease=LEASE,
        base_url=api_url,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with bot.running():
            yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(slack_events(bot))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])
    feedback.close()


if __name__ == "__main__":
    main()
