"""The test clip and the golden results: `python sample.py CHECKOUT`. Marks `testdata/samples/machine-voice.wav` with the publisher's encoder."""

import json
import sys
from pathlib import Path

import onnxruntime
import soundfile

import publisher
from changes import HEARD_HZ, decode
from measure import WINDOW, Net

START = HEARD_HZ


def main(checkout):
    package, golden = checkout / "models/perth-watermark/1.0.0", checkout / "testdata/golden"
    source, target = checkout / "testdata/samples/machine-voice.wav", checkout / "testdata/marked-voice.wav"
    plain = decode(source, HEARD_HZ)
    soundfile.write(target, publisher.mark(publisher.load(), plain, HEARD_HZ)[: len(plain)], HEARD_HZ, subtype="PCM_16")
    net, cases = Net(package / "weights.onnx"), []
    for name, path in (("marked", target), ("plain", source)):
        window = decode(path, HEARD_HZ)[START : START + WINDOW].astype("<f4")
        window.tofile(golden / f"perth-watermark-{name}.f32")
        answer = net.session.run(None, {"wave": window[None]})[0][0, 0]
        note = f"Python onnxruntime {onnxruntime.__version__}; 3 s of testdata/{path.relative_to(checkout / 'testdata')} from 1 s"
        cases.append({"input": f"testdata/golden/perth-watermark-{name}.f32", "shape": [1, WINDOW], "output": [float(f"{answer:.6g}")], "tolerance": 0.01, "note": note})
    (package / "golden.json").write_text(json.dumps({"cases": cases}, indent=2) + "\n")
    print(json.dumps(cases, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
