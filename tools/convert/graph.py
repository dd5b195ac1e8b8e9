"""A thin layer over `onnx.helper` for building small networks by hand.

Keeps to operators that every engine of the project runs (opset 17, float32, no control flow).
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
# Readers older than the opset's own release refuse a newer file version; 8 is the version that came with opset 17.
IR_VERSION = 8


class Graph:
    """Collects nodes and weights; every method that adds a node returns the name of its output."""

    def __init__(self, name: str):
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, values: np.ndarray) -> str:
        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def integers(self, name: str, values: list[int]) -> str:
        """Numbers that operators take as inputs: shapes, axes, bounds."""
        return self.weight(name, np.array(values, np.int64))

    def add(self, op: str, inputs: list[str], label: str, **attributes) -> str:
        self._nodes.append(helper.make_node(op, inputs, [label], name=label, **attributes))
        return label

    def conv(self, x: str, label: str, filters: np.ndarray, bias: np.ndarray | None, *, stride=1, pads=(0, 0, 0, 0), at="") -> str:
        """`filters` in TensorFlow's layout: height, width, channels in, channels out."""
        return self._conv(x, label, filters.transpose(3, 2, 0, 1), bias, stride, pads, at, groups=1)

    def depthwise(self, x: str, label: str, filters: np.ndarray, *, stride=1, pads=(0, 0, 0, 0), at="") -> str:
        """`filters` in TensorFlow's layout: height, width, channels, 1."""
        return self._conv(x, label, filters.transpose(2, 3, 0, 1), None, stride, pads, at, groups=filters.shape[2])

    def _conv(self, x, label, filters, bias, stride, pads, at, groups) -> str:
        # The weights carry the bare label, so that a layer used at several places (`at`) stores them once.
        inputs = [x, self.weight(f"{label}.w", filters)]
        if bias is not None:
            inputs.append(self.weight(f"{label}.b", bias))
        return self.add(
            "Conv",
            inputs,
            at + label,
            kernel_shape=list(filters.shape[2:]),
            strides=[stride, stride],
            pads=list(pads),
            group=groups,
        )

    def save(self, path: Path, inputs: dict[str, list], outputs: dict[str, list]) -> None:
        """Writes the checked model; a string among the dimensions stands for a size that may vary."""
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in outputs.items()],
            list(self._weights.values()),
        )
        model = helper.make_model(
            graph,
            producer_name="drishtiksha",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString(deterministic=True))
