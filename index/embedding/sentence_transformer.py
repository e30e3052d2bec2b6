"""Embeds with any model that sentence-transformers can load: from a hub, its cache or a folder, on CPU or GPU."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.embeddable import embeddable
from index.embedding.prompts import prompts_of
from index.errors import EmbedderError
from index.types import UNKNOWN_REVISION, EmbedderIdentity, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_HASHED_SUFFIXES = {".json", ".safetensors", ".bin", ".model", ".txt"}


class SentenceTransformerEmbedder:
    """A sentence-transformers model with its own prompts, as an `index.types.Embedder`."""

    def __init__(
        self, name_or_path: str, *, device: str | None = None, identity: EmbedderIdentity | None = None
    ) -> None:
        """Load it; without `device`, a GPU is taken where there is one. Raises `EmbedderError`.

        `identity` is for a folder whose vectors are those of another embedder.
        """
        try:
            with _quiet_loading():
                self._model = _load(name_or_path, device)
        except ImportError as error:
            raise EmbedderError(f"Cannot load the model {name_or_path!r}: {error}.") from error
        except Exception as error:
            raise EmbedderError(
                f"Cannot load the model {name_or_path!r} ({_first_line(error)}); "
                "give a sentence-transformers folder, or a model's name on a hub that can be reached."
            ) from error
        self._identity = identity or _identify(self._model, name_or_path)

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, "query", self._identity.query_prompt)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, "document", self._identity.passage_prompt)

    def _embed(self, texts: Sequence[str], task: str, prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self._identity.dimension), np.float32)
        encode = self._model.encode_query if task == "query" else self._model.encode_document
        try:
            vectors = encode(
                [embeddable(text) for text in texts], prompt=prompt, normalize_embeddings=True, show_progress_bar=False
            )
        except RuntimeError as error:
            raise EmbedderError(f"The model {self._identity.name!r} failed ({_first_line(error)}).") from error
        return np.asarray(vectors, np.float32)


def _load(name_or_path: str, device: str | None) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer  # 6 s

    return SentenceTransformer(name_or_path, device=device)


def _identify(model: SentenceTransformer, name_or_path: str) -> EmbedderIdentity:
    """The name is what opens the model again: a folder's whole path, or the name on the hub."""
    folder = Path(name_or_path)
    name = str(folder.resolve()) if folder.is_dir() else name_or_path
    revision = _folder_revision(folder) if folder.is_dir() else _hub_revision(model)
    query_prompt, passage_prompt = prompts_of(Path(name).name if folder.is_dir() else name, model.prompts)
    return EmbedderIdentity(name, revision, int(model.get_embedding_dimension() or 0), query_prompt, passage_prompt)


def _hub_revision(model: SentenceTransformer) -> str:
    return str(getattr(getattr(model[0], "config", None), "_commit_hash", None) or UNKNOWN_REVISION)


def _folder_revision(folder: Path) -> str:
    """A hash over the files that the vectors depend on."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.suffix in _HASHED_SUFFIXES and path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:12]


@contextmanager
def _quiet_loading() -> Iterator[None]:
    """Keep transformers' bars and reports off the terminal while a model loads."""
    from transformers.utils import logging  # 2 s

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
