"""How the bot's messages come to stand in a workspace, whichever way they came: checked, kept and told of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.bot.slack.workspace.blocks import problems, with_ids
from tests.bot.slack.workspace.events import message_changed, message_deleted, message_event
from tests.bot.slack.workspace.records import (
    BOT,
    BOT_USER,
    Channel,
    Ephemeral,
    Message,
    Origin,
    Payload,
    Response,
    SlackError,
)
from tests.bot.slack.workspace.world import World

__all__ = ["Posting"]

LONGEST_TEXT = 40_000


class Posting:
    """`announce` is given the events that a message brings about."""

    def __init__(self, world: World, announce: Callable[[Payload], None]) -> None:
        self.responses: list[Response] = []
        self._world = world
        self._announce = announce

    def respond(self, name: str, url: str, body: Payload) -> None:
        """To a `response_url`. Raises SlackError."""
        origin = self._world.use_response_url(name)
        self.show_response(origin, body)
        self.responses.append(Response(url, origin, body))

    def show_response(self, origin: Origin, body: Payload) -> None:
        """What a response or a command's ack does: takes away or changes what was pressed, or adds a message."""
        if body.get("delete_original") and origin.pressed:
            self._take_away(origin.pressed)
            return
        text, blocks = self.content(body)
        if body.get("replace_original") and origin.pressed:
            self._put_in_place(origin.pressed, text, blocks)
            return
        channel, thread = self._world.channel(origin.channel), body.get("thread_ts")
        if body.get("response_type") == "in_channel":
            self.say(channel, text, blocks, thread, None)
        else:
            self.whisper(channel, origin.user, text, blocks, thread)

    def _take_away(self, pressed: Message | Ephemeral) -> None:
        if isinstance(pressed, Ephemeral):
            self._world.ephemerals[:] = [one for one in self._world.ephemerals if one.ts != pressed.ts]
            return
        message = self._world.message(pressed.channel, pressed.ts)
        before = self._world.shown(message)
        self._world.remove(message)
        self._announce(message_deleted(self._world, message, before))

    def _put_in_place(self, pressed: Message | Ephemeral, text: str, blocks: list[Payload]) -> None:
        if isinstance(pressed, Ephemeral):
            new = replace(pressed, text=text, blocks=blocks)
            self._world.ephemerals[:] = [new if one.ts == new.ts else one for one in self._world.ephemerals]
        else:
            self.change(self._world.message(pressed.channel, pressed.ts), text=text, blocks=blocks)

    def content(self, arguments: Payload) -> tuple[str, list[Payload]]:
        """Text and blocks, which there must be one of. Raises SlackError."""
        text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
        if not text and not blocks:
            raise SlackError("no_text")
        if len(text) > LONGEST_TEXT:
            raise SlackError("msg_too_long")
        if wrong := list(problems(blocks, 50)):
            said = {"messages": [f"[ERROR] {one}" for one in wrong]}
            raise SlackError("invalid_blocks", errors=wrong, response_metadata=said)
        return text, with_ids(blocks)

    def say(
        self, channel: Channel, text: str, blocks: list[Payload], thread: str | None, metadata: Payload | None
    ) -> Message:
        message = Message(
            channel=channel.id,
            ts=self._world.next_ts(),
            user=BOT_USER,
            bot_id=BOT,
            text=text,
            blocks=blocks,
            thread_ts=thread,
            metadata=metadata,
        )
        self._announce(message_event(self._world, self._world.put(message)))
        return message

    def whisper(self, channel: Channel, user: str, text: str, blocks: list[Payload], thread: str | None) -> Ephemeral:
        ts = self._world.next_ts()
        whispered = Ephemeral(channel=channel.id, ts=ts, user=user, text=text, blocks=blocks, thread_ts=thread)
        self._world.ephemerals.append(whispered)
        return whispered

    def change(self, message: Message, **parts: Any) -> Message:
        before = self._world.shown(message)
        edited = {"user": BOT_USER, "ts": self._world.next_ts()}
        changed = self._world.put(replace(message, edited=edited, **parts))
        self._announce(message_changed(self._world, changed, before))
        return changed
