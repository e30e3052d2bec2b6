"""The workspace's memory: people, channels, messages, and what may be used only for a while or only so often."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Any

from tests.bot.slack.workspace.records import (
    ANNA,
    APP,
    BOT,
    BOT_USER,
    GENERAL,
    TEAM,
    Channel,
    ChannelType,
    Ephemeral,
    Message,
    Origin,
    Payload,
    Person,
    SlackError,
)

__all__ = ["BOT_PROFILE", "World", "some_id"]

TRIGGER_SECONDS = 3.0
RESPONSES_A_URL = 5
BOT_PROFILE = {
    "id": BOT,
    "app_id": APP,
    "user_id": BOT_USER,
    "name": "dragoman",
    "icons": {"image_48": "https://a.slack-edge.com/bot_48.png"},
    "deleted": False,
    "updated": 1_700_000_000,
    "team_id": TEAM,
}


def some_id(letter: str) -> str:
    """Of the kind that the letter stands for: C a channel, U a user, Ev an event."""
    return letter + secrets.token_hex(5).upper()


class World:
    def __init__(self, trigger_seconds: float = TRIGGER_SECONDS) -> None:
        self.people = {BOT_USER: Person(BOT_USER, "dragoman", is_bot=True), ANNA: Person(ANNA, "Anna")}
        self.channels = {GENERAL: Channel(GENERAL, "general")}
        self.ephemerals: list[Ephemeral] = []
        self._messages: dict[tuple[str, str], Message] = {}
        self._reactions: dict[tuple[str, str], list[str]] = {}
        self._trigger_seconds = trigger_seconds
        self._triggers: dict[str, tuple[str, float]] = {}
        self._exchanged: set[str] = set()
        self._response_urls: dict[str, tuple[Origin, int]] = {}
        self._last = 0

    def next_ts(self) -> str:
        """Now, and later than any before."""
        self._last = max(self._last + 1, time.time_ns() // 1_000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def person(self, user: Any) -> Person:
        if user not in self.people:
            raise SlackError("user_not_found")
        return self.people[user]

    def add_channel(self, name: str, type_: ChannelType, *, joined: bool) -> Channel:
        channel = Channel(some_id("C"), name, type_, joined)
        self.channels[channel.id] = channel
        return channel

    def channel(self, name: Any) -> Channel:
        """By its id, or of direct messages by the user's, as Slack has it."""
        if name in self.people and name != BOT_USER:
            return self.direct(name)
        if name not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[name]

    def direct(self, user: str) -> Channel:
        """Where this person and the bot talk."""
        known = f"D{self.person(user).id[1:]}"
        return self.channels.setdefault(known, Channel(known, "directmessage", "im"))

    def put(self, message: Message) -> Message:
        self._messages[message.channel, message.ts] = message
        return message

    def message(self, channel: str, ts: Any, error: str = "message_not_found") -> Message:
        if (channel, ts) not in self._messages:
            raise SlackError(error)
        return self._messages[channel, ts]

    def remove(self, message: Message) -> None:
        del self._messages[message.channel, message.ts]

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """Oldest first: all of the channel, or a thread's with the message that it hangs on."""
        here = [one for (where, _), one in self._messages.items() if where == channel]
        return sorted(
            (one for one in here if thread_ts is None or thread_ts in (one.ts, one.thread_ts)), key=lambda one: one.ts
        )

    def reactions(self, channel: str, ts: str) -> list[str]:
        """The bot's."""
        return self._reactions.setdefault((channel, ts), [])

    def new_trigger(self, user: str) -> str:
        trigger = f"{time.time_ns()}.{TEAM}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (user, time.monotonic() + self._trigger_seconds)
        return trigger

    def exchange(self, trigger: Any) -> str:
        """Whose trigger it was. It can be exchanged once, and soon."""
        if trigger in self._exchanged:
            raise SlackError("exchanged_trigger_id")
        if trigger not in self._triggers:
            raise SlackError("invalid_trigger_id")
        user, until = self._triggers[trigger]
        if time.monotonic() > until:
            raise SlackError("expired_trigger_id")
        self._exchanged.add(trigger)
        return user

    def new_response_url(self, origin: Origin) -> str:
        """The last part of it."""
        name = secrets.token_hex(12)
        self._response_urls[name] = (origin, RESPONSES_A_URL)
        return name

    def use_response_url(self, name: str) -> Origin:
        origin, left = self._response_urls.get(name, (None, 0))
        if origin is None or not left:
            raise SlackError("used_url" if origin else "invalid_url")
        self._response_urls[name] = (origin, left - 1)
        return origin

    def shown(self, message: Message, *, metadata: bool = False) -> Payload:
        """As `conversations.replies` and the events about changes tell it."""
        told: Payload = {"type": "message", "ts": message.ts, "text": message.text, "team": TEAM}
        told |= {"user": message.user} if message.user else {}
        for name in ("subtype", "username", "client_msg_id", "edited", "bot_id"):
            told |= {name: value} if (value := getattr(message, name)) is not None else {}
        told |= {"blocks": message.blocks} if message.blocks else {}
        told |= {"app_id": APP, "bot_profile": BOT_PROFILE} if message.bot_id == BOT else {}
        if message.title is not None:
            told["assistant_app_thread"] = {"title": message.title, "title_blocks": [], "artifacts": []}
        if metadata and message.metadata:
            told["metadata"] = message.metadata
        if names := self.reactions(message.channel, message.ts):
            told["reactions"] = [{"name": name, "users": [BOT_USER], "count": 1} for name in names]
        return told | self._thread(message)

    def _thread(self, message: Message) -> Payload:
        """What a message's place in a thread adds to it."""
        if message.thread_ts:
            root = self._messages.get((message.channel, message.thread_ts))
            return {"thread_ts": message.thread_ts} | ({"parent_user_id": root.user} if root else {})
        replies = self.messages(message.channel, message.ts)[1:]
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.user for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "reply_users": users,
            "latest_reply": replies[-1].ts,
            "is_locked": False,
            "subscribed": False,
        }

    def bury(self, message: Message) -> Message:
        """What stays of a deleted message on which a thread hangs."""
        return self.put(
            replace(message, user="USLACKBOT", subtype="tombstone", text="This message was deleted.", blocks=[])
        )
