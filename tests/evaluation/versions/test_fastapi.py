from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from evaluation.errors import DatasetError
from evaluation.versions.bench import Bench
from evaluation.versions.fastapi import fastapi_links, unpacked
from evaluation.versions.rows import Score


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))
    return path


ENGLISH = "A request is answered by the function below its path, which is written in plain Python.\n"

FRENCH = "Une requête reçoit la réponse de la fonction placée sous son chemin, écrite en Python simple.\n"


def test_pages_of_the_manual_are_linked_by_their_place_and_without_it_by_content(tmp_path: Path, toy: Bench) -> None:
    files = {
        "LICENSE": "MIT",
        "docs/en/docs/tutorial/a.md": ENGLISH,
        "docs/fr/docs/tutorial/a.md": FRENCH,
        "docs/en/docs/b.md": ENGLISH.replace("request", "server"),
    }
    by_path, by_content = fastapi_links(archive(tmp_path / "manual.tar.gz", files), toy)
    assert (by_path.documents, by_path.score, by_path.found_by) == (3, Score(1, 1, 1), {"alone": 1, "path": 2})
    assert by_content.score == Score(0, 0, 1)  # the toy knows no translations
    assert by_content.found_by == {"alone": 3}
    assert list(toy.scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["docs/../../outside.md", "/docs/outside.md", "docs/../../../outside.md"])
def test_an_archive_writes_nothing_outside_of_its_place(tmp_path: Path, name: str) -> None:
    hostile = archive(tmp_path / "manual.tar.gz", {"docs/en/docs/a.md": ENGLISH, name: "hostile"})
    try:
        with unpacked(hostile, tmp_path / "scratch") as folder:
            found = sorted(path.name for path in folder.parent.rglob("*.md"))
    except DatasetError as error:
        assert "cannot unpack" in str(error)
    else:
        assert found == ["a.md"]
    assert list(tmp_path.rglob("outside.md")) == []


def test_what_is_no_archive_of_the_manual_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain.tar.gz").write_text("no archive")
    for path in (tmp_path / "plain.tar.gz", archive(tmp_path / "other.tar.gz", {"readme.md": "Hello."})):
        with pytest.raises(DatasetError, match=path.name), unpacked(path, tmp_path / "scratch"):
            pass
