"""The manifest asks for what the bot uses, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.slack.listeners import COMMAND

MANIFEST = yaml.safe_load((Path(__file__).parents[3] / "bot" / "slack" / "manifest.yaml").read_text("utf-8"))
NEEDED = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "assistant_thread_started": "assistant:write",
    "chat.postMessage": "chat:write",
    "reactions.add": "reactions:write",
    COMMAND: "commands",
}
"""What each event and call needs, by Slack's reference."""


def test_scopes_are_those_that_events_and_calls_need() -> None:
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert events == {name for name in NEEDED if name.startswith(("message.", "app_", "assistant_"))}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == set(NEEDED.values())


def test_it_has_the_command_the_buttons_and_no_public_address() -> None:
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] and MANIFEST["settings"]["socket_mode_enabled"]
    assert "url" not in str(MANIFEST)
