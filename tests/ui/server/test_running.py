"""`dragoman serve` as a process: it says where it listens, takes up what is indexed meanwhile, and ends in order."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from tests.model_server import ModelServer
from tests.ui.server.serving import verbatim

COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]
WAIT = 60.0

LUNCH = {"question": "When is lunch served?"}
PARKING = "Visitors park their cars behind the old mill."


def dragoman(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=WAIT, cwd=cwd, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "canteen.txt").write_text("The canteen\n\nLunch is served from noon until two o'clock.\n", "utf-8")
    assert dragoman("index", documents, "--index", tmp_path / "index").returncode == 0
    return tmp_path / "index"


class Served:
    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--index", str(folder), "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self.lines: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"Dragoman answers at (http://\S+)", line):
                self.address = found[1]
                return
        self.end()
        pytest.fail("".join(self.lines))

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, question: str) -> Sequence[str]:
        """What is quoted."""
        answer = httpx.post(f"{self.address}/v1/ask", json={"question": question}, timeout=WAIT).json()
        return [citation["quote"] for citation in answer["citations"]]


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    server = Served(folder)
    yield server
    server.end()


def test_what_is_indexed_meanwhile_is_answered_and_the_end_is_orderly(served: Served, folder: Path) -> None:
    assert served.ask("When is lunch served?") == ["Lunch is served from noon until two o'clock."]
    assert PARKING not in served.ask("Where do visitors park their cars?")
    documents = folder.parent / "documents"
    (documents / "parking.txt").write_text(f"Parking\n\n{PARKING}\n", "utf-8")
    assert dragoman("index", documents, "--index", folder).returncode == 0
    end = time.monotonic() + WAIT
    while PARKING not in served.ask("Where do visitors park their cars?"):
        assert time.monotonic() < end
        time.sleep(0.2)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(WAIT) in (0, -signal.SIGTERM)


def test_what_a_model_is_writing_when_the_server_is_told_to_end_is_answered_first(folder: Path) -> None:
    endless = "Lunch is served from noon. " * 500
    with ModelServer(verbatim(1, then=endless, pause=0.03)) as model:
        told = {"NAME": "openai:scripted", "BASE_URL": model.url, "API_KEY": "very-secret", "SECONDS": "2"}
        served = Served(folder, environment={f"DRAGOMAN_MODEL__{name}": value for name, value in told.items()})
        try:
            assert any("openai:scripted writes the answers" in line for line in served.lines)
            answer = httpx.post(f"{served.address}/v1/ask", json=LUNCH, timeout=WAIT).json()
            assert (answer["fallback"], answer["model_use"]["model"]) == ("late", "openai:scripted")
            events = {"Accept": "text/event-stream"}
            with httpx.stream("POST", f"{served.address}/v1/ask", json=LUNCH, headers=events, timeout=WAIT) as response:
                lines = response.iter_lines()
                assert next(lines) == "event: sentence"
                served.process.send_signal(signal.SIGTERM)
                assert "event: answer" in list(lines)
            assert served.process.wait(WAIT) in (0, -signal.SIGTERM)
            assert served.process.stderr is not None
            assert "very-secret" not in "".join([*served.lines, served.process.stderr.read()])
        finally:
            served.end()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai", "has no provider"),
        ("nobody:model", "the model nobody:model cannot be opened"),
        ("mistralai:model", "pip install 'dragoman[mistralai]'"),
    ],
)
def test_a_model_that_cannot_be_opened_is_one_line(folder: Path, name: str, said: str) -> None:
    (folder / "dragoman.toml").write_text(f'[model]\nname = "{name}"\n', "utf-8")
    ran = dragoman("serve", "--index", folder, "--port", "0", "--settings", folder / "dragoman.toml")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert said in ran.stderr


def test_a_port_that_is_taken_is_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = dragoman("serve", "--index", folder, "--port", str(taken.getsockname()[1]))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "cannot listen on 127.0.0.1:" in ran.stderr and ran.stderr.count("\n") == 1


def test_a_setting_that_is_not_known_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "dragoman.toml").write_text("[server]\nwating = 1\n", "utf-8")
    ran = dragoman("serve", "--settings", tmp_path / "dragoman.toml")
    assert ran.returncode == 2
    assert "did you mean server.waiting?" in ran.stderr and ran.stderr.count("\n") == 1


def test_no_index_is_one_line(tmp_path: Path) -> None:
    ran = dragoman("serve", "--index", tmp_path / "none", "--port", "0")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "no index in" in ran.stderr
