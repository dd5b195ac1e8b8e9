"""Speech whose sounds are known to the millisecond: flite reads the documents of this repository.

`python speak.py OUT` writes `N.wav` and `N.txt` (voice, then `phone:end_secs …`) for each pair of sentences.
"""

import random
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VOICES = ["slt", "rms", "awb", "kal16"]
SPEEDS = ["0.9", "1.0", "1.15", "0.8"]
PAIRS = 240
PLAIN = re.compile(r"[A-Za-z ,.'\-:;]+")


def sentences():
    """Sentences of the documents that are plain words, in an order of their own."""
    files = sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs" / "decisions").glob("*.md"))
    text = " ".join(path.read_text("utf-8") for path in files)
    text = re.sub(r"`[^`]*`|\[|\]|\([^)]*\)|[|#*>_]", " ", text)
    found = [part.strip() for part in re.split(r"(?<=[.:;])\s", re.sub(r"\s+", " ", text))]
    kept = [part for part in found if 40 < len(part) < 160 and PLAIN.fullmatch(part)]
    random.Random(1).shuffle(kept)
    return kept


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    lines = sentences()
    for number, (first, second) in enumerate(zip(lines[0::2], lines[1::2])):
        if number == PAIRS:
            break
        voice, speed = VOICES[number % 4], SPEEDS[number // 4 % 4]
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={speed}", "-psdur"]
        command += ["-t", f"{first} {second}", "-o", str(out / f"{number:03}.wav")]
        phones = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (out / f"{number:03}.txt").write_text(f"{voice}\n{phones}")


if __name__ == "__main__":
    main()
