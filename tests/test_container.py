"""The container's files cannot be built here; what they name must at least be there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from ui.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def test_what_is_copied_is_there_and_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def test_it_runs_as_nobody_special_and_is_asked_whether_it_is_ready() -> None:
    last = DOCKERFILE.rsplit("FROM ", 1)[1]
    assert re.search(r"^USER (?!root)", last, re.MULTILINE)
    port = Settings().server.port
    assert f"EXPOSE {port}" in last and f"127.0.0.1:{port}/readyz" in last
    command = json.loads(re.findall(r"^CMD (.+)$", last, re.MULTILINE)[-1])
    assert command == ["serve", "--host", "0.0.0.0"]


def test_compose_publishes_to_this_machine_alone() -> None:
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].values()
    assert service["ports"] == ["127.0.0.1:7860:7860"]
    assert service["read_only"] is True
