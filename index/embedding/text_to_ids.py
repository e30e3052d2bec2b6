"""Text to token ids: at first by the tokenizer that loads fast, on much text by the one that runs fast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from index.embedding.unigram import UnigramTokenizer
from index.errors import EmbedderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LONGEST = 512
"""Tokens; the model has no positions beyond."""
_WORTH_A_SECOND = 100_000
"""Characters: `tokenizers` takes a second to load, in which plain Python does this many."""


class TextToIds:
    """Gives a text's ids, at most 512. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Read `unigram.npz` in the folder; `tokenizer.json` is read when there is much text."""
        self._folder = folder
        self._quick_to_load: UnigramTokenizer | None = UnigramTokenizer(folder / "unigram.npz")
        self._quick_to_run: Tokenizer | None = None
        self._characters = 0
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text. Raises `EmbedderError` where `tokenizer.json` is needed and cannot be read."""
        tokenizer = self._chosen(sum(map(len, texts)))
        if isinstance(tokenizer, UnigramTokenizer):
            return [tokenizer.encode(text, LONGEST) for text in texts]
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]

    def _chosen(self, characters: int) -> UnigramTokenizer | Tokenizer:
        with self._lock:
            self._characters += characters
            if self._quick_to_load is not None and self._characters < _WORTH_A_SECOND:
                return self._quick_to_load
            if self._quick_to_run is None:
                self._quick_to_run = _load_tokenizer(self._folder / "tokenizer.json")
                self._quick_to_load = None  # 60 MB
            return self._quick_to_run


def _load_tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # a question alone never needs it

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # `tokenizers` raises nothing more precise
        raise EmbedderError(f"Cannot load {file} ({error}); delete its folder to have it built anew.") from error
    tokenizer.enable_truncation(LONGEST)
    return tokenizer
