"""Nothing that Slack, its retries, a crash or a second process can do makes an answer come twice, or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot.slack.conftest import Desk, bot_in
from tests.bot.slack.replica import END, LEASE, Parrot
from tests.bot.slack.workspace import ANNA, GENERAL, Payload, Workspace
from tests.bot.slack.workspace.records import Message, Said

pytestmark = pytest.mark.anyio

THREADS, FOLLOW_UPS, MOST_DELIVERIES = 6, 4, 4
DEADLINE = 60.0


class Replica:
    """A process of the bot that can be killed; as prose, its answers come in three sentences."""

    def __init__(self, workspace: Workspace, inbox: Path, seconds: float = 0.05, kind: str = "whole") -> None:
        self._arguments = (workspace.api_url, str(inbox), str(seconds), kind)
        self.url = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot.slack.replica", *self._arguments, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        port = int(await self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{port}/slack/events"

    def memory(self) -> float:
        """MiB that it holds now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        """Where it stands, as a machine that sleeps would; `go_on` wakes it."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


async def conversations(workspace: Workspace) -> tuple[list[list[Said]], list[Payload]]:
    """Threads in a channel and of direct messages; and the events that tell of them, none of them delivered."""
    threads: list[list[Said]] = []
    with workspace.holding() as payloads:
        for thread in range(THREADS):
            if thread % 3:
                root = await workspace.mention(GENERAL, ANNA, f"{thread}.0")
                say = [await workspace.say(GENERAL, ANNA, f"{thread}.{n}", root.ts) for n in range(1, FOLLOW_UPS)]
            else:
                root = await workspace.direct(ANNA, f"{thread}.0")
                say = [await workspace.direct(ANNA, f"{thread}.{n}", root.ts) for n in range(1, FOLLOW_UPS)]
            threads.append([root, *say])
    return threads, list(payloads)


def shuffled(payloads: list[Payload], chance: random.Random) -> list[Payload]:
    many = [payload for payload in payloads for _ in range(chance.randint(1, MOST_DELIVERIES))]
    chance.shuffle(many)
    return many


@pytest.mark.parametrize(("seed", "kind"), [(1, "whole"), (2, "whole"), (3, "prose")])
async def test_every_event_in_any_order_with_crashes_between_is_answered_once(
    seed: int, kind: str, tmp_path: Path
) -> None:
    """Two replicas on one store; each is killed where it stands, and started again, while events come in."""
    chance = random.Random(seed)
    async with Workspace() as workspace, AsyncExitStack() as stack:
        threads, payloads = await conversations(workspace)
        deliveries = shuffled(payloads, chance)
        seconds = 1.0 if kind == "prose" else 0.05
        replicas = [Replica(workspace, tmp_path / "inbox.sqlite3", seconds, kind) for _ in range(2)]
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(replica.kill)
        crashes = sorted(chance.sample(range(len(deliveries)), 4))
        arrived: set[str] = set()
        for at, payload in enumerate(deliveries):
            if at in crashes:
                victim = replicas[crashes.index(at) % 2]
                await victim.kill()
                workspace.events_url = victim.url
                assert await workspace.deliver(payload) == 0  # lost, and so to be sent again
                await victim.start()
            workspace.events_url = chance.choice(replicas).url
            assert await workspace.deliver(payload, retry=at % 4) == 200
            arrived.add(payload["event_id"])
            await asyncio.sleep(chance.random() * 0.1)
        assert arrived == {payload["event_id"] for payload in payloads}
        expected = {said.ts for thread in threads for said in thread}
        await workspace.until(lambda: answered(workspace, threads) >= expected, DEADLINE)
        await asyncio.sleep(LEASE * 2)  # for whatever might still come twice
        for thread in threads:
            replies = [reply.text.split(" &lt; ")[0] for reply in workspace.replies(thread[0])]
            assert len(replies) == len(set(replies)) == FOLLOW_UPS
            assert all(reply.text.endswith(END) == (kind == "prose") for reply in workspace.replies(thread[0]))
        finished = [call for call in workspace.calls if call.method == "chat.update" and is_whole(call.arguments)]
        assert bool(finished) == (kind == "prose")


def is_whole(message: Payload) -> bool:
    return "unfinished" not in message["metadata"]["event_payload"]


def answered(workspace: Workspace, threads: list[list[Said]]) -> set[str]:
    """The `ts` of the questions that a whole answer stands under."""
    messages = [reply.metadata or {} for thread in threads for reply in workspace.replies(thread[0])]
    payloads = [metadata["event_payload"] for metadata in messages]
    keys = [payload["key"] for payload in payloads]
    assert len(keys) == len(set(keys)), "answered twice"
    return {payload["key"].partition(":")[2] for payload in payloads if "unfinished" not in payload}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which Linux has")
async def test_two_hundred_mentions_within_ten_seconds_cost_no_memory(tmp_path: Path) -> None:
    async with Workspace(retries=(1.0, 2.0, 4.0)) as workspace, AsyncExitStack() as stack:
        replica = Replica(workspace, tmp_path / "inbox.sqlite3")
        await replica.start()
        stack.push_async_callback(replica.kill)
        workspace.events_url = replica.url
        roots = [await workspace.mention(GENERAL, ANNA, f"{thread}.0") for thread in range(20)]
        await workspace.until(lambda: all(workspace.replies(root) for root in roots), DEADLINE)
        before, started, peak = replica.memory(), time.monotonic(), 0.0
        for number in range(1, 11):
            said = (workspace.mention(GENERAL, ANNA, f"{at}.{number}", root.ts) for at, root in enumerate(roots))
            await asyncio.gather(*said)
            peak = max(peak, replica.memory())
        assert time.monotonic() - started < 10
        await workspace.until(lambda: all(len(workspace.replies(root)) == 11 for root in roots), DEADLINE)
        await workspace.settled()
        for thread, root in enumerate(roots):
            replies = [reply.text.split(" &lt; ")[0] for reply in workspace.replies(root)]
            assert replies == [f"{thread}.{number}" for number in range(11)]
        assert max(peak, replica.memory()) - before < 30


async def test_an_answer_that_a_killed_process_had_posted_is_not_posted_again(tmp_path: Path) -> None:
    """Killed after Slack had the answer and before it was noted."""
    async with Workspace() as workspace, AsyncExitStack() as stack:
        replica = Replica(workspace, tmp_path / "inbox.sqlite3")
        await replica.start()
        stack.push_async_callback(replica.kill)
        workspace.events_url = replica.url
        workspace.fail("chat.postMessage", delay=30.0)  # posted at once, and told of much later
        said = await workspace.mention(GENERAL, ANNA, "once")
        await workspace.until(lambda: workspace.replies(said))
        await replica.kill()
        await replica.start()
        workspace.events_url = replica.url
        await workspace.say(GENERAL, ANNA, "twice", said.ts)
        await workspace.until(lambda: len(workspace.replies(said)) == 2, DEADLINE)
        await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))
        assert [reply.text for reply in workspace.replies(said)] == ["once", "twice &lt; once"]


def are_whole(workspace: Workspace, said: Said) -> bool:
    return all("unfinished" not in str(reply.metadata) for reply in workspace.replies(said))


async def begun(workspace: Workspace, replica: Replica) -> tuple[Said, Message]:
    """A question to this process, and its message with the first sentence in it."""
    workspace.events_url = replica.url
    said = await workspace.mention(GENERAL, ANNA, "once")
    await workspace.until(lambda: workspace.replies(said))
    (message,) = workspace.replies(said)
    assert message.metadata is not None and message.metadata["event_payload"]["unfinished"]
    assert END not in message.text
    return said, message


async def ends_whole(workspace: Workspace, said: Said, message: Message) -> None:
    """That message, and no other, also when the next has been answered."""

    await workspace.until(lambda: are_whole(workspace, said), DEADLINE)
    await workspace.say(GENERAL, ANNA, "twice", said.ts)
    await workspace.until(lambda: len(workspace.replies(said)) == 2 and are_whole(workspace, said), DEADLINE)
    await asyncio.sleep(LEASE)
    whole, _ = workspace.replies(said)
    assert whole.ts == message.ts and whole.text == f"once &lt; {END}"
    assert len(workspace.replies(said)) == 2 and are_whole(workspace, said)
    assert [call.method for call in workspace.calls].count("chat.postMessage") == 2


@pytest.mark.parametrize("told", [True, False])
async def test_an_answer_that_a_killed_process_had_begun_is_finished_where_it_stands(
    told: bool, tmp_path: Path
) -> None:
    """`told`: it still heard that its first sentence was posted."""
    async with Workspace() as workspace, AsyncExitStack() as stack:
        replica = Replica(workspace, tmp_path / "inbox.sqlite3", 1.8, "prose")
        await replica.start()
        stack.push_async_callback(replica.kill)
        if not told:
            workspace.fail("chat.postMessage", delay=30.0)
        said, message = await begun(workspace, replica)
        if told:
            await asyncio.sleep(0.3)
        await replica.kill()
        await replica.start()
        workspace.events_url = replica.url
        await ends_whole(workspace, said, message)


async def test_an_answer_that_a_killed_process_had_finished_is_left_as_it_is(tmp_path: Path) -> None:
    """Killed after Slack had the last change and before it was noted."""
    async with Workspace() as workspace, AsyncExitStack() as stack:
        replica = Replica(workspace, tmp_path / "inbox.sqlite3", 0.3, "prose")
        await replica.start()
        stack.push_async_callback(replica.kill)
        said, message = await begun(workspace, replica)
        workspace.fail("chat.update", delay=30.0)
        await workspace.until(lambda: END in workspace.replies(said)[0].text)
        (call,) = [call for call in workspace.calls if call.method == "chat.update"]
        assert is_whole(call.arguments)
        await replica.kill()
        await replica.start()
        workspace.events_url = replica.url
        await ends_whole(workspace, said, message)
        own = [call.arguments["ts"] for call in workspace.calls if call.method == "chat.update"]
        assert own.count(message.ts) == 1


def is_locked(inbox: Path) -> bool:
    with closing(sqlite3.connect(inbox, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


async def test_a_process_that_wakes_after_another_has_answered_changes_nothing(tmp_path: Path) -> None:
    async with Workspace() as workspace, AsyncExitStack() as stack:
        asleep, other = (Replica(workspace, tmp_path / "inbox.sqlite3", 1.8, "prose") for _ in range(2))
        for replica in (asleep, other):
            await replica.start()
            stack.push_async_callback(replica.kill)
        said, message = await begun(workspace, asleep)
        asleep.stop()
        while is_locked(tmp_path / "inbox.sqlite3"):  # in the middle of writing it would keep the others from it
            asleep.go_on()
            await asyncio.sleep(0.01)
            asleep.stop()
        workspace.events_url = other.url
        await workspace.until(lambda: are_whole(workspace, said), DEADLINE)
        changes = [call for call in workspace.calls if call.method == "chat.update"]
        asleep.go_on()
        await asyncio.sleep(2.5)  # in which it comes to its end
        assert [call for call in workspace.calls if call.method == "chat.update"] == changes
        await ends_whole(workspace, said, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PARTS = [
    "type",
    "event",
    "event_id",
    "team_id",
    "channel",
    "user",
    "text",
    "ts",
    "thread_ts",
    "bot_id",
    "subtype",
    "actions",
    "command",
    "trigger_id",
    "response_url",
    "channel_id",
    "user_id",
    "message",
    "container",
    "view",
    "assistant_thread",
]
ODD = st.dictionaries(st.sampled_from(PARTS), JSON, min_size=1, max_size=4)


async def test_no_payload_stops_it_or_stays_unanswered(desk: Desk) -> None:
    """Signed as Slack would, with any part missing or of any kind, in both shapes and over both transports."""
    async with Workspace(patience=10.0) as workspace:
        with workspace.holding() as held:
            said = await workspace.mention(GENERAL, ANNA, "hello")
            await workspace.command("/ask", ANNA, GENERAL, "hello")
            await workspace.open_assistant(ANNA)
            await workspace.edit(said)
        shapes = [json.dumps(payload) for payload in held]
        made: list[Payload] = []

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(shapes), ODD, st.booleans())
        def collect(shape: str, odd: dict[str, object], inside: bool) -> None:
            payload = json.loads(shape)
            target = payload["event"] if inside and isinstance(payload.get("event"), dict) else payload
            target.update(odd)
            made.append(payload)

        collect()
        async with bot_in(workspace, Parrot(), desk):
            for payload in made:
                assert await workspace.deliver(payload) in (200, 400, 401, 404), payload
            said = await workspace.mention(GENERAL, ANNA, "still there?")
            await workspace.until(lambda: workspace.replies(said))
        async with bot_in(workspace, Parrot(), desk, "socket"):
            for payload in made[:60]:
                assert await workspace.deliver(payload) == 200, payload
            said = await workspace.mention(GENERAL, ANNA, "still there?")
            await workspace.until(lambda: workspace.replies(said))


async def test_what_cannot_be_written_down_is_not_acknowledged(desk: Desk) -> None:
    async with Workspace(retries=(0.1, 0.1, 0.1)) as workspace, bot_in(workspace, Parrot(), desk):
        locking = sqlite3.connect(desk.inbox, isolation_level=None)
        locking.execute("DROP TABLE asked")
        with workspace.holding() as payloads:
            await workspace.mention(GENERAL, ANNA, "hello")
        assert await workspace.deliver(payloads[0]) == 503
        locking.close()
