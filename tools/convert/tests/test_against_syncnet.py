"""The converted SyncNet against its two towers in PyTorch, fed as its publisher feeds them, with the cepstra of python_speech_features."""

import tomllib
import unittest
import wave

import numpy as np
import onnxruntime
import python_speech_features
import torch

from ..families import syncnet
from ..net import Net
from .references import TOLERANCE, SyncNet, enliven
from .support import CHECKOUT, ConverterTest

# From one frame to the next, at 25 a second.
FRAME = 640


def session(path) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def sounds() -> list[np.ndarray]:
    """Whole numbers of 16 bits: a person who speaks, and noise that swells from silence."""
    with wave.open(str(CHECKOUT / "testdata/speech-human.wav")) as file:
        person = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    noise = np.random.default_rng(5).normal(0, 1, 48_000) * np.linspace(0, 9000, 48_000)
    return [person.astype(float), noise.round()]


def heard(sound: np.ndarray, frames: range) -> tuple[np.ndarray, np.ndarray]:
    """Windows as the project cuts them, and the cepstra that the publisher cuts out of those of the whole."""
    windows = np.array([sound[frame * FRAME - syncnet.BEYOND :][: syncnet.SAMPLES] for frame in frames]) / syncnet.FULL_SCALE
    cepstra = python_speech_features.mfcc(sound, 16_000)
    return windows.astype(np.float32), np.array([cepstra[frame * 4 : frame * 4 + 20].T[None] for frame in frames], np.float32)


class SyncNetTests(ConverterTest):
    def test_cepstra_are_those_of_python_speech_features(self) -> None:
        net = Net("cepstra")
        net.save(self.folder / "cepstra.onnx", {"voice": ["m", syncnet.SAMPLES]}, {"cepstra": syncnet.cepstra(net, "voice")}, {"cepstra": ["m", 1, 13, 20]})
        for sound in sounds():
            windows, expected = heard(sound, range(1, len(sound) // FRAME - 6))
            found = session(self.folder / "cepstra.onnx").run(None, {"voice": windows})[0]
            np.testing.assert_allclose(found, expected, atol=1e-3, rtol=1e-4)

    def test_both_towers_in_true_size(self) -> None:
        model = enliven(SyncNet())
        torch.save(model.state_dict(), self.folder / "syncnet_v2.model")
        package = self.convert("syncnet", self.folder / "syncnet_v2.model")
        windows, cepstra = heard(sounds()[0], range(20, 24))
        faces = np.random.default_rng(4).uniform(0, 255, (3, 3, 5, 224, 224)).astype(np.float32)
        with torch.no_grad():
            # Blue comes first for the publisher, red for the project.
            seen = model.face(torch.from_numpy(faces[:, ::-1].copy())).numpy()
            voice = model.voice(torch.from_numpy(cepstra)).numpy()
        found = session(package / "weights.onnx").run(["face_embedding", "voice_embedding"], {"faces": faces, "voice": windows})
        for expected, given in zip((seen, voice), found):
            size = np.abs(expected).max()
            self.assertGreater(size, 0.01)
            np.testing.assert_allclose(given, expected, atol=TOLERANCE * size, rtol=TOLERANCE)
        manifest = tomllib.loads((package / "model.toml").read_text())
        self.assertEqual((manifest["pipeline"], manifest["lip_sync"]["samples"]), ("audio-visual", 3680))

    def test_other_nets_are_refused(self) -> None:
        state = SyncNet().state_dict()
        del state["netfclip.3.bias"]
        torch.save(state, self.folder / "other.model")
        self.assertIn("netfclip.3.bias", self.refused("syncnet", self.folder / "other.model"))


if __name__ == "__main__":
    unittest.main()
