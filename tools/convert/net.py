"""A net under construction: operators of ONNX by their arithmetic. Knows no published net.

Keeps to opset 17 and to operators that both engines of the project run.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .refused import Refused

OPSET = 17
# The version of the file form that came with opset 17; older readers refuse a newer one.
IR_VERSION = 8
# What one ONNX file without a second file beside it can hold, less room for the graph itself.
MAX_BYTES = (1 << 31) - (1 << 24)
# Smaller weights stay whole when the others are stored in half: they cost nothing and matter most.
HALF_FROM = 4096
# The two constants of SELU (Klambauer et al. 2017).
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Net:
    """Collects operators and weights. Every method that adds one returns the name of its result."""

    def __init__(self, name: str, *, half: bool = False):
        self.name, self._half = name, half
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._integers: dict[tuple, str] = {}
        self._bytes = 0
        self.values = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes) -> str:
        """Adds an operator; of several results the first is returned, the others carry its name with `_1` and so on."""
        name = f"{kind.lower()}_{len(self._nodes)}"
        results = [name, *(f"{name}_{at}" for at in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, list(inputs), results, name=name, **attributes))
        return name

    def weight(self, values: np.ndarray) -> str:
        """Trained numbers."""
        values = np.ascontiguousarray(values, np.float32)
        self.values += values.size
        if not self._half or values.size < HALF_FROM:
            return self._constant(values)
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float16)
        if not np.isfinite(narrow).all():
            raise Refused("a weight is too large for 16 bits: convert without --half")
        return self.op("Cast", self._constant(narrow), to=TensorProto.FLOAT)

    def weight_in_bytes(self, values: np.ndarray) -> str:
        """Trained numbers in 8 bits, with a scale for each entry of the first axis; small ones stay whole."""
        if values.size < HALF_FROM:
            return self.weight(values)
        self.values += values.size
        largest = np.abs(values).reshape(len(values), -1).max(axis=1)
        scale = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
        narrow = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
        # The zeros are what their absence would mean; ONNX Runtime 1.31 puts a single one in their place and then refuses it.
        zeros = np.zeros(len(narrow), np.int8)
        return self.op("DequantizeLinear", self._constant(narrow), self._constant(scale), self._constant(zeros), axis=0)

    def number(self, value: float | np.ndarray) -> str:
        """One fixed number, or a row of them."""
        return self._constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """Numbers that operators take as inputs: shapes, axes, bounds."""
        if values not in self._integers:
            self._integers[values] = self._constant(np.array(values, np.int64))
        return self._integers[values]

    def _constant(self, values: np.ndarray) -> str:
        self._bytes += values.nbytes
        if self._bytes > MAX_BYTES:
            raise Refused("the weights are larger than one ONNX file can be" + ("" if self._half else ": convert with --half"))
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, a: str, b: str) -> str:
        return self.op("Add", a, b)

    def reshape(self, x: str, *shape: int) -> str:
        """0 keeps a length, -1 is what is left."""
        return self.op("Reshape", x, self.integers(*shape))

    def as_numbers(self, x: str) -> str:
        """Yes and no as 1 and 0."""
        return self.op("Cast", x, to=TensorProto.FLOAT)

    def cut(self, x: str, axis: int, start: int, end: int) -> str:
        return self.op("Slice", x, self.integers(start), self.integers(end), self.integers(axis))

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
        """`weight` as [out, in]."""
        x = self.op("MatMul", x, self.weight(weight.T))
        return x if bias is None else self.add(x, self.weight(bias))

    def conv(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None, *, stride=1, pads=0, groups=1, dilation=1, in_bytes=False) -> str:
        """`weight` as [out, in / groups, …]; `pads` one number for all sides, or begins and ends of the axes."""
        axes = weight.ndim - 2
        inputs = [x, self.weight_in_bytes(weight) if in_bytes else self.weight(weight)] + ([] if bias is None else [self.weight(bias)])
        return self.op(
            "Conv", *inputs, kernel_shape=list(weight.shape[2:]), strides=[stride] * axes, dilations=[dilation] * axes,
            pads=[pads] * (2 * axes) if isinstance(pads, int) else list(pads), group=groups,
        )

    def max_pool(self, x: str, kernel: tuple[int, ...], stride: tuple[int, ...], pads: tuple[int, ...]) -> str:
        return self.op("MaxPool", x, kernel_shape=list(kernel), strides=list(stride), pads=list(pads))

    def batch_norm(self, x: str, parts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], eps: float) -> str:
        """Scale, shift, mean and variance, as trained, by channel."""
        return self.op("BatchNormalization", x, *map(self.weight, parts), epsilon=eps)

    def layer_norm(self, x: str, scale: np.ndarray, shift: np.ndarray, eps: float) -> str:
        """Over the last axis."""
        return self.op("LayerNormalization", x, self.weight(scale), self.weight(shift), axis=-1, epsilon=eps)

    def activation(self, x: str, kind: str) -> str:
        """By the names that configurations of published nets use."""
        if kind == "gelu":
            spread = self.op("Erf", self.op("Mul", x, self.number(2**-0.5)))
            return self.op("Mul", self.op("Mul", x, self.number(0.5)), self.add(spread, self.number(1.0)))
        if kind in ("gelu_pytorch_tanh", "gelu_new"):
            cube = self.op("Mul", self.op("Mul", x, x), x)
            inner = self.op("Mul", self.add(x, self.op("Mul", cube, self.number(0.044715))), self.number((2 / np.pi) ** 0.5))
            return self.op("Mul", self.op("Mul", x, self.number(0.5)), self.add(self.op("Tanh", inner), self.number(1.0)))
        if kind == "quick_gelu":
            return self.op("Mul", x, self.op("Sigmoid", self.op("Mul", x, self.number(1.702))))
        if kind in ("silu", "swish"):
            return self.op("Mul", x, self.op("Sigmoid", x))
        if kind == "relu":
            return self.op("Relu", x)
        if kind == "selu":
            # By its parts, as one of the engines has no operator of this name.
            return self.op("Mul", self.op("Elu", x, alpha=SELU_ALPHA), self.number(SELU_SCALE))
        raise Refused(f"the net uses the activation {kind!r}, which is not built")

    def log_odds(self, logits: str, classes: int, fake: int) -> str:
        """[n, classes] to [n, 1]: ln(p / (1 - p)) of the class that says "made or altered", p by softmax; of one class, its logit."""
        if classes == 1:
            return logits
        wanted = self.cut(logits, 1, fake, fake + 1)
        others = [self.cut(logits, 1, at, at + 1) for at in range(classes) if at != fake]
        rest = others[0]
        if len(others) > 1:
            rest = self.op("ReduceLogSumExp", self.op("Concat", *others, axis=1), axes=[1], keepdims=1)
        return self.op("Sub", wanted, rest)

    def save(self, path: Path, inputs: dict[str, list], outputs: dict[str, str], shapes: dict[str, list]) -> None:
        """Writes the checked model. `inputs` by name with their shapes, `outputs` by name with the result that they show; a word
        among the lengths stands for one that may vary."""
        graph = helper.make_graph(
            self._nodes + [helper.make_node("Identity", [result], [name]) for name, result in outputs.items()],
            self.name,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in outputs],
            self._weights,
        )
        model = helper.make_model(graph, producer_name="drishtiksha", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise Refused(f"the graph of {self.name} is wrong: {error}") from error
        path.write_bytes(model.SerializeToString(deterministic=True))
