from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from index import sources
from index.sources import READABLE_SUFFIXES, read_file
from index.types import Skipped, SourceDocument
from tests.index.sources.reading_one import read_one, reason_of


def _reason(path: Path) -> str:
    (found,) = read_file(path)
    assert isinstance(found, Skipped)
    assert found.uri == path.absolute().as_uri()
    return found.reason


def test_all_is_complete() -> None:
    assert sources.__all__ == sorted(sources.__all__)
    assert all(hasattr(sources, name) for name in sources.__all__)
    assert {".txt", ".md", ".html", ".pdf", ".docx", ".jsonl", ".jsonl.gz", ".json"} <= READABLE_SUFFIXES


def test_plain_text_stays_as_it_is(tmp_path: Path) -> None:
    text = "Title\n\n  Indented,  with  spaces.Ngày mai \u202eabc\u202c " + "ﷺ" * 3000 + "\n\n"
    document = read_one(tmp_path, "A.TXT", text)
    assert document == SourceDocument((tmp_path / "A.TXT").as_uri(), text)


def test_the_address_is_that_of_the_real_file(tmp_path: Path) -> None:
    (tmp_path / "été 1.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to("été 1.txt")
    (found,) = read_file(tmp_path / "link.txt")
    assert found.uri == (tmp_path / "été 1.txt").as_uri()
    assert found.uri.endswith("%C3%A9t%C3%A9%201.txt")


def test_what_is_no_readable_file_says_why(tmp_path: Path) -> None:
    assert reason_of(tmp_path, "a.png", b"x") == "unknown type (.png)"
    assert reason_of(tmp_path, "Makefile", b"x") == "unknown type (no suffix)"
    assert reason_of(tmp_path, "a.txt", b"") == "empty"
    assert reason_of(tmp_path, "a.txt", b" \n\t") == "empty (it holds no text)"
    assert _reason(tmp_path / "gone.txt") == "unreadable (no such file or directory)"
    (tmp_path / "folder.txt").mkdir()
    assert _reason(tmp_path / "folder.txt") == "a folder whose contents cannot be listed"
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert "unreadable" in _reason(tmp_path / "loop.txt")


def test_pipes_and_devices_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert _reason(tmp_path / "pipe.txt").startswith("not a regular file")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (found,) = read_file(tmp_path / "zero.txt")
    assert isinstance(found, Skipped)
    assert found.reason.startswith("not a regular file")


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # sparse: it takes no room
    assert _reason(path) == "over the size limit (200 MB; the limit is 50 MB)"


def test_a_file_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.txt").write_text("x")
    monkeypatch.setattr(os, "open", refuse)  # the tests may run as root, whom no file mode stops
    assert _reason(tmp_path / "a.txt") == "unreadable (permission denied)"


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.txt"
    path.write_text("first line\n")
    real, calls = os.fstat, []

    def growing(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:
            path.write_text("first line\nsecond line\n")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", growing)
    found = _reason(path)
    assert found.startswith("changed while it was being read")


def test_importing_the_room_imports_no_heavy_library() -> None:
    heavy = "{'trafilatura', 'pypdf', 'docx', 'yaml', 'markdown_it', 'lxml', 'charset_normalizer'}"
    code = f"import sys, index.sources; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
