"""Collects the nodes and constants of an ONNX graph. Needs the `onnx` package, so import it only while building."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_MICROSOFT = "com.microsoft"


class GraphWriter:
    """Names values as it goes: each method adds a node and gives the name of what comes out."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """A constant; one that has been added before is used again."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's own
        """A node of one output."""
        return self.nodes(operator, *inputs, count=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, count: int, **attributes: Any) -> list[str]:  # noqa: ANN401 - the same
        """A node of `count` outputs."""
        outputs = [f"{operator}.{len(self._nodes)}.{index}" for index in range(count)]
        self._nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def model(self, name: str, inputs: dict[str, list[str]], output: tuple[str, str, list[str | int]]) -> ModelProto:
        """The finished model: int32 inputs (name to dimensions), and one float32 output (value, name, dimensions)."""
        value, output_name, dimensions = output
        self._nodes.append(helper.make_node("Identity", [value], [output_name]))
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(key, TensorProto.INT32, shape) for key, shape in inputs.items()],
            [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, dimensions)],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="dragoman")
