"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.embedding import open_embedder
from index.types import Embedder

SAMPLES = Path(__file__).parents[1] / "samples"

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported: no test waits for a network


@pytest.fixture(scope="session")
def bundled_embedder() -> Embedder:
    """The shipped model, built once a machine in the ordinary cache folder."""
    return open_embedder()


@pytest.fixture(scope="session")
def samples_index(tmp_path_factory: pytest.TempPathFactory, bundled_embedder: Embedder) -> Path:
    from index.indexer import index_paths

    folder = tmp_path_factory.mktemp("samples") / "index"
    index_paths([SAMPLES], folder, bundled_embedder)
    return folder
