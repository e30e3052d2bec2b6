"""The Web API's methods, which check what they are given as Slack does."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable

from aiohttp import web

from tests.bot.slack.workspace.blocks import problems, size, with_ids
from tests.bot.slack.workspace.events import view_as_kept
from tests.bot.slack.workspace.posting import Posting
from tests.bot.slack.workspace.records import (
    APP,
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    BOT_USER,
    TEAM,
    Channel,
    Message,
    Payload,
    Prompts,
    SlackError,
    Status,
    Title,
    View,
)
from tests.bot.slack.workspace.world import BOT_PROFILE, World

__all__ = ["WebApi", "arguments_of"]

LONGEST_UPDATED_TEXT = 4_000
"""Of `chat.update`; UTF-8 bytes, as others have measured."""
LONGEST_BLOCKS = 13_200
EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")
HAS_PARTS = ("blocks", "metadata", "view", "prompts")


async def arguments_of(request: web.Request) -> Payload:
    """From the address, a JSON body or a form. What has parts may be JSON in a string. Raises SlackError."""
    arguments: Payload = dict(request.query)
    if request.content_type == "application/json":
        try:
            given = await request.json()
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        arguments |= given
    else:
        arguments |= await request.post()
    for name in HAS_PARTS:
        if isinstance(value := arguments.get(name), str):
            try:
                arguments[name] = json.loads(value)
            except ValueError:
                raise SlackError(f"invalid_{name}_format") from None
    return arguments


class WebApi:
    """`new_link` makes an address for Socket Mode."""

    def __init__(self, world: World, posting: Posting, new_link: Callable[[], str], *, assistant: bool) -> None:
        self.statuses: list[Status] = []
        self.prompts: list[Prompts] = []
        self.titles: list[Title] = []
        self.views: list[View] = []
        self._world = world
        self._posting = posting
        self._new_link = new_link
        self._assistant = assistant
        self._methods: dict[str, Callable[[Payload], Payload]] = {
            "apps.connections.open": self._open_connection,
            "assistant.threads.setStatus": self._set_status,
            "assistant.threads.setSuggestedPrompts": self._set_prompts,
            "assistant.threads.setTitle": self._set_title,
            "auth.test": self._test,
            "bots.info": self._bot,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.replies": self._replies,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
            "users.info": self._user,
            "views.open": self._open_view,
        }

    def call(self, method: str, authorization: str, arguments: Payload) -> Payload:
        """Slack's answer. Raises SlackError where it is not ok."""
        if method not in self._methods:
            raise SlackError("unknown_method", req_method=method)
        token = authorization.removeprefix("Bearer ") or arguments.get("token", "")
        if not token:
            raise SlackError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise SlackError("invalid_auth")
        if (token == APP_TOKEN) != (method == "apps.connections.open"):
            raise SlackError("not_allowed_token_type")
        if method.startswith("assistant.") and not self._assistant:
            raise SlackError("missing_scope", needed="assistant:write", provided="app_mentions:read,chat:write")
        return {"ok": True, **self._methods[method](arguments)}

    def _where(self, arguments: Payload) -> Channel:
        channel = self._world.channel(arguments.get("channel"))
        if not channel.joined:
            raise SlackError("not_in_channel")
        return channel

    def _thread(self, channel: Channel, arguments: Payload) -> str | None:
        """Of what is posted. A reply's `ts` leads to the thread that it is in."""
        if not arguments.get("thread_ts"):
            return None
        root = self._world.message(channel.id, arguments["thread_ts"], "thread_not_found")
        if root.subtype == "channel_join":
            raise SlackError("cannot_reply_to_message")
        return root.thread_ts or root.ts

    def _post(self, arguments: Payload) -> Payload:
        channel = self._where(arguments)
        text, blocks = self._posting.content(arguments)
        if size(blocks) > LONGEST_BLOCKS:
            raise SlackError("msg_blocks_too_long")
        thread, metadata = self._thread(channel, arguments), _metadata(arguments)
        message = self._posting.say(channel, text, blocks, thread, metadata)
        return {"channel": channel.id, "ts": message.ts, "message": self._world.shown(message, metadata=True)}

    def _post_ephemeral(self, arguments: Payload) -> Payload:
        channel = self._where(arguments)
        if arguments.get("user") not in self._world.people:
            raise SlackError("user_not_in_channel")
        text, blocks = self._posting.content(arguments)
        thread = self._thread(channel, arguments)
        return {"message_ts": self._posting.whisper(channel, arguments["user"], text, blocks, thread).ts}

    def _update(self, arguments: Payload) -> Payload:
        """What is left out stays as it was, but for the text; an empty list or object takes it away."""
        channel = self._where(arguments)
        message = self._world.message(channel.id, arguments.get("ts"))
        if message.bot_id != BOT:
            raise SlackError("cant_update_message")
        text, blocks = self._posting.content({"blocks": message.blocks} | arguments)
        if len(text.encode()) > LONGEST_UPDATED_TEXT:
            raise SlackError("msg_too_long")
        if _is_rich(message.blocks) and not _is_rich(blocks):
            raise SlackError("block_mismatch")
        metadata = _metadata(arguments) if "metadata" in arguments else message.metadata
        changed = self._posting.change(message, text=text, blocks=blocks, metadata=metadata)
        return {"channel": channel.id, "ts": changed.ts, "text": text, "message": self._world.shown(changed)}

    def _replies(self, arguments: Payload) -> Payload:
        """The message that the thread hangs on comes first whatever is asked for; `limit` counts it."""
        channel = self._where(arguments)
        root = self._world.message(channel.id, arguments.get("ts"), "thread_not_found")
        oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
        limit, start = int(arguments.get("limit") or 1_000), int(arguments.get("cursor") or 0)
        inclusive = _true(arguments.get("inclusive"))
        replies = [] if root.thread_ts else self._world.messages(channel.id, root.ts)[1:]
        asked = [root] + [
            one
            for one in replies
            if oldest < float(one.ts) < latest or (inclusive and float(one.ts) in (oldest, latest))
        ]
        metadata, end = _true(arguments.get("include_all_metadata")), start + limit
        more = {"response_metadata": {"next_cursor": str(end)}} if end < len(asked) else {}
        page = [self._world.shown(one, metadata=metadata) for one in asked[start:end]]
        return {"messages": page, "has_more": bool(more), **more}

    def _reacted_to(self, arguments: Payload) -> tuple[list[str], str]:
        channel, name = self._where(arguments), arguments.get("name", "")
        if not EMOJI.fullmatch(name):
            raise SlackError("invalid_name")
        message = self._world.message(channel.id, arguments.get("timestamp"))
        return self._world.reactions(channel.id, message.ts), name

    def _react(self, arguments: Payload) -> Payload:
        reactions, name = self._reacted_to(arguments)
        if name in reactions:
            raise SlackError("already_reacted")
        reactions.append(name)
        return {}

    def _unreact(self, arguments: Payload) -> Payload:
        reactions, name = self._reacted_to(arguments)
        if name not in reactions:
            raise SlackError("no_reaction")
        reactions.remove(name)
        return {}

    def _open_view(self, arguments: Payload) -> Payload:
        given = arguments.get("view")
        if not isinstance(given, dict):
            raise SlackError("invalid_arguments")
        wrong = list(problems(given.get("blocks"), 100))
        for name in ("title", "submit", "close"):
            text = given.get(name) or {}
            if (name == "title" and not text) or len(text.get("text", "")) > 24:
                wrong.append(f"must be between 1 and 24 characters [json-pointer:/view/{name}]")
        if len(given.get("private_metadata", "")) > 3_000:
            wrong.append("must be less than 3001 characters [json-pointer:/view/private_metadata]")
        if not given.get("submit") and any(block.get("type") == "input" for block in given.get("blocks", ())):
            wrong.append("`submit` is required when an `input` block is within blocks [json-pointer:/view]")
        if wrong or given.get("type") != "modal":
            raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in wrong]})
        user = self._world.exchange(arguments.get("trigger_id"))
        kept = view_as_kept(given, with_ids(given["blocks"]))
        self.views.append(View(kept["id"], user, kept))
        return {"view": kept}

    def _assistant_thread(self, arguments: Payload) -> Message:
        channel = self._world.channel(arguments.get("channel_id"))
        return self._world.message(channel.id, arguments.get("thread_ts"), "invalid_thread_ts")

    def _set_status(self, arguments: Payload) -> Payload:
        root = self._assistant_thread(arguments)
        self.statuses.append(Status(root.channel, root.ts, arguments.get("status", "")))
        return {}

    def _set_prompts(self, arguments: Payload) -> Payload:
        channel, prompts = self._world.channel(arguments.get("channel_id")), arguments.get("prompts") or []
        if not 1 <= len(prompts) <= 4 or not all(one.get("title") and one.get("message") for one in prompts):
            raise SlackError("invalid_arguments")
        thread = self._assistant_thread(arguments).ts if arguments.get("thread_ts") else None
        self.prompts.append(Prompts(channel.id, thread, arguments.get("title"), prompts))
        return {}

    def _set_title(self, arguments: Payload) -> Payload:
        root, title = self._assistant_thread(arguments), arguments.get("title", "")
        self.titles.append(Title(root.channel, root.ts, title))
        self._posting.change(root, title=title)
        return {}

    def _test(self, _arguments: Payload) -> Payload:
        return {
            "url": "https://workspace.slack.com/",
            "team": "Workspace",
            "user": "dragoman",
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    def _bot(self, arguments: Payload) -> Payload:
        if arguments.get("bot", BOT) != BOT:
            raise SlackError("bot_not_found")
        return {"bot": BOT_PROFILE}

    def _user(self, arguments: Payload) -> Payload:
        person = self._world.person(arguments.get("user"))
        told: Payload = {
            "id": person.id,
            "team_id": TEAM,
            "name": person.name.lower(),
            "deleted": False,
            "real_name": person.name,
            "tz": "Europe/Amsterdam",
            "tz_offset": 3_600,
            "profile": {"real_name": person.name, "display_name": person.name},
            "is_bot": person.is_bot,
            "is_app_user": False,
        }
        return {"user": told | ({"locale": person.locale} if _true(arguments.get("include_locale")) else {})}

    def _open_connection(self, _arguments: Payload) -> Payload:
        return {"url": f"{self._new_link()}&app_id={APP}&session={secrets.token_hex(4)}"}


def _metadata(arguments: Payload) -> Payload | None:
    metadata: Payload | None = arguments.get("metadata") or None
    if metadata and not {"event_type", "event_payload"} <= set(metadata):
        raise SlackError("invalid_metadata_format")
    return metadata


def _is_rich(blocks: list[Payload]) -> bool:
    return any(block["type"] == "rich_text" for block in blocks)


def _true(value: object) -> bool:
    return value in (True, "1", "true", "True")
