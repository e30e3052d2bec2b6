"""How near words and texts are in meaning, by the embedder of the index."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.types import Embedder, Vectors

__all__ = ["Nearness"]

REMEMBERED = 20_000


class Nearness:
    """Remembers the vectors of words. Threads may share it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._turn = Lock()

    def of_words(self, words: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
        """`float32 (len(words), len(others))`: cosines of words by themselves."""
        vectors = self._vectors([*words, *others])
        cosines: NDArray[np.float32] = vectors[: len(words)] @ vectors[len(words) :].T
        return cosines

    def of_texts(self, text: str, others: Sequence[str]) -> float:
        """The cosine of the text with the nearest of the others."""
        vectors = self._embedder.embed_passages([text, *others])
        return float((vectors[1:] @ vectors[0]).max())

    def _vectors(self, words: Sequence[str]) -> Vectors:
        with self._turn:
            found = {word: self._known[word] for word in words if word in self._known}
        missing = [word for word in dict.fromkeys(words) if word not in found]
        if missing:
            found |= dict(zip(missing, self._embedder.embed_queries(missing), strict=True))
            with self._turn:
                self._known |= {word: found[word] for word in missing}
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return np.stack([found[word] for word in words])
