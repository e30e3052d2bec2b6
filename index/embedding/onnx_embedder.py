"""Embeds with ONNX Runtime: no torch, transformers or sentence-transformers is imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import EmbedderError
from index.types import EmbedderIdentity, Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding

LONGEST = 512
LONGEST_TEXT = 20_000
"""Characters. No text has fewer than 512 tokens in so many; what comes after would be cut away anyway."""
TOKENS_A_BATCH = 2048


class OnnxEmbedder:
    """A folder's `model.onnx` and `tokenizer.json`, as an `index.types.Embedder`."""

    def __init__(self, folder: Path, identity: EmbedderIdentity, *, threads: int = 2) -> None:
        import onnxruntime  # noqa: PLC0415 - 0.1 s, which commands that embed nothing need not pay
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # noqa: BLE001 - both libraries raise plain Exception subclasses of their own
            raise EmbedderError(f"Cannot load the model in {folder}: {error}; delete that folder to build it anew.") from error
        self._tokenizer.enable_truncation(LONGEST)
        self._identity = identity

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, self._identity.query_prompt)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, self._identity.passage_prompt)

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self._identity.dimension), np.float32)
        encodings = self._tokenizer.encode_batch_fast([prompt + _printable(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end - start + 1) * len(encodings[order[end]].ids) <= TOKENS_A_BATCH:
                end += 1
            rows = order[start:end]
            vectors[rows] = self._run([encodings[row] for row in rows])
            start = end
        return vectors

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.ones((len(encodings), longest), np.int32)
        mask = np.zeros((len(encodings), longest), np.int32)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        (embedding,) = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
        result: Vectors = embedding
        return result


def _printable(text: str) -> str:
    """The text without what cannot be encoded: lone surrogates become the replacement character."""
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
