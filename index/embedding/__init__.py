"""Text to vectors: the bundled model, or any that sentence-transformers can load."""

from __future__ import annotations

from collections.abc import Callable

from index.embedding.bundled import NAME, bundled_folder, bundled_identity
from index.errors import EmbedderError
from index.types import Embedder

__all__ = ["open_embedder"]


def open_embedder(
    name_or_path: str | None = None, *, device: str | None = None, progress: Callable[[str], None] | None = None
) -> Embedder:
    """The embedder of that name; None is the bundled multilingual-e5-small. Raises `EmbedderError`."""
    from index.embedding.onnx_embedder import OnnxEmbedder  # noqa: PLC0415

    folder = bundled_folder(progress)
    if name_or_path not in (None, NAME) or folder is None:
        raise EmbedderError("not yet")
    return OnnxEmbedder(folder, bundled_identity(folder))
