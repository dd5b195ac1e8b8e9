"""Builds `face-landmarks-68` as ONNX from the TensorFlow.js weights in the npm package @vladmandic/face-api 1.7.15.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python face_landmark_68.py package/model/face_landmark_68_model-weights_manifest.json weights.onnx

Input `face`: float32 [n, 3, 112, 112], RGB 0..255; the mean is taken off inside.
Output `points`: float32 [n, 136], x and y in turn for 68 points, as parts (0..1) of the crop's side.
"""

import sys
from pathlib import Path

import numpy as np
import tfjs_weights
from graph import Graph

MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32).reshape(1, 3, 1, 1)
# TensorFlow's "same" padding of a 3x3 window: a stride of two on an even side pads only below and to the right.
SAME = {1: (1, 1, 1, 1), 2: (0, 0, 1, 1)}


def build(tensors: dict[str, np.ndarray], path: Path) -> None:
    graph = Graph("face_landmark_68")
    x = graph.add("Sub", ["face", graph.weight("mean", MEAN_RGB)], "centred")
    x = graph.add("Div", [x, graph.weight("range", np.float32(255.0))], "scaled")
    for block in range(4):
        x = _dense_block(graph, tensors, x, f"dense{block}", first=block == 0)
    # Four halvings leave 7x7; the publisher's 7x7 average pool is therefore the mean of the whole map.
    x = graph.add("AveragePool", [x], "pooled", kernel_shape=[7, 7], strides=[2, 2])
    x = graph.add("Flatten", [x], "flat", axis=1)
    fc = [graph.weight("fc.w", tensors["fc/weights"]), graph.weight("fc.b", tensors["fc/bias"])]
    graph.add("Gemm", [x, *fc], "points")
    graph.save(path, {"face": ["n", 3, 112, 112]}, {"points": ["n", 136]})


def _dense_block(graph: Graph, tensors: dict, x: str, block: str, *, first: bool) -> str:
    """Each of the four convolutions sees the sum of all that came before it in the block."""
    if first:
        filters, bias = tensors[f"{block}/conv0/filters"], tensors[f"{block}/conv0/bias"]
        outputs = [graph.conv(x, f"{block}.conv0", filters, bias, stride=2, pads=SAME[2])]
    else:
        outputs = [_separable(graph, tensors, x, f"{block}/conv0", stride=2)]
    total = graph.add("Relu", outputs, f"{block}.relu0")
    kept = [total]
    for step in range(1, 4):
        kept.append(_separable(graph, tensors, total, f"{block}/conv{step}", stride=1))
        total = kept[-1]
        for earlier in reversed(kept[:-1]):
            total = graph.add("Add", [earlier, total], f"{block}.sum{step}.{earlier}")
        total = graph.add("Relu", [total], f"{block}.relu{step}")
    return total


def _separable(graph: Graph, tensors: dict, x: str, name: str, *, stride: int) -> str:
    label = name.replace("/", ".")
    depth = tensors[f"{name}/depthwise_filter"]
    point = tensors[f"{name}/pointwise_filter"]
    x = graph.depthwise(x, f"{label}.depth", depth, stride=stride, pads=SAME[stride])
    return graph.conv(x, f"{label}.point", point, tensors[f"{name}/bias"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: face_landmark_68.py WEIGHTS_MANIFEST.json OUT.onnx")
    build(tfjs_weights.read(Path(sys.argv[1])), Path(sys.argv[2]))
