"""What a workspace knows and remembers: who is there, what was said, what was called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = [
    "ANNA",
    "APP",
    "APP_TOKEN",
    "BOT",
    "BOT_TOKEN",
    "BOT_USER",
    "GENERAL",
    "SIGNING_SECRET",
    "TEAM",
    "Call",
    "Channel",
    "ChannelType",
    "Delivery",
    "Ephemeral",
    "Fault",
    "Message",
    "Origin",
    "Payload",
    "Person",
    "Prompts",
    "Response",
    "Said",
    "SlackError",
    "Status",
    "Title",
    "View",
]

Payload: TypeAlias = dict[str, Any]
ChannelType: TypeAlias = Literal["channel", "group", "im"]

TEAM, APP, BOT, BOT_USER = "T0WORKSPACE", "A0DRAGOMAN", "B0DRAGOMAN", "U0DRAGOMAN"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-of-the-bot", "xapp-of-the-app", "signing secret of the app"
GENERAL, ANNA = "C0GENERAL", "U0ANNA"
"""A channel that the bot is in and somebody who works here, in every workspace from the start."""


class SlackError(Exception):
    """What Slack answers instead: `{"ok": false, "error": ...}`, and more where there is more to say."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.answer: Payload = {"ok": False, "error": error, **more}


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    locale: str = "en-US"
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """`joined`: the bot is a member."""

    id: str
    name: str
    type: ChannelType = "channel"
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """Names a message."""

    channel: str
    ts: str
    thread_ts: str | None = None

    @property
    def thread(self) -> str:
        """Where replies to it go."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`bot_id` is set for what bots wrote; `user` is empty for those of the old kind."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Payload] = field(default_factory=list)
    metadata: Payload | None = None
    bot_id: str | None = None
    subtype: str | None = None
    username: str | None = None
    client_msg_id: str | None = None
    edited: Payload | None = None
    title: str | None = None

    @property
    def said(self) -> Said:
        return Said(self.channel, self.ts, self.thread_ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeral:
    """What only one person sees, whether it came by `chat.postEphemeral`, a `response_url` or a command's ack."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Payload] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a command or a press: who did it where, and on what."""

    channel: str
    user: str
    pressed: Message | Ephemeral | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What the bot posted to a `response_url`."""

    url: str
    origin: Origin
    body: Payload


@dataclass(frozen=True, slots=True)
class Status:
    channel: str
    thread_ts: str
    status: str


@dataclass(frozen=True, slots=True)
class Prompts:
    channel: str
    thread_ts: str | None
    title: str | None
    prompts: list[Payload]


@dataclass(frozen=True, slots=True)
class Title:
    channel: str
    thread_ts: str
    title: str


@dataclass(frozen=True, slots=True)
class View:
    """A modal that the bot opened for a user. `payload` is the view as Slack tells it, ids filled in."""

    id: str
    user: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Call:
    """Of the Web API, or of a response_url. `error` is what was told; empty where all was well. `at` is monotonic."""

    method: str
    arguments: Payload
    error: str
    at: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to hand a payload to the bot: `status` is 0, and `reason` set, where no answer came in time."""

    payload: Payload
    status: int
    body: Payload = field(default_factory=dict)
    reason: str = ""
    retry: int = 0
    retry_wanted: bool = True

    @property
    def arrived(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. `done`: what was asked for is done nevertheless."""

    status: int
    headers: Mapping[str, str]
    error: str
    delay: float
    cut: bool
    done: bool
