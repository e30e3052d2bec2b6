from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.embedding.model_cache import cache_folder, discard, ensure_built, is_complete, is_intact
from index.errors import EmbedderError

BUILD = """
import sys, time
from pathlib import Path
from index.embedding.model_cache import ensure_built
folder, log, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
def build(draft):
    with log.open("a") as lines:
        lines.write("built\\n")
    (draft / "first").write_text("1")
    print("half", flush=True)
    time.sleep(seconds)
    (draft / "second").write_text("2")
ensure_built(folder, build)
"""


def start_build(folder: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(folder), str(log), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def write_two(draft: Path) -> None:
    (draft / "first").write_text("1")
    (draft / "deep").mkdir()
    (draft / "deep" / "second").write_text("22")


def refuse(draft: Path) -> None:
    raise AssertionError(f"built again in {draft}")


def test_builds_once_and_then_takes_what_is_there(tmp_path: Path) -> None:
    folder = ensure_built(tmp_path / "cache" / "model", write_two)
    assert (folder / "deep" / "second").read_text() == "22"
    assert ensure_built(folder, refuse) == folder
    assert is_complete(folder)
    assert is_intact(folder)


@pytest.mark.parametrize("name", ["first", "deep/second", "MANIFEST.json"])
def test_a_missing_file_is_noticed_and_built_anew(tmp_path: Path, name: str) -> None:
    folder = ensure_built(tmp_path / "model", write_two)
    (folder / name).unlink()
    assert not is_complete(folder)
    ensure_built(folder, write_two)
    assert is_intact(folder)


def test_a_changed_byte_is_noticed_by_hash(tmp_path: Path) -> None:
    folder = ensure_built(tmp_path / "model", write_two)
    (folder / "first").write_text("x")
    assert is_complete(folder)
    assert not is_intact(folder)
    discard(folder)
    assert is_intact(ensure_built(folder, write_two))


@pytest.mark.parametrize("manifest", ["", "[]", "{}", "null", "\x00", '{"first": 3}', '{"first": {"bytes": 1}}', "[1"])
def test_a_garbled_manifest_is_not_a_whole_model(tmp_path: Path, manifest: str) -> None:
    folder = ensure_built(tmp_path / "model", write_two)
    (folder / "MANIFEST.json").write_text(manifest)
    assert is_complete(folder) == ("bytes" in manifest)
    assert not is_intact(folder)


def test_kill_9_half_way_leaves_no_model_and_the_next_build_clears_up(tmp_path: Path) -> None:
    folder, log = tmp_path / "model", tmp_path / "log"
    with start_build(folder, log, 60) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert not folder.exists()
    assert len(list(tmp_path.glob(".model.*"))) == 1
    ensure_built(folder, write_two)
    assert is_intact(folder)
    assert list(tmp_path.glob(".model.*")) == []


def test_two_processes_at_once_build_once(tmp_path: Path) -> None:
    folder, log = tmp_path / "model", tmp_path / "log"
    processes = [start_build(folder, log, 0.5) for _ in range(2)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert log.read_text() == "built\n"
    assert is_intact(folder)


def test_a_build_that_fails_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    def full(draft: Path) -> None:
        (draft / "first").write_text("1")
        raise OSError(28, "No space left on device")

    with pytest.raises(EmbedderError, match=r"No space left on device.*DRAGOMAN_CACHE"):
        ensure_built(tmp_path / "model", full)
    assert [path.name for path in tmp_path.iterdir() if path.name != "model.lock"] == []


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbedderError, match="Cannot build the bundled model"):
        ensure_built(tmp_path / "file" / "model", write_two)


def test_the_cache_folder_is_the_users_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("DRAGOMAN_CACHE", raising=False)
    assert cache_folder() == tmp_path / "xdg" / "dragoman"
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.setenv("DRAGOMAN_CACHE", "~/models")
    assert cache_folder() == Path.home() / "models"
