"""One model in Python onnxruntime, timed run by run: the rival of `drishtiksha models bench`.

Prints JSON with `times_ms`. The input is that of the other side; spinning is off, as on our side.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import onnxruntime

import packages


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--runs", type=int, required=True)
    arguments.add_argument("--warm-up", type=int, default=1)
    options = arguments.parse_args()

    package = packages.installed()[options.model]
    session = open_session(package, options.threads)
    value = noise(package.input_shape())
    times_ms = []
    for _ in range(options.warm_up + options.runs):
        begin = time.perf_counter()
        session.run([package.manifest["tensor"]["output"]], {package.input_name: value})
        times_ms.append((time.perf_counter() - begin) * 1000)
    print(json.dumps({"times_ms": times_ms[options.warm_up :]}))


def noise(shape: list[int]) -> np.ndarray:
    """The input of `models bench`, value by value."""
    steps = np.arange(np.prod(shape), dtype=np.uint64) * 2_654_435_761 % 2**32
    return (steps / 2**32 * 2 - 1).astype(np.float32).reshape(shape)


def open_session(package: packages.Package, threads: int) -> onnxruntime.InferenceSession:
    """A session as ours: so many threads inside an operator, none of them spinning."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(package.weights, settings, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
