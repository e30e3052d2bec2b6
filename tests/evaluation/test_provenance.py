from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from evaluation import provenance
from evaluation.provenance import code_fingerprint, indexing_fingerprint
from evaluation.provenance import provenance as made_with

FILES = {
    "bot/engine.py": "threshold = 1",
    "bot/messages/nl.py": "abstained = 'Nee'",
    "evaluation/run.py": "judge = 1",
    "index/store.py": "read = 1",
    "index/schema.sql": "CREATE TABLE documents",
    "index/retriever.py": "rank = 1",
    "index/embedding/prompts.py": "query = ''",
    "ui/cli.py": "say = 1",
    "docs/index.md": "words",
    "index/notes.md": "words",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    code_fingerprint.cache_clear()
    indexing_fingerprint.cache_clear()


def fresh(fingerprint: Callable[[], str]) -> str:
    forget()
    return fingerprint()


@pytest.mark.parametrize(
    ("name", "answers", "indexes"),
    [
        ("bot/engine.py", True, False),
        ("bot/messages/nl.py", True, False),
        ("evaluation/run.py", True, False),
        ("index/store.py", True, True),
        ("index/schema.sql", True, True),
        ("index/embedding/prompts.py", True, True),
        ("index/retriever.py", True, False),
        ("index/notes.md", False, False),
        ("ui/cli.py", False, False),
        ("docs/index.md", False, False),
    ],
)
def test_a_fingerprint_follows_the_code_that_can_change_a_figure(
    root: Path, name: str, answers: bool, indexes: bool
) -> None:
    code, indexing = fresh(code_fingerprint), fresh(indexing_fingerprint)
    (root / name).write_text(FILES[name] + " # changed", "utf-8")
    assert (fresh(code_fingerprint) != code) == answers
    assert (fresh(indexing_fingerprint) != indexing) == indexes


def test_a_fingerprint_follows_names_and_not_where_the_checkout_lies(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fresh(code_fingerprint)
    copy = tmp_path_factory.mktemp("copy") / "elsewhere"
    shutil.copytree(root, copy)
    monkeypatch.setattr(provenance, "ROOT", copy)
    assert fresh(code_fingerprint) == before
    (copy / "bot" / "engine.py").rename(copy / "bot" / "motor.py")
    assert fresh(code_fingerprint) != before


def test_it_says_what_a_measurement_was_made_with() -> None:
    made = made_with()
    assert datetime.now(UTC) - datetime.fromisoformat(made["date"]) < timedelta(minutes=1)
    assert made["code"] == code_fingerprint()
    assert (made["python"], made["dragoman"]) == (platform.python_version(), metadata.version("dragoman"))
    assert made["packages"]["numpy"] == np.__version__
    assert set(made["packages"]) >= {"faiss-cpu", "tantivy", "onnxruntime", "tokenizers", "ir-measures"}
    assert made["machine"]["cores"] > 0
    assert 0.1 < made["machine"]["memory_gib"] < 100_000
    assert json.loads(json.dumps(made)) == made


def test_it_does_not_say_whose_machine_it_was() -> None:
    text = json.dumps(made_with())
    assert str(Path.home()) not in text
    assert str(provenance.ROOT) not in text


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # as a hook may set it
    command = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=clean).stdout.strip()


def test_the_commit_and_whether_the_code_was_changed_since(root: Path) -> None:
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "all")
    made = made_with()
    assert made["commit"] == git(root, "rev-parse", "HEAD")
    assert len(made["commit"]) == 40
    assert made["uncommitted_changes"] is False
    (root / "ui" / "cli.py").write_text("say = 2", "utf-8")
    assert made_with()["uncommitted_changes"] is False
    (root / "evaluation" / "results").mkdir(parents=True)
    (root / "evaluation" / "results" / "samples.json").write_text("{}", "utf-8")  # the first of several results
    assert made_with()["uncommitted_changes"] is False
    (root / "index" / "new.py").write_text("", "utf-8")
    assert made_with()["uncommitted_changes"] is True


def test_there_is_no_commit_outside_of_a_checkout_or_without_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (made_with()["commit"], made_with()["uncommitted_changes"]) == (None, False)
    monkeypatch.setenv("PATH", "")
    assert made_with()["commit"] is None


def test_a_checkout_of_something_else_is_not_ours(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed copy can lie in a project of its user's, which has commits of its own."""
    git(root, "init", "--quiet")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "theirs")
    installed = root / "site-packages"
    installed.mkdir()
    monkeypatch.setattr(provenance, "ROOT", installed)
    assert made_with()["commit"] is None


def test_a_second_working_tree_is_a_checkout_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "all")
    git(root, "worktree", "add", "--quiet", "second")
    monkeypatch.setattr(provenance, "ROOT", root / "second")
    assert (made_with()["commit"], made_with()["uncommitted_changes"]) == (git(root, "rev-parse", "HEAD"), False)
    (root / "second" / "bot" / "engine.py").write_text("threshold = 2", "utf-8")
    assert made_with()["uncommitted_changes"] is True
