"""What the bot listens to in Slack: each listener reads a payload, writes down what it asks for, and is done."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.feedback import Feedback, FeedbackStore
from bot.messages import message
from bot.slack.answering import Answering, Knowledge
from bot.slack.asked import Asked, Payload, asked_by_command, asked_by_event
from bot.slack.blocks import HELPFUL, NOT_HELPFUL, VERSION, escaped, version_blocks
from bot.slack.inbox import Answered, Inbox
from bot.types import QuotedVersion

__all__ = ["COMMAND", "Listeners", "bolt_app"]

COMMAND = "/ask"
MOST_SUGGESTIONS = 4
LONGEST_TITLE = 75
CHOICE = re.compile(r"([0-9a-f]{32}):(\d{1,3}):(\d{1,3})")

log = logging.getLogger(__name__)


class Listeners:
    """One method for each thing that can happen. What a payload holds may be anything."""

    def __init__(
        self,
        inbox: Inbox,
        answering: Answering,
        knowledge: Knowledge,
        feedback: FeedbackStore,
        *,
        server: str | None = None,
        rated: Callable[[bool], None] = lambda helpful: None,
    ) -> None:
        """`rated` is told of each new thumb."""
        self._inbox = inbox
        self._answering = answering
        self._knowledge = knowledge
        self._feedback = feedback
        self._server = server
        self._rated = rated
        self._calls: set[asyncio.Task[None]] = set()

    async def said(self, event: Payload, bot: str) -> None:
        """A mention or a message, in a channel or to the bot alone."""
        await self._put(asked_by_event(event, bot))

    async def commanded(self, command: Payload) -> None:
        await self._put(asked_by_command(command))

    async def _put(self, asked: Asked | None) -> None:
        if asked is not None:
            await asyncio.to_thread(self._inbox.put, asked)
            self._answering.wake()

    async def rate(self, body: Payload, action: Payload, client: AsyncWebClient) -> None:
        """A thumb."""
        answered = await self._answered(action.get("value"))
        if answered is None:
            return
        helpful, given = action.get("action_id") == HELPFUL, answered.answer
        documents = dict.fromkeys(citation["document"] for citation in given["citations"])
        rating = Feedback(
            answered.id,
            helpful,
            question=given["question"],
            language=given["language"],
            documents=tuple(documents),
        )
        await asyncio.to_thread(self._feedback.put, rating)
        self._rated(helpful)
        self._afterwards(_whisper(client, body, escaped(message("thanks", given["language"]))))

    async def show_version(self, body: Payload, action: Payload, client: AsyncWebClient) -> None:
        """The same in another language, for whoever chose it alone."""
        choice = (action.get("selected_option") or {}).get("value")
        found = CHOICE.fullmatch(choice) if isinstance(choice, str) else None
        answered = await self._answered(found[1]) if found else None
        if found is None or answered is None:
            return
        versions = [
            citation["versions"] for citation in answered.answer["citations"] if citation["marker"] == int(found[2])
        ]
        if versions and int(found[3]) < len(versions[0]):
            version = QuotedVersion(**versions[0][int(found[3])])
            blocks = version_blocks(version, answered.answer["language"], self._server)
            self._afterwards(_whisper(client, body, escaped(version.quote), blocks))

    async def panel_opened(self, event: Payload, client: AsyncWebClient) -> None:
        """The assistant's side panel."""
        thread = event.get("assistant_thread")
        suggestions = await asyncio.to_thread(self._knowledge.suggestions, MOST_SUGGESTIONS)
        if isinstance(thread, dict) and suggestions:
            prompts = [{"title": text[:LONGEST_TITLE], "message": text} for text in suggestions]
            channel, ts = str(thread.get("channel_id")), str(thread.get("thread_ts"))
            self._afterwards(
                client.assistant_threads_setSuggestedPrompts(channel_id=channel, thread_ts=ts, prompts=prompts)
            )

    def _afterwards(self, call: Coroutine[Any, Any, object]) -> None:
        """Once Slack has been told that its request arrived, for which it does not wait long."""
        task = asyncio.create_task(_logged(call))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _answered(self, name: object) -> Answered | None:
        return await asyncio.to_thread(self._inbox.answered, name) if isinstance(name, str) else None


async def _logged(call: Coroutine[Any, Any, object]) -> None:
    try:
        await call
    except SlackApiError as error:
        log.warning("Slack refused", extra={"reason": str(error.response.get("error"))})
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("Slack could not be reached", extra={"reason": type(error).__name__})


async def _whisper(
    client: AsyncWebClient, body: Payload, text: str, blocks: list[dict[str, Any]] | None = None
) -> None:
    """Says it to whoever pressed something, under the message that it stood in."""
    container = body.get("container") or {}
    message_, user = body.get("message") or {}, body.get("user") or {}
    await client.chat_postEphemeral(
        channel=str(container.get("channel_id") or (body.get("channel") or {}).get("id")),
        user=str(user.get("id")),
        thread_ts=message_.get("thread_ts") or container.get("thread_ts"),
        text=text,
        blocks=blocks,
    )


def bolt_app(listeners: Listeners, web: AsyncWebClient, signing_secret: str | None) -> AsyncApp:
    """The app over these listeners. Without a signing secret it takes requests over Socket Mode only."""
    app = AsyncApp(
        client=web,
        signing_secret=signing_secret,
        request_verification_enabled=signing_secret is not None,
        process_before_response=True,  # what was asked is written down before Slack is told that it arrived
    )

    async def heard(event: dict[str, Any], context: dict[str, Any]) -> None:
        await listeners.said(event, str(context.get("bot_user_id")))

    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        await listeners.panel_opened(event, client)

    async def commanded(ack: AsyncAck, command: dict[str, Any]) -> None:
        await listeners.commanded(command)
        await ack()

    def acknowledged(what: Callable[[Payload, Payload, AsyncWebClient], Awaitable[None]]) -> Callable[..., Any]:
        async def listener(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            await what(body, action, client)

        return listener

    async def nothing() -> None:
        """An event that the bot has no use for is acknowledged, or Slack would send it again."""

    async def failed(error: Exception) -> BoltResponse:
        """What could not be written down is to be sent again; what fails for another reason would fail again."""
        log.error("a request of Slack could not be used", exc_info=error)
        return BoltResponse(status=503 if isinstance(error, sqlite3.Error) else 200)

    app.event("app_mention")(heard)
    app.event("message")(heard)
    app.event("assistant_thread_started")(opened)
    app.event(re.compile(".*"))(nothing)
    app.command(COMMAND)(commanded)
    app.action(re.compile(f"^({HELPFUL}|{NOT_HELPFUL})$"))(acknowledged(listeners.rate))
    app.action(VERSION)(acknowledged(listeners.show_version))
    app.error(failed)
    return app
