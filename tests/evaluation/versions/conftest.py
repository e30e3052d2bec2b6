"""A bench with a toy embedder."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.versions.bench import Bench
from tests.toy import WordEmbedder


@pytest.fixture
def toy(tmp_path: Path) -> Bench:
    return Bench(WordEmbedder(), tmp_path / "cache", tmp_path / "scratch")
