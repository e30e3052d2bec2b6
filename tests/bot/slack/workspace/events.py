"""The payloads of what happens in a workspace: events, commands, presses and submitted modals."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from tests.bot.slack.workspace.blocks import control
from tests.bot.slack.workspace.records import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    Channel,
    Ephemeral,
    Message,
    Payload,
    Person,
    View,
)
from tests.bot.slack.workspace.world import World, some_id

__all__ = [
    "assistant_started",
    "block_actions",
    "event_callback",
    "mention_event",
    "message_changed",
    "message_deleted",
    "message_event",
    "slash_command",
    "view_as_kept",
    "view_submission",
]

VERIFICATION_TOKEN = "of-old-no-longer-looked-at"
DOMAIN = "workspace"


def event_callback(event: Payload) -> Payload:
    """An event in what the Events API wraps around it, with an id of its own."""
    context = {"et": event["type"], "tid": TEAM, "aid": APP, "cid": event.get("channel")}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": some_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{base64.b64encode(json.dumps(context).encode()).decode()}",
    }


def message_event(world: World, message: Message) -> Payload:
    channel = world.channels[message.channel]
    where = {"channel": channel.id, "channel_type": channel.type, "event_ts": message.ts}
    return event_callback(world.shown(message, metadata=True) | where)


def mention_event(world: World, message: Message) -> Payload:
    """The same message again, to those who are named in it; without `channel_type`."""
    where = {"channel": message.channel, "event_ts": message.ts}
    return event_callback(world.shown(message) | {"type": "app_mention"} | where)


def message_changed(world: World, message: Message, before: Payload) -> Payload:
    """`before` is what `shown` told of it."""
    return _about(world, message.channel, "message_changed", message=world.shown(message), previous_message=before)


def message_deleted(world: World, message: Message, before: Payload) -> Payload:
    return _about(world, message.channel, "message_deleted", deleted_ts=message.ts, previous_message=before)


def _about(world: World, name: str, subtype: str, **parts: Any) -> Payload:
    channel, ts = world.channels[name], world.next_ts()
    told = {"type": "message", "subtype": subtype, "channel": channel.id, "channel_type": channel.type}
    return event_callback(told | parts | {"hidden": True, "ts": ts, "event_ts": ts})


def assistant_started(world: World, root: Message, user: str, viewed: str) -> Payload:
    """`viewed` is the channel that was open when the user turned to the assistant."""
    return event_callback(
        {
            "type": "assistant_thread_started",
            "assistant_thread": {
                "user_id": user,
                "context": {"channel_id": viewed, "team_id": TEAM, "enterprise_id": None},
                "channel_id": root.channel,
                "thread_ts": root.ts,
            },
            "event_ts": world.next_ts(),
        }
    )


def slash_command(
    command: str, text: str, channel: Channel, person: Person, *, trigger: str, response_url: str
) -> Payload:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": person.id,
        "user_name": person.name.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def block_actions(
    world: World, on: Message | Ephemeral, action_id: str, option: str | None, person: Person, *, response_url: str
) -> Payload:
    """A button was pressed, or in a menu the option with this value chosen. Raises LookupError where there is none."""
    block, element = control(on.blocks, action_id)
    action: Payload = {
        name: element[name] for name in ("type", "action_id", "text", "value", "placeholder") if name in element
    }
    state: Payload = {"values": {}}
    if option is not None:
        chosen = next((one for one in element.get("options", ()) if one["value"] == option), None)
        if chosen is None:
            raise LookupError(f"{action_id!r} has no option {option!r}")
        action["selected_option"] = chosen
        state["values"] = {block["block_id"]: {action_id: {"type": element["type"], "selected_option": chosen}}}
    ephemeral = isinstance(on, Ephemeral)
    container = {"type": "message", "message_ts": on.ts, "channel_id": on.channel, "is_ephemeral": ephemeral}
    channel = world.channels[on.channel]
    return {
        "type": "block_actions",
        **_interaction(person, world.new_trigger(person.id)),
        "container": container | ({"thread_ts": on.thread_ts} if on.thread_ts else {}),
        "channel": {"id": channel.id, "name": channel.name},
        **({} if isinstance(on, Ephemeral) else {"message": world.shown(on)}),
        "state": state,
        "response_url": response_url,
        "actions": [action | {"block_id": block["block_id"], "action_ts": world.next_ts()}],
    }


def view_submission(world: World, view: View, values: dict[str, str], person: Person) -> Payload:
    """`values` by action_id: what was typed, or the value of the option. Raises LookupError where it is not there."""
    state: dict[str, Payload] = {}
    for action_id, value in values.items():
        block, element = control(view.payload["blocks"], action_id)
        filled: Payload = {"type": element["type"]}
        if "options" in element:
            filled["selected_option"] = next(one for one in element["options"] if one["value"] == value)
        else:
            filled["value"] = value
        state.setdefault(block["block_id"], {})[action_id] = filled
    return {
        "type": "view_submission",
        **_interaction(person, world.new_trigger(person.id)),
        "view": view.payload | {"state": {"values": state}},
        "response_urls": [],
    }


def _interaction(person: Person, trigger: str) -> Payload:
    name = person.name.lower()
    return {
        "user": {"id": person.id, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger,
        "team": {"id": TEAM, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def view_as_kept(given: Payload, blocks: list[Payload]) -> Payload:
    """A view that an app gave, with what Slack adds to it."""
    name = some_id("V")
    return {
        "private_metadata": "",
        "callback_id": "",
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        "external_id": "",
        **given,
        "id": name,
        "team_id": TEAM,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
        "root_view_id": name,
        "previous_view_id": None,
        "hash": f"{int(time.time())}.{some_id('')[:8]}",
        "blocks": blocks,
        "state": {"values": {}},
    }
