"""`dragoman slack` and `dragoman serve` as processes, in a workspace played on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bot.slack.workspace import ANNA, GENERAL, Workspace
from tests.model_server import ModelServer, Reply, Request, sentences

pytestmark = pytest.mark.anyio

COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]
QUESTION, FACT = "How long is the training for new agents?", "six weeks"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def dragoman(ready: str, *arguments: str | Path, **env: str) -> AsyncIterator[re.Match[str]]:
    """A process that has said that it is ready; it is told to end, and has to end well."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *map(str, arguments), stderr=asyncio.subprocess.PIPE, env=os.environ | env
    )
    assert process.stderr is not None
    said = ""
    while not (found := re.search(ready, said)):
        line = (await process.stderr.readline()).decode()
        assert line, said
        said += line
    rest = asyncio.create_task(process.stderr.read())
    try:
        yield found
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) in (0, -signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()
        said += (await rest).decode()
        assert "xoxb" not in said and "xapp" not in said and QUESTION not in said


async def test_over_socket_mode(samples_index: Path, tmp_path: Path) -> None:
    async with Workspace() as workspace:
        env = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "DRAGOMAN_SLACK__API_URL": workspace.api_url,
            "DRAGOMAN_SLACK__INBOX": str(tmp_path / "inbox.sqlite3"),
            "DRAGOMAN_SERVER__FEEDBACK": str(tmp_path / "feedback.sqlite3"),
        }
        async with dragoman("in Slack as @dragoman", "slack", "--index", samples_index, **env):
            await workspace.until(lambda: workspace.connections == 1)
            said = await workspace.mention(GENERAL, ANNA, QUESTION)
            await workspace.until(lambda: workspace.replies(said))
            assert FACT in workspace.replies(said)[0].text
            await workspace.open_assistant(ANNA)


async def test_prose_appears_as_it_is_written(samples_index: Path, tmp_path: Path) -> None:
    """The model's first sentence stands in the thread before its last is written, and each is checked."""

    def write(request: Request) -> Reply:
        data = json.loads(request.user.split(">\n", 1)[1].rsplit("\n</", 1)[0])
        if len(server.requests) > 1:  # to repair what was invented
            return sentences(("", []))
        evidence = [sentence["text"] for sentence in data["sentences"]]
        told.extend((evidence[0], evidence[1]))
        invented = "Penguins are trained for ninety years."
        return sentences((evidence[0], [1]), (evidence[1], [2]), (invented, [1]), piece=8, pause=0.08)

    told: list[str] = []
    with ModelServer(write) as server:
        async with Workspace() as workspace:
            env = {
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
                "DRAGOMAN_SLACK__API_URL": workspace.api_url,
                "DRAGOMAN_SLACK__INBOX": str(tmp_path / "inbox.sqlite3"),
                "DRAGOMAN_SERVER__FEEDBACK": str(tmp_path / "feedback.sqlite3"),
                "DRAGOMAN_MODEL__NAME": "openai:scripted",
                "DRAGOMAN_MODEL__BASE_URL": server.url,
                "DRAGOMAN_MODEL__API_KEY": "none",
            }
            async with dragoman("in Slack as @dragoman", "slack", "--index", samples_index, **env):
                await workspace.until(lambda: workspace.connections == 1)
                said = await workspace.mention(GENERAL, ANNA, QUESTION)
                await workspace.until(lambda: workspace.replies(said))
                (begun,) = workspace.replies(said)
                assert begun.text == f"{told[0]} [1] …" and server.finished == 0
                await workspace.until(lambda: "unfinished" not in str(workspace.replies(said)[0].metadata))
                (whole,) = workspace.replies(said)
                assert whole.ts == begun.ts and whole.text == f"{told[0]} [1] {told[1]} [2]"
                assert [block["type"] for block in whole.blocks] == ["rich_text"] * 3 + ["actions"]
                assert "Penguins" not in str(workspace.calls)
        assert server.problems == []


async def test_over_http_beside_the_page(samples_index: Path, tmp_path: Path) -> None:
    async with Workspace() as workspace:
        env = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "DRAGOMAN_SLACK__API_URL": workspace.api_url,
            "DRAGOMAN_SERVER__PUBLIC_URL": "https://help.test",
            "DRAGOMAN_SLACK__INBOX": str(tmp_path / "inbox.sqlite3"),
            "DRAGOMAN_SERVER__FEEDBACK": str(tmp_path / "feedback.sqlite3"),
        }
        ready = r"Dragoman answers at (http://\S+)"
        async with dragoman(ready, "serve", "--index", samples_index, "--port", "0", **env) as found:
            workspace.events_url = f"{found[1]}/slack/events"
            said = await workspace.mention(GENERAL, ANNA, QUESTION)
            await workspace.until(lambda: workspace.replies(said))
            assert "https://help.test/documents/" in str(workspace.replies(said)[0].blocks)
            await workspace.settled()


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"SLACK_APP_TOKEN": "xapp-of-the-app"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-of-the-bot"}, "SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong", "SLACK_APP_TOKEN": "xapp-of-the-app"}, "SLACK_BOT_TOKEN: invalid_auth"),
    ],
)
async def test_a_token_that_is_missing_or_wrong_is_named(
    env: dict[str, str], complaint: str, samples_index: Path, tmp_path: Path
) -> None:
    async with Workspace() as workspace:
        there = {
            "DRAGOMAN_SLACK__API_URL": workspace.api_url,
            "DRAGOMAN_SLACK__INBOX": str(tmp_path / "inbox.sqlite3"),
            "DRAGOMAN_SERVER__FEEDBACK": str(tmp_path / "feedback.sqlite3"),
        }
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            "slack",
            "--index",
            str(samples_index),
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | there | env,
        )
        _, said = await process.communicate()
        assert process.returncode == 2
        assert complaint in said.decode() and "Traceback" not in said.decode() and "xoxb-wrong" not in said.decode()
