"""Builds `tiny-face-detector` as ONNX from the TensorFlow.js weights in the npm package @vladmandic/face-api 1.7.15.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python tiny_face_detector.py package/model/tiny_face_detector_model-weights_manifest.json weights.onnx

Input `image`: float32 [n, 3, height, width], RGB 0..255, both sides multiples of 128: the picture scaled into the top
left corner, the rest 0.
Outputs, for k candidates: `boxes` float32 [n, k, 4], left, top, right, bottom as parts (0..1) of the input's width and
height; `scores` float32 [n, k], 0..1.

The publisher runs the net once, on a square of 416, and faces that fill the picture are then missed. Here the same
weights look at the input at full, half and quarter size (2x2 means), which finds large and small faces in one run.
The decoding of the grid is inside; a threshold and the removal of overlaps are left to the caller.
"""

import sys
from pathlib import Path

import numpy as np
import tfjs_weights
from graph import Graph

MEAN_RGB = np.array([117.001, 114.697, 97.404], np.float32).reshape(1, 3, 1, 1)
LEAK = 0.10000000149011612
# Width and height of the five box shapes the net was trained with, in grid cells.
ANCHORS = np.array(
    [[1.603231, 2.094468], [6.041143, 7.080126], [2.882459, 3.518061], [4.266906, 5.178857], [9.041765, 10.66308]],
    np.float32,
)


# Full, half and quarter size.
LEVELS = 3


def build(tensors: dict[str, np.ndarray], path: Path) -> None:
    graph = Graph("tiny_face_detector")
    x = graph.add("Sub", ["image", graph.weight("mean", MEAN_RGB)], "centred")
    x = graph.add("Div", [x, graph.weight("range", np.float32(255.0))], "scaled")
    found = []
    for level in range(LEVELS):
        if level > 0:
            x = graph.add("AveragePool", [x], f"level{level}", kernel_shape=[2, 2], strides=[2, 2])
        found.append(_level(graph, tensors, x, f"level{level}."))
    graph.add("Concat", [boxes for boxes, _ in found], "boxes", axis=1)
    graph.add("Concat", [scores for _, scores in found], "scores", axis=1)
    graph.save(path, {"image": ["n", 3, "height", "width"]}, {"boxes": ["n", "k", 4], "scores": ["n", "k"]})


def _level(graph: Graph, tensors: dict, x: str, at: str) -> tuple[str, str]:
    x = graph.conv(x, "conv0", tensors["conv0/filters"], tensors["conv0/bias"], at=at)
    x = graph.add("LeakyRelu", [x], f"{at}conv0.leaky", alpha=LEAK)
    for layer in range(1, 6):
        x = _pool(graph, x, layer, at, stride=2)
        x = _separable(graph, tensors, x, f"conv{layer}", at)
    x = _pool(graph, x, 6, at, stride=1)
    x = graph.conv(x, "conv8", tensors["conv8/filters"], tensors["conv8/bias"], at=at)
    return _decode(graph, x, at)


def _pool(graph: Graph, x: str, layer: int, at: str, *, stride: int) -> str:
    """TensorFlow's "same" pooling: only the odd side before the second
    pool and the last, unstrided pool need a row and a column more."""
    odd = layer == 2 or stride == 1
    return graph.add(
        "MaxPool",
        [x],
        f"{at}pool{layer}",
        kernel_shape=[2, 2],
        strides=[stride, stride],
        pads=[0, 0, 1, 1] if odd else [0, 0, 0, 0],
    )


def _separable(graph: Graph, tensors: dict, x: str, name: str, at: str) -> str:
    x = graph.depthwise(x, f"{name}.depth", tensors[f"{name}/depthwise_filter"], pads=(1, 1, 1, 1), at=at)
    x = graph.conv(x, f"{name}.point", tensors[f"{name}/pointwise_filter"], tensors[f"{name}/bias"], at=at)
    return graph.add("LeakyRelu", [x], f"{at}{name}.leaky", alpha=LEAK)


def _decode(graph: Graph, x: str, at: str) -> tuple[str, str]:
    """Turns the 25 channels (five box shapes times x, y, width, height, score) into boxes and scores."""

    def add(op: str, inputs: list[str], label: str, **attributes) -> str:
        return graph.add(op, inputs, at + label, **attributes)

    def part(label: str, start: int, end: int) -> str:
        bounds = [graph.integers(f"at{start}", [start]), graph.integers(f"at{end}", [end]), graph.integers("axis2", [2])]
        return add("Slice", [rows, *bounds], label)

    rows = add("Reshape", [x, graph.integers("rows.shape", [0, 5, 5, -1])], "rows")
    places, counts = _grid(graph, x, at)
    anchors = graph.weight("half.anchors", (ANCHORS / 2).reshape(1, len(ANCHORS), 2, 1))
    centre = add("Add", [add("Sigmoid", [part("centre.raw", 0, 2)], "centre.part"), places], "centre")
    half = add("Mul", [add("Exp", [part("size.raw", 2, 4)], "size.part"), anchors], "half")
    corners = [add("Sub", [centre, half], "low"), add("Add", [centre, half], "high")]
    corners = [add("Div", [corner, counts], f"corner{i}") for i, corner in enumerate(corners)]
    boxes = add("Transpose", [add("Concat", corners, "columns", axis=2)], "box.rows", perm=[0, 1, 3, 2])
    boxes = add("Reshape", [boxes, graph.integers("boxes.shape", [0, -1, 4])], "boxes")
    score = add("Sigmoid", [part("score.raw", 4, 5)], "score.part")
    return boxes, add("Reshape", [score, graph.integers("scores.shape", [0, -1])], "scores")


def _grid(graph: Graph, x: str, at: str) -> tuple[str, str]:
    """Column and row of every cell, [n, 1, 2, cells], and their counts, [n, 1, 2, 1], for whatever size came in.

    A running sum over ones counts the cells, which needs no operators on shapes.
    """
    bounds = [graph.integers("at0", [0]), graph.integers("at1", [1]), graph.integers("axis1", [1])]
    one = graph.weight("one", np.float32(1.0))
    ones = graph.add("Slice", [x, *bounds], f"{at}channel")
    ones = graph.add("Mul", [ones, graph.weight("zero", np.float32(0.0))], f"{at}zeros")
    ones = graph.add("Add", [ones, one], f"{at}ones")
    places, counts = [], []
    for name, axis in (("column", 3), ("row", 2)):
        axis = graph.weight(f"{name}.axis", np.array(axis, np.int64))
        index = graph.add("CumSum", [ones, axis], f"{at}{name}.index", exclusive=1)
        index = graph.add("Reshape", [index, graph.integers("cells.shape", [0, 1, 1, -1])], f"{at}{name}.place")
        places.append(index)
        last = graph.add("ReduceMax", [index], f"{at}{name}.last", axes=[3], keepdims=1)
        counts.append(graph.add("Add", [last, one], f"{at}{name}.count"))
    return graph.add("Concat", places, f"{at}places", axis=2), graph.add("Concat", counts, f"{at}counts", axis=2)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: tiny_face_detector.py WEIGHTS_MANIFEST.json OUT.onnx")
    build(tfjs_weights.read(Path(sys.argv[1])), Path(sys.argv[2]))
