"""Embeds with ONNX Runtime: no torch, transformers or sentence-transformers is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.batching import equal_length_batches
from index.embedding.embeddable import embeddable
from index.embedding.text_to_ids import TextToIds
from index.errors import EmbedderError
from index.types import EmbedderIdentity, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

TOKENS_A_BATCH = 1024
_TEXTS_AT_ONCE = 20_000
_MOST_WORKERS = 8


class OnnxEmbedder:
    """A folder's `model.onnx` with its tokenizer, as an `index.types.Embedder`. Safe to share between threads.

    Batches run beside each other, one thread each: ONNX Runtime's own threads inside one batch gain less, and wait in
    spin locks where other work competes for the cores.
    """

    def __init__(self, folder: Path, identity: EmbedderIdentity, *, workers: int | None = None) -> None:
        """Load the model. Raises `EmbedderError` where the folder's files cannot be used."""
        self._identity = identity
        self._workers = workers or min(_MOST_WORKERS, _usable_cores())
        try:
            self._session = _open_session(folder / "model.onnx")
            self._to_ids = TextToIds(folder)
        except Exception as error:
            raise EmbedderError(
                f"Cannot load the model in {folder} ({_first_line(error)}); delete that folder to have it built anew."
            ) from error

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, self._identity.query_prompt)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, self._identity.passage_prompt)

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self._identity.dimension), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = [prompt + embeddable(text) for text in texts[start : start + _TEXTS_AT_ONCE]]
            for rows, embedded in self._embedded(some):
                vectors[[start + row for row in rows]] = embedded
        return vectors

    def _embedded(self, texts: list[str]) -> Iterator[tuple[list[int], Vectors]]:
        ids = self._to_ids.encode(texts)
        batches = equal_length_batches([len(row) for row in ids], TOKENS_A_BATCH)
        inputs = (np.array([ids[row] for row in rows], np.int32) for rows in batches)
        if len(batches) == 1:
            yield batches[0], self._run(next(inputs))
            return
        with ThreadPoolExecutor(self._workers, thread_name_prefix="embed") as pool:
            yield from zip(batches, pool.map(self._run, inputs), strict=True)

    def _run(self, ids: np.ndarray) -> Vectors:
        try:
            vectors: Vectors = self._session.run(["embedding"], {"input_ids": ids})[0]
        except Exception as error:
            raise EmbedderError(f"The {self._identity.name} model failed ({_first_line(error)}).") from error
        return vectors


def _open_session(file: Path) -> InferenceSession:
    import onnxruntime  # 0.1 s, which commands that embed nothing need not pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Beyond "basic" it would fuse operators that are faster apart; the rest has been done while building.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
