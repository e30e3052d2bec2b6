"""Fixtures that several rooms share."""

from __future__ import annotations

import pytest

from index.embedding import open_embedder
from index.types import Embedder


@pytest.fixture(scope="session")
def bundled_embedder() -> Embedder:
    """The shipped model, built once a machine in the ordinary cache folder."""
    return open_embedder()
