"""What Slack sends, read as a question to the bot, or as nothing. A payload is data: any part may be odd."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, TypeAlias

from bot.question import QUESTION_LIMIT

__all__ = ["Asked", "Payload", "asked_by_command", "asked_by_event"]

Payload: TypeAlias = Mapping[str, Any]

QUESTIONS = (None, "file_share", "thread_broadcast")
"""The subtypes of messages that people write; edits, deletions, joins and bots have others."""

CONTROL = re.compile(r"<([^<>]*)>")
TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")
SURROGATE = re.compile("[\ud800-\udfff]")
NAME = re.compile(r"[A-Z0-9]{2,30}")
READ = 2 * QUESTION_LIMIT
"""Characters that are kept of a message: more than a question may have, so that whoever writes too many is told."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in Slack.

    `key` names it whatever event it came in, and however often. `thread` is the `ts` under which the answer goes. Of
    one `conversation`, questions are answered in order, and the earlier ones are a follow-up's history. `ours` says
    that it is for the bot whatever went before: a mention, a direct message or a command. `response_url` is set for a
    command, whose answer only the asker sees.
    """

    key: str
    channel: str
    ts: str
    thread: str
    conversation: str
    user: str
    text: str
    ours: bool
    response_url: str = ""

    @property
    def id(self) -> str:
        """Names the answer, in feedback and in the log."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


def asked_by_event(event: Payload, bot: str) -> Asked | None:
    """An `app_mention` or `message` event, read by the bot whose user id this is; None where it is not for a bot.

    Left alone: what bots and the bot itself wrote, edits, deletions, joins and other subtypes, what names somebody
    else but not the bot, and what lacks a part that Slack always sends.
    """
    channel, ts, user = _name(event.get("channel")), _timestamp(event.get("ts")), _name(event.get("user"))
    if not (channel and ts and user) or user in (bot, "USLACKBOT"):
        return None
    if event.get("bot_id") or event.get("hidden") or event.get("subtype") not in QUESTIONS:
        return None
    raw = event.get("text")
    raw = raw if isinstance(raw, str) else ""
    mentioned = {control[1:].partition("|")[0] for control in CONTROL.findall(raw) if control.startswith("@")}
    direct = event.get("channel_type") == "im"
    if mentioned and bot not in mentioned and not direct:
        return None
    thread = _timestamp(event.get("thread_ts"))
    return Asked(
        key=f"{channel}:{ts}",
        channel=channel,
        ts=ts,
        thread=thread or ts,
        conversation=channel if direct and not thread else f"{channel}:{thread or ts}",
        user=user,
        text=_plain(raw),
        ours=direct or bot in mentioned or event.get("type") == "app_mention",
    )


def asked_by_command(command: Payload) -> Asked | None:
    """A slash command; None where it lacks a part that Slack always sends."""
    channel, user = _name(command.get("channel_id")), _name(command.get("user_id"))
    trigger, response_url = _whole(command.get("trigger_id")), _whole(command.get("response_url"))
    text = command.get("text", "")
    if not (channel and user and trigger and response_url and isinstance(text, str)):
        return None
    key = f"command:{trigger[:200]}"
    return Asked(
        key=key,
        channel=channel,
        ts="",
        thread="",
        conversation=key,
        user=user,
        text=_plain(text),
        ours=True,
        response_url=response_url,
    )


def _plain(text: str) -> str:
    """What the asker sees: links by their label, channels by their name, no mentions, characters for entities."""
    return _whole(unescape(CONTROL.sub(_spoken, text)).strip()[:READ])


def _whole(value: object) -> str:
    """The text without half characters, which nothing can keep; "" for anything else."""
    return SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""


def _spoken(control: re.Match[str]) -> str:
    target, _, label = control[1].partition("|")
    if target.startswith("#"):
        return f"#{label}" if label else ""
    if target.startswith(("@", "!")) and not target.startswith("!date"):
        return ""
    return label or ("" if target.startswith("!") else target)


def _name(value: object) -> str:
    return value if isinstance(value, str) and NAME.fullmatch(value) else ""


def _timestamp(value: object) -> str:
    return value if isinstance(value, str) and TIMESTAMP.fullmatch(value) else ""
