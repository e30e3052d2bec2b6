"""A bot in the workspace that `emulate` plays: signed events in, answers in their threads out."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.messages import message
from bot.slack.running import Secrets, SlackBot
from tests.bot.slack.conftest import Desk, Documents
from tests.bot.slack.emulated import Delivery, Emulated, emulated_slack
from tests.bot.slack.replica import END, Parrot
from tests.bot.slack.test_slack_bot import TRAINING

EVENTS = "/slack/events"
MOST_SECONDS_TO_ACKNOWLEDGE = 3
"""Slack's own limit: what takes longer is sent again."""


def echo(slack: Emulated) -> AsyncApp:
    """Answers what people write, in the thread of it, and what mentions it, so that only the person sees it."""
    app = AsyncApp(
        signing_secret=slack.signing_secret,
        client=AsyncWebClient(slack.bot_token, base_url=slack.base_url),
    )

    @app.event("message")
    async def answer(event: dict[str, Any], client: AsyncWebClient) -> None:
        if "subtype" not in event:
            channel, ts = event["channel"], event["ts"]
            await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
            text = f"{event['channel_type']}: {event['text']}"
            await client.chat_postMessage(channel=channel, thread_ts=event.get("thread_ts", ts), text=text)

    @app.event("app_mention")
    async def whisper(event: dict[str, Any], client: AsyncWebClient) -> None:
        channel = event["channel"]
        thread = await client.conversations_replies(channel=channel, ts=event["ts"])
        text = f"mention: {thread['messages'][0]['text']}"
        await client.chat_postEphemeral(channel=channel, user=event["user"], text=text)

    return app


@contextmanager
def in_slack(
    bot: Callable[[Emulated], AsyncApp], beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
) -> Iterator[Emulated]:
    """A workspace with this bot in it, and what runs `beside` it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        emulated_slack(f"http://127.0.0.1:{listening.getsockname()[1]}{EVENTS}") as slack,
        served(bot(slack), listening, beside),
    ):
        yield slack


@contextmanager
def served(
    app: AsyncApp, listening: socket.socket, beside: Callable[[], AbstractAsyncContextManager[None]]
) -> Iterator[None]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with beside():
            yield

    handler = AsyncSlackRequestHandler(app)
    web = FastAPI(lifespan=lifespan)

    @web.post(EVENTS)
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    server = uvicorn.Server(uvicorn.Config(web, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, args=([listening],), name="bot")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def slack() -> Iterator[Emulated]:
    with in_slack(echo) as workspace:
        yield workspace


def test_what_a_person_writes_is_answered_in_its_thread(slack: Emulated) -> None:
    ts = slack.post("ana", "help", "Wie lange ist der Ausweis gültig? 🪪")
    (answer,) = slack.replies("help", ts, at_least=1)
    assert answer["text"] == "channel: Wie lange ist der Ausweis gültig? 🪪"
    assert (answer["user"], answer["thread_ts"]) == (slack.bot_user, ts)
    assert slack.reactions("help", ts) == {"eyes": [slack.bot_user]}
    assert slack.messages("help")[-1]["ts"] == ts


def test_a_reply_is_answered_in_the_same_thread(slack: Emulated) -> None:
    ts = slack.post("ana", "help", "one")
    slack.replies("help", ts, at_least=1)
    slack.post("bram", "help", "two", thread_ts=ts)
    said = [(reply["user"], reply["text"]) for reply in slack.replies("help", ts, at_least=3)]
    assert said == [
        (slack.bot_user, "channel: one"),
        (slack.users["bram"], "two"),
        (slack.bot_user, "channel: two"),
    ]


def test_direct_messages_say_that_they_are(slack: Emulated) -> None:
    channel = slack.direct_messages("bram")
    ts = slack.post("bram", channel, f"{slack.mention} hello")
    (answer,) = slack.replies(channel, ts, at_least=1)
    assert answer["text"] == f"im: {slack.mention} hello"
    assert slack.ephemeral("bram") == []


def test_a_mention_is_an_event_of_its_own(slack: Emulated) -> None:
    ts = slack.post("ana", "help", f"{slack.mention} hello")
    slack.replies("help", ts, at_least=1)
    (sent,) = [d.event for d in slack.deliveries() if d.event["type"] == "app_mention"]
    assert sent == {
        "type": "app_mention",
        "user": slack.users["ana"],
        "text": f"{slack.mention} hello",
        "ts": ts,
        "event_ts": ts,
        "channel": slack.channels["help"],
    }
    assert _soon(lambda: [m["text"] for m in slack.ephemeral("ana")]) == [f"mention: {slack.mention} hello"]


def test_every_event_is_acknowledged_in_time(slack: Emulated) -> None:
    slack.replies("help", slack.post("ana", "help", "last"), at_least=1)
    sent = slack.deliveries()
    assert sent
    assert [d for d in sent if not _acknowledged(d)] == []


def test_the_bot_answers_here_too(documents: Documents, desk: Desk) -> None:
    """The one that ships, in a Slack that nobody here wrote."""

    def shipped(slack: Emulated) -> AsyncApp:
        secrets = Secrets(slack.bot_token, signing_secret=slack.signing_secret)
        running.append(SlackBot(secrets, documents, desk.feedback, desk.inbox, base_url=slack.base_url))
        return running[0].app

    running: list[SlackBot] = []
    with in_slack(shipped, lambda: running.pop().running()) as slack:
        for question, fact in TRAINING.values():
            ts = slack.post("ana", "help", f"{slack.mention} {question}")
            (answer,) = slack.replies("help", ts, at_least=1)
            assert fact in answer["text"] and answer["blocks"]
        ts = slack.post("ana", "help", f"{slack.mention} How many days a week may I work from home?")
        slack.replies("help", ts, at_least=1)
        slack.post("bram", "help", "And what do I need there?", thread_ts=ts)
        *_, follow_up = slack.replies("help", ts, at_least=3)
        assert follow_up["user"] == slack.bot_user
        assert message("follow_up", "en", question="How many days a week may I work from home?") in str(follow_up)
        alone = slack.direct_messages("bram")
        ts = slack.post("bram", alone, TRAINING["vi"][0])
        assert TRAINING["vi"][1] in slack.replies(alone, ts, at_least=1)[0]["text"]
        assert _soon(lambda: [] if slack.reactions(alone, ts) else ["taken away"])
        assert [d for d in slack.deliveries() if not _acknowledged(d)] == []


def test_an_answer_that_is_being_written_grows_here_too(desk: Desk) -> None:
    def shipped(slack: Emulated) -> AsyncApp:
        secrets = Secrets(slack.bot_token, signing_secret=slack.signing_secret)
        parrot = Parrot(1.8, prose=True)
        running.append(SlackBot(secrets, parrot, desk.feedback, desk.inbox, base_url=slack.base_url))
        return running[0].app

    running: list[SlackBot] = []
    with in_slack(shipped, lambda: running.pop().running()) as slack:
        ts = slack.post("ana", "help", f"{slack.mention} hello")
        (begun,) = slack.replies("help", ts, at_least=1)
        assert begun["text"] == "hello …"
        assert _soon(lambda: [] if slack.reactions("help", ts) else ["taken away"])
        (whole,) = slack.replies("help", ts)
        assert whole["ts"] == begun["ts"] and whole["text"] == f"hello &lt; {END}"
        assert [block["type"] for block in whole["blocks"]] == ["rich_text", "actions"]
        assert [d for d in slack.deliveries() if not _acknowledged(d)] == []


def test_what_is_signed_with_another_secret_is_refused() -> None:
    with in_slack(lambda slack: echo(replace(slack, signing_secret="another"))) as slack:
        ts = slack.post("ana", "help", "hello")
        assert [delivery.status for delivery in slack.deliveries()] == [401]
        assert slack.replies("help", ts) == []


def _acknowledged(delivery: Delivery) -> bool:
    return delivery.status == 200 and delivery.seconds < MOST_SECONDS_TO_ACKNOWLEDGE


def _soon(what: Callable[[], list[str]], seconds: float = 5) -> list[str]:
    """What it comes to, as soon as it is not empty."""
    by = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < by:
        time.sleep(0.05)
    return found
