"""What `dragoman serve` does cold and under load: `python -m benchmarks.serving`, two Markdown tables.

Cold: a new process, from its start until it says that it is ready; then the first page that it ever serves, in
headless Chromium, from the click on an example to the answer on the page.

The soak: some clients, each of which asks one question after the other in many languages as fast as it is answered,
while `dragoman index` takes in a document twice; every answer is waited for, and every error is counted. Server,
clients and indexing share the same cores, so throughput is that of all of them together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from index.embedding import open_embedder
from tests.browser.conftest import FLAGS, installed_browser

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "evaluation" / "data" / "samples.jsonl"
COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]
UNLIMITED = {"DRAGOMAN_SERVER__QUESTIONS_A_MINUTE": "1000000"}
READY = re.compile(r"Dragoman answers at (http://\S+)")
MEMORY = re.compile(r"VmRSS:\s+(\d+) kB")
PATIENCE = 60.0
SAMPLED = 5.0
NEWS = ("Visitors park their cars behind the old mill.", "The lost property office is in the east wing.")
ASKED_FOR_NEWS = ("Where do visitors park their cars?", "Where is the lost property office?")


@dataclass
class Soak:
    """What was seen: seconds of each answer, errors by kind, `(seconds, MiB)`, seconds from commit to answer."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)
    shown_after: list[float] = field(default_factory=list)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak (default: 10)")
    parser.add_argument("--clients", type=int, default=32, help="that ask at the same time (default: 32)")
    parser.add_argument("--starts", type=int, default=5, help="cold starts (default: 5)")
    options = parser.parse_args()
    open_embedder()  # builds the model where it is not built yet, which is no part of any figure
    with tempfile.TemporaryDirectory() as scratch:
        documents, index = Path(scratch) / "documents", Path(scratch) / "index"
        shutil.copytree(ROOT / "samples", documents)
        _index(documents, index)
        starts = [_cold_start(index, Path(scratch) / "log") for _ in range(options.starts)]
        with _served(index, Path(scratch) / "log") as (address, process):
            soak = asyncio.run(_soak(address, process.pid, documents, index, options.clients, options.minutes * 60))
    _print_cold(starts)
    _print_soak(soak, options.clients, options.minutes * 60)


@contextmanager
def _served(index: Path, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`(address, process)` of a server that is ready."""
    with log.open("wb") as written:
        command = [*COMMAND, "serve", "--index", str(index), "--port", "0"]
        process = subprocess.Popen(command, stderr=written, env=os.environ | UNLIMITED)
    try:
        until = time.monotonic() + PATIENCE
        while not (found := READY.search(log.read_text("utf-8"))):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"dragoman serve did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.02)
        yield found[1], process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _index(documents: Path, index: Path) -> None:
    subprocess.run([*COMMAND, "index", str(documents), "--index", str(index)], check=True, capture_output=True)


def _cold_start(index: Path, log: Path) -> tuple[float, float, float]:
    """Seconds until it is ready, until its first page stands, and from the click to the first answer."""
    started = time.perf_counter()
    with _served(index, log) as (address, _), sync_playwright() as driver:
        ready = time.perf_counter() - started
        browser = driver.chromium.launch(executable_path=installed_browser(), args=FLAGS)
        page = browser.new_page()
        opened = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        stands = time.perf_counter() - opened
        clicked = time.perf_counter()
        page.locator("[data-do=example]").first.click()
        page.locator("article .said").wait_for()
        answered = time.perf_counter() - clicked
        browser.close()
    return ready, stands, answered


async def _soak(address: str, server: int, documents: Path, index: Path, clients: int, seconds: float) -> Soak:
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()]
    seen, turn = Soak(), count()
    started = time.perf_counter()
    limits = httpx.Limits(max_connections=clients + 1, max_keepalive_connections=clients + 1)
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE, limits=limits) as http:

        async def client() -> None:
            while time.perf_counter() - started < seconds:
                asked = time.perf_counter()
                try:
                    response = await http.post("/v1/ask", json={"question": questions[next(turn) % len(questions)]})
                    seen.statuses[str(response.status_code)] += 1
                except httpx.HTTPError as error:
                    seen.statuses[type(error).__name__] += 1
                    continue
                seen.seconds.append(time.perf_counter() - asked)

        async def watch() -> None:
            while time.perf_counter() - started < seconds:
                found = MEMORY.search(Path(f"/proc/{server}/status").read_text("ascii"))
                seen.memory.append((time.perf_counter() - started, int(found[1]) / 1024 if found else 0.0))
                await asyncio.sleep(SAMPLED)

        async def news() -> None:
            for number, (told, question) in enumerate(zip(NEWS, ASKED_FOR_NEWS, strict=True), 1):
                await asyncio.sleep(max(0.0, started + seconds * number / 3 - time.perf_counter()))
                (documents / f"news-{number}.txt").write_text(f"News\n\n{told}\n", "utf-8")
                await asyncio.to_thread(_index, documents, index)
                committed = time.perf_counter()
                while told not in (await http.post("/v1/ask", json={"question": question})).text:
                    if time.perf_counter() - committed > PATIENCE:
                        raise SystemExit(f"what was indexed does not show: {told}")
                    await asyncio.sleep(0.1)
                seen.shown_after.append(time.perf_counter() - committed)

        await asyncio.gather(*(client() for _ in range(clients)), watch(), news())
    return seen


def _print_cold(starts: list[tuple[float, float, float]]) -> None:
    print(f"| cold, {len(starts)} starts | median s | slowest s |\n|---|---|---|")
    for what, took in zip(
        ("`dragoman serve` until it is ready", "its first page", "click to answer"),
        zip(*starts, strict=True),
        strict=True,
    ):
        print(f"| {what} | {statistics.median(took):.2f} | {max(took):.2f} |")


def _print_soak(seen: Soak, clients: int, seconds: float) -> None:
    at = statistics.quantiles(seen.seconds, n=100)
    half = [memory for when, memory in seen.memory if when > seconds / 2]
    print(f"\n| soak, {clients} clients, {seconds / 60:g} minutes | |\n|---|---|")
    print(f"| answers | {len(seen.seconds):,}, {len(seen.seconds) / seconds:.1f} a second |")
    print(
        f"| seconds, p50 / p95 / p99 / slowest | {at[49]:.2f} / {at[94]:.2f} / {at[98]:.2f} / {max(seen.seconds):.2f} |"
    )
    print(f"| responses | {', '.join(f'{status}: {number:,}' for status, number in seen.statuses.most_common())} |")
    print(f"| `dragoman index` to answer, seconds | {' and '.join(f'{took:.1f}' for took in seen.shown_after)} |")
    print("| memory of the server, MiB, by tenths of the time | " + ", ".join(_tenths(seen, seconds)) + " |")
    print(f"| memory in the second half, least and most | {min(half):.0f} to {max(half):.0f} |")


def _tenths(seen: Soak, seconds: float) -> list[str]:
    """The largest resident size in each tenth."""
    parts = [[memory for when, memory in seen.memory if int(when / seconds * 10) == part] for part in range(10)]
    return [f"{max(part):.0f}" for part in parts if part]


if __name__ == "__main__":
    main()
