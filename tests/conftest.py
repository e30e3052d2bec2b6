"""Fixtures that several rooms share."""

from __future__ import annotations

import os

import pytest

from index.embedding import open_embedder
from index.types import Embedder

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported: no test waits for a network


@pytest.fixture(scope="session")
def bundled_embedder() -> Embedder:
    """The shipped model, built once a machine in the ordinary cache folder."""
    return open_embedder()
