"""Makes the tiny nets of the tests beside it, so that what a pipeline does with a net can be had on purpose.

    PYTHONPATH=tools python -B crates/infer/tests/nets/make.py

Needs what tools/convert/requirements.txt names.
"""

import math
from pathlib import Path

import numpy as np
from convert.net import Net

FOLDER = Path(__file__).parent
# The face of testdata/astronaut.png as YuNet sees it, in pixels of that picture: box, and eyes, nose and corners of the mouth.
BOX = (181.3, 53.8, 92.4, 124.3)
POINTS = ((205.1, 96.9), (247.5, 102.8), (222.4, 126.6), (201.0, 141.0), (239.0, 146.4))
SIDE, TURNED_DEGREES = 512, -25
# The longer side at which faces are looked for, and the largest cells.
FINDER_SIDE, STRIDE = 640, 32
JUDGED_SIDE = 32
# Five frames with their sound, and where the mouth of the portrait lies in them.
FRAMES, FACE_SIDE, HEARD, LENGTH = 5, 64, 3200, 6
MOUTH_ROWS, MOUTH_COLUMNS = (24, 35), (25, 39)


def main() -> None:
    finder("finder-upright.onnx", 0)
    finder("finder-turned.onnx", TURNED_DEGREES)
    halves("halves.onnx")
    towers("towers.onnx")


def finder(name: str, degrees: float) -> None:
    """Answers as YuNet does, and always finds the same face: that of the portrait, turned clockwise round the middle of the picture."""
    net, angle = Net("finder"), math.radians(degrees)

    def turned(x: float, y: float) -> tuple[float, float]:
        dx, dy = x - SIDE / 2, y - SIDE / 2
        return SIDE / 2 + dx * math.cos(angle) - dy * math.sin(angle), SIDE / 2 + dx * math.sin(angle) + dy * math.cos(angle)

    scale = FINDER_SIDE / SIDE / STRIDE
    left, top, width, height = BOX
    middle = turned(left + width / 2, top + height / 2)
    box = [middle[0] * scale, middle[1] * scale, math.log(width * scale), math.log(height * scale)]
    points = [value * scale for point in POINTS for value in turned(*point)]
    # All places are told from the first cell; nothing is in the smaller ones.
    nothing = net.op("Mul", net.op("ReduceMean", "input", axes=[1, 2, 3], keepdims=0), net.number(0))
    outputs, shapes = {}, {}
    for stride in (8, 16, STRIDE):
        here = stride == STRIDE
        for word, values in (("cls", [float(here)]), ("obj", [float(here)]), ("bbox", box), ("kps", points)):
            output = f"{word}_{stride}"
            outputs[output] = net.add(net.weight(np.array(values).reshape(1, 1, -1)), nothing)
            shapes[output] = [1, 1, len(values)]
    net.save(FOLDER / name, {"input": [1, 3, "height", "width"]}, outputs, shapes)


def halves(name: str) -> None:
    """How much lighter the upper half is than the lower, and the left than the right: turned faces answer otherwise."""
    net = Net("halves")
    y, x = np.mgrid[:JUDGED_SIDE, :JUDGED_SIDE] / (JUDGED_SIDE - 1) - 0.5
    weighed = net.op("Mul", "image", net.weight(np.broadcast_to(-y - x, (1, 3, JUDGED_SIDE, JUDGED_SIDE))))
    score = net.op("Mul", net.reshape(net.op("ReduceMean", weighed, axes=[1, 2, 3], keepdims=0), -1, 1), net.number(100))
    net.save(FOLDER / name, {"image": ["n", 3, JUDGED_SIDE, JUDGED_SIDE]}, {"score": score}, {"score": ["n", 1]})


def towers(name: str) -> None:
    """Two vectors of five numbers: how dark the mouth is in each of five frames, and how loud the sound is meanwhile; each less its mean and at one length."""
    net = Net("towers")
    mouth = "faces"
    for axis, (start, end) in ((3, MOUTH_ROWS), (4, MOUTH_COLUMNS)):
        mouth = net.cut(mouth, axis, start, end)
    darkness = net.op("Neg", net.op("ReduceMean", net.reshape(net.op("Transpose", mouth, perm=[0, 2, 1, 3, 4]), 0, FRAMES, -1), axes=[2], keepdims=0))
    parts = net.reshape("voice", 0, FRAMES, -1)
    loudness = net.op("Sqrt", net.op("Sqrt", net.op("ReduceMean", net.op("Mul", parts, parts), axes=[2], keepdims=0)))
    outputs = {"face_embedding": at_one_length(net, darkness), "voice_embedding": at_one_length(net, loudness)}
    net.save(
        FOLDER / name, {"faces": ["n", 3, FRAMES, FACE_SIDE, FACE_SIDE], "voice": ["m", HEARD]}, outputs,
        {"face_embedding": ["n", FRAMES], "voice_embedding": ["m", FRAMES]},
    )


def at_one_length(net: Net, x: str) -> str:
    x = net.op("Sub", x, net.op("ReduceMean", x, axes=[1], keepdims=1))
    return net.op("Mul", net.op("Div", x, net.add(net.op("ReduceL2", x, axes=[1], keepdims=1), net.number(1e-6))), net.number(LENGTH))


if __name__ == "__main__":
    main()
