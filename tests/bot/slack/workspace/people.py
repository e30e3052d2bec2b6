"""What people, and other bots, do in a workspace."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tests.bot.slack.workspace import events
from tests.bot.slack.workspace.blocks import rich_text
from tests.bot.slack.workspace.delivery import Post
from tests.bot.slack.workspace.posting import Posting
from tests.bot.slack.workspace.records import (
    BOT_USER,
    GENERAL,
    Channel,
    ChannelType,
    Delivery,
    Ephemeral,
    Message,
    Origin,
    Payload,
    Person,
    Said,
    View,
)
from tests.bot.slack.workspace.world import World, some_id

__all__ = ["People"]


class People:
    """Each action returns when the bot has taken what it was sent, or Slack has given up; what was said, it names.

    `sent` are all payloads of events, commands and interactions that were made, in order. Texts are markup as in
    events: `&lt;` for `<`, `<@U0ANNA>` for a mention.
    """

    base_url: str
    """Where the workspace is served."""

    def __init__(self, world: World, posting: Posting, post: Post, *, assistant: bool) -> None:
        self.sent: list[Payload] = []
        self._world = world
        self._posting = posting
        self._post = post
        self._assistant = assistant
        self._held: list[Payload] | None = None

    def add_channel(self, name: str, type: ChannelType = "channel", *, joined: bool = True) -> str:
        """Its id. `joined`: with the bot in it."""
        return self._world.add_channel(name, type, joined=joined).id

    def add_person(self, name: str, locale: str = "en-US") -> str:
        """Their id."""
        person = Person(some_id("U"), name, locale)
        self._world.people[person.id] = person
        return person.id

    @contextmanager
    def holding(self) -> Iterator[list[Payload]]:
        """What people do meanwhile is written down, but no payload of it delivered: they come in this list."""
        self._held = []
        try:
            yield self._held
        finally:
            self._held = None

    async def mention(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> Said:
        """Names the bot before the text. Two events tell of it, at once and in any order."""
        return await self._write(channel, user, f"<@{BOT_USER}> {text}", thread_ts)

    async def say(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> Said:
        return await self._write(channel, user, text, thread_ts)

    async def direct(self, user: str, text: str, thread_ts: str | None = None) -> Said:
        """To the bot alone."""
        return await self._write(self._world.direct(user).id, user, text, thread_ts)

    async def other_bot_says(self, channel: str, text: str, *, mention: bool = True, classic: bool = False) -> Said:
        """`classic`: as bots of the old kind and webhooks do, which have no user."""
        said = f"<@{BOT_USER}> {text}" if mention else text
        message = self._message(channel, "" if classic else "U0OTHERBOT", said, bot_id="B0OTHERBOT")
        if classic:
            message = replace(message, subtype="bot_message", username="Other bot")
        return await self._publish(message)

    async def join(self, channel: str, user: str) -> Said:
        message = self._message(channel, user, f"<@{user}> has joined the channel")
        return await self._publish(replace(message, subtype="channel_join", blocks=[]))

    async def edit(self, said: Said | Message, text: str = "edited") -> Said:
        message = self._world.message(said.channel, said.ts)
        before = self._world.shown(message)
        edited = {"user": message.user, "ts": self._world.next_ts()}
        changed = self._world.put(replace(message, text=text, blocks=rich_text(text), edited=edited))
        await self._deliver(events.message_changed(self._world, changed, before))
        return changed.said

    async def delete(self, said: Said | Message) -> Said:
        """Where a thread hangs on it, a tombstone takes its place."""
        message = self._world.message(said.channel, said.ts)
        before = self._world.shown(message)
        if "reply_count" in before:
            await self._deliver(events.message_changed(self._world, self._world.bury(message), before))
        else:
            self._world.remove(message)
            await self._deliver(events.message_deleted(self._world, message, before))
        return message.said

    async def open_assistant(self, user: str, viewed: str = GENERAL) -> Said:
        """A new chat in the assistant's pane, next to the channel `viewed`. What is said in it, `direct` says."""
        channel = self._world.direct(user).id
        root = self._message(channel, BOT_USER, "New chat")
        root = self._world.put(replace(root, subtype="assistant_app_thread", blocks=[], title="New chat"))
        await self._deliver(events.assistant_started(self._world, root, user, viewed))
        return root.said

    async def command(self, command: str, user: str, channel: str, text: str) -> Delivery:
        """What the bot says in its ack is shown."""
        origin = Origin(channel, user)
        payload = events.slash_command(
            command,
            text,
            self._world.channel(channel),
            self._world.person(user),
            trigger=self._world.new_trigger(user),
            response_url=self._response_url(origin),
        )
        (delivery,) = await self._deliver(payload)
        if delivery.arrived and (delivery.body.get("text") or delivery.body.get("blocks")):
            self._posting.show_response(origin, delivery.body)
        return delivery

    async def press(self, on: Message | Ephemeral, action_id: str, user: str, *, option: str | None = None) -> Delivery:
        """A button; or in a menu, the option with this value."""
        person, url = self._world.person(user), self._response_url(Origin(on.channel, user, on))
        payload = events.block_actions(self._world, on, action_id, option, person, response_url=url)
        return (await self._deliver(payload))[0]

    async def submit(self, view: View, values: Mapping[str, str], user: str | None = None) -> Delivery:
        """A modal, filled in: by action_id, what is typed or the value of the option."""
        person = self._world.person(user or view.user)
        return (await self._deliver(events.view_submission(self._world, view, dict(values), person)))[0]

    def _message(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, bot_id: str | None = None
    ) -> Message:
        return Message(
            channel=self._world.channel(channel).id,
            ts=self._world.next_ts(),
            user=user,
            text=text,
            blocks=rich_text(text),
            thread_ts=thread_ts,
            bot_id=bot_id,
            client_msg_id=None if bot_id else str(uuid.uuid4()),
        )

    async def _write(self, channel: str, user: str, text: str, thread_ts: str | None) -> Said:
        self._world.person(user)
        if thread_ts is not None:
            self._world.message(channel, thread_ts, "thread_not_found")
        return await self._publish(self._message(channel, user, text, thread_ts))

    async def _publish(self, message: Message) -> Said:
        """Tells the bot of it, where it is told: in channels that it is in, once more where it is named."""
        self._world.put(message)
        channel = self._world.channels[message.channel]
        payloads = [self._event(channel, message)] if channel.joined else []
        if channel.joined and channel.type != "im" and f"<@{BOT_USER}>" in message.text:
            payloads.insert(0, events.mention_event(self._world, message))
        await self._deliver(*payloads)
        return message.said

    def _event(self, channel: Channel, message: Message) -> Payload:
        payload = events.message_event(self._world, message)
        if self._assistant and channel.type == "im" and message.thread_ts:
            payload["event"]["assistant_thread"] = {"action_token": some_id("")}
        return payload

    def _response_url(self, origin: Origin) -> str:
        return f"{self.base_url}/respond/{self._world.new_response_url(origin)}"

    async def _deliver(self, *payloads: Payload) -> list[Delivery]:
        self.sent += payloads
        if self._held is not None:
            self._held += payloads
            return [Delivery(payload, 0, reason="held") for payload in payloads]
        return await asyncio.gather(*(self._post.deliver(payload) for payload in payloads))
