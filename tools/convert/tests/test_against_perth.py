"""The converted Perth against its definition in PyTorch, as its publisher feeds it: sound at 32 kHz, all bands, three branches. With random weights, and with
the publisher's (`perth_net_250000.pth.tar` of resemble-perth 1.0.1) where they lie beside the weights of the other tests."""

import unittest
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .references import TOLERANCE, enliven
from .support import CHECKOUT, ConverterTest, answer
from .test_against_real_weights import WEIGHTS

SPEEDS = {"slow": 1.25, "normal": 1.0, "fast": 0.75}
SAMPLES = 16_000
BANDS, HIDDEN = 128, 256


class Conv(nn.Module):
    def __init__(self, given: int, out: int, width: int):
        super().__init__()
        self.conv = nn.Conv1d(given, out, width, padding=width // 2)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in SPEEDS:
            middle = [Conv(HIDDEN, HIDDEN, 7) for _ in range(5)]
            setattr(self, f"{name}_layers", nn.ModuleList([Conv(BANDS, HIDDEN, 1), *middle, Conv(HIDDEN, 2, 1)]))

    def forward(self, spectrum: torch.Tensor, branches: list[str]) -> torch.Tensor:
        """Of all bands, [n, bands, frames]."""
        sums = spectrum.sum(1, keepdim=True)
        loud = (sums > 0.05 * sums.amax(2, keepdim=True)).float()
        attention, marks = [], []
        for name in branches:
            length = int(spectrum.shape[2] * SPEEDS[name])
            x = functional.interpolate(spectrum[:, :BANDS], length, mode="linear", align_corners=True)
            mask = functional.interpolate(loud, length, mode="nearest")
            layers = getattr(self, f"{name}_layers")
            for layer in layers[:-1]:
                x = functional.leaky_relu(layer.conv(x))
            means = (layers[-1].conv(x) * mask).sum(2) / mask.sum(2)
            attention.append(means[:, :1])
            marks.append(means[:, 1:])
        return (torch.cat(marks, 1) * torch.cat(attention, 1).softmax(1)).sum(1, keepdim=True)


def spectrum(wave: np.ndarray) -> torch.Tensor:
    """Of sound at 16 kHz, brought to 32 kHz; only whole frames, as the converted graph takes them."""
    bands = torch.fft.rfft(torch.from_numpy(wave).float())
    twice = torch.fft.irfft(nn.functional.pad(bands, (0, bands.shape[1] - 1)), 2 * wave.shape[1]) * 2
    frames = torch.stft(twice, 2048, 320, window=torch.hann_window(2048), center=False, return_complex=True).abs()
    return (20 * torch.log10(frames.clip(1e-9)) + 180) / 195


def speech_like(rows: int) -> np.ndarray:
    """Swelling noise whose level is no constant, so that the mask has something to do."""
    random, time = np.random.default_rng(5), np.arange(SAMPLES) / 16_000
    return (random.normal(0, 0.1, (rows, SAMPLES)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))).astype(np.float32)


class PerthTest(ConverterTest):
    def save(self, decoder: nn.Module, more: dict[str, torch.Tensor] | None = None) -> Path:
        state = {f"decoder.{name}": value for name, value in decoder.state_dict().items()}
        path = self.folder / "perth.pth.tar"
        torch.save({"model": {**state, "encoder.layers.0.conv.bias": torch.zeros(1), "ap.spectrogram.window": torch.zeros(1), **(more or {})}, "step": 7}, path)
        return path

    def compare(self, package: Path, decoder: Decoder, branches: list[str], tolerance: float) -> None:
        rows = speech_like(3)
        with torch.no_grad():
            expected = decoder(spectrum(rows), branches).numpy()
        np.testing.assert_allclose(answer(package, rows), expected, atol=tolerance, rtol=tolerance)

    def test_every_choice_of_branches(self) -> None:
        decoder = enliven(Decoder())
        weights = self.save(decoder)
        for at, branches in enumerate((list(SPEEDS), ["normal"], ["slow", "fast"])):
            package = self.convert("perth", weights, "--samples", str(SAMPLES), "--branches", *branches, name=f"perth-{at}")
            self.compare(package, decoder, branches, TOLERANCE)

    def test_bytes_cost_little(self) -> None:
        decoder = enliven(Decoder())
        package = self.convert("perth", self.save(decoder), "--samples", str(SAMPLES), "--bytes")
        self.compare(package, decoder, list(SPEEDS), 0.02)
        self.assertLess((package / "weights.onnx").stat().st_size, 8_500_000)

    def test_silence_is_a_number(self) -> None:
        package = self.convert("perth", self.save(enliven(Decoder())), "--samples", str(SAMPLES))
        self.assertEqual(answer(package, np.zeros((1, SAMPLES))).tolist(), [[0.0]])

    def test_what_does_not_fit_is_named(self) -> None:
        weights = self.save(enliven(Decoder()), {"decoder.faster_layers.0.conv.bias": torch.zeros(1)})
        self.assertIn("faster_layers", self.refused("perth", weights))
        self.assertIn("--samples", self.refused("perth", weights, "--samples", "1000"))

    def real(self) -> tuple[Path, Decoder]:
        path = WEIGHTS / "perth_net_250000.pth.tar"
        if not path.is_file():
            self.skipTest(f"{path} is not there")
        state = torch.load(path, map_location="cpu", weights_only=True)["model"]
        decoder = Decoder()
        decoder.load_state_dict({name.removeprefix("decoder."): value for name, value in state.items() if name.startswith("decoder.")})
        return path, decoder

    def test_two_branches_of_the_real_weights_are_dead(self) -> None:
        """They answer the same to speech of a person and of a machine, to noise, tones and a square wave; the third does not."""
        _, decoder = self.real()
        time = np.arange(SAMPLES) / 16_000
        rows = [speech_like(1)[0], 0.001 * speech_like(1)[0], np.sin(2000 * time), np.sign(np.sin(900 * time))]
        rows += [np.fromfile(CHECKOUT / f"testdata/golden/{name}.f32", "<f4")[:SAMPLES] for name in ("wave", "perth-watermark-marked", "perth-watermark-plain")]
        heard = spectrum(np.array(rows))
        for name in SPEEDS:
            with torch.no_grad():
                answers = decoder(heard, [name])[:, 0]
            spread = float(answers.max() - answers.min())
            self.assertTrue(spread > 5 if name == "normal" else spread < 1e-3, f"{name}: {answers.tolist()}")

    def test_real_weights(self) -> None:
        real, decoder = self.real()
        package = self.convert("perth", real, "--samples", str(SAMPLES))
        self.compare(package, decoder, list(SPEEDS), TOLERANCE)


if __name__ == "__main__":
    unittest.main()
