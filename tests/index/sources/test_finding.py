from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import SourceError
from index.sources import find_files


def _write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_folders_are_walked_in_sorted_order_without_hidden_ones(tmp_path: Path) -> None:
    _write(tmp_path, "b.md", "a/z.txt", "a/b.txt", "c/picture.png", ".git/config", "a/.hidden.md")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path])]
    assert found == ["a/b.txt", "a/z.txt", "b.md", "c/picture.png"]


def test_a_hidden_file_that_is_named_is_found(tmp_path: Path) -> None:
    _write(tmp_path, ".notes.md")
    assert find_files([tmp_path / ".notes.md"]) == [tmp_path / ".notes.md"]


def test_each_file_is_found_once_by_whatever_name(tmp_path: Path) -> None:
    _write(tmp_path, "docs/a.md")
    (tmp_path / "again.md").symlink_to(tmp_path / "docs" / "a.md")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs", target_is_directory=True)
    assert find_files([tmp_path / "docs", tmp_path, tmp_path / "docs" / "a.md"]) == [tmp_path / "docs" / "a.md"]


def test_a_link_that_leads_to_itself_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / "loop.md").symlink_to("loop.md")
    assert find_files([tmp_path]) == [tmp_path / "loop.md"]


def test_a_path_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no such file or folder: .*nowhere"):
        find_files([tmp_path / "nowhere"])
