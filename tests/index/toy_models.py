"""Models that are real but tiny."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

HIDDEN, FEED_FORWARD, POSITIONS, TYPES, BLOCK = 384, 64, 512, 2, 32
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
PIECES = [*SPECIAL, "\u2581", *"abcdefghijklmnopqrstuvwxyz:", "\u2581query", "\u2581passage", "llo"]


def write_toy_weights(path: Path, seed: int = 0) -> Path:
    """A one-layer model in the layout of `e5-small-q4.bin`: the shipped model's width, 35 pieces, random weights."""
    rng = np.random.default_rng(seed)
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, 1, 12, FEED_FORWARD, len(PIECES) + 1, POSITIONS, TYPES, 1e-12, BLOCK
    )
    tokenizer = _tokenizer()
    normalisation = struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0xA0, 1, 0x20)
    tensors = {name: _packed(name, count, rng) for name, count in _sizes().items()}
    table_size = sum(2 + len(name) + 21 for name in tensors)
    offset = len(head) + len(tokenizer) + len(normalisation) + 4 + table_size
    table, data = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, content) in tensors.items():
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", kind, count, offset + len(data), len(content))
        data += content
    path.write_bytes(head + tokenizer + normalisation + table + data)
    return path


def _tokenizer() -> bytes:
    encoded = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.array([0.0] * len(SPECIAL) + [-2.0 - rank / 8 for rank in range(len(PIECES) - len(SPECIAL))], "<f4")
    blob = b"".join(encoded)
    return struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + offsets.tobytes() + scores.tobytes() + blob


def _sizes() -> dict[str, int]:
    square, wide = HIDDEN * HIDDEN, HIDDEN * FEED_FORWARD
    sizes = {"emb.word": (len(PIECES) + 1) * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": TYPES * HIDDEN}
    sizes |= {f"l0.{part}.w": square for part in ("q", "k", "v", "ao")} | {"l0.fi.w": wide, "l0.fo.w": wide}
    sizes |= {f"l0.{part}.b": HIDDEN for part in ("q", "k", "v", "ao", "fo")} | {"l0.fi.b": FEED_FORWARD}
    return sizes | {f"{norm}.{part}": HIDDEN for norm in ("emb.ln", "l0.aln", "l0.oln") for part in "wb"}


def _packed(name: str, count: int, rng: np.random.Generator) -> tuple[int, int, bytes]:
    if name == "emb.word" or (name.startswith("l0.") and name.endswith(".w") and "ln" not in name):
        blocks = np.zeros(count // BLOCK, np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))]))
        blocks["scale"] = 0.05
        blocks["nibbles"] = rng.integers(0, 256, (count // BLOCK, BLOCK // 2))
        return 1, count, blocks.tobytes()
    values = np.ones(count) if name.endswith("ln.w") else rng.normal(0, 0.02, count)
    return 0, count, values.astype("<f4").tobytes()
