"""Sentences for the engines: the very texts that the human packages speak.

Asterisk ships the transcripts of its prompts, tuxpaint the descriptions in many languages.
"""

import gzip
import re

from common import DEB, rng_for

LETTERS = re.compile(r"[^\W\d_]")


def prompts(language):
    """Transcripts of the telephone prompts."""
    path = DEB / f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    if not path.exists():
        return []
    lines = gzip.open(path, "rt", encoding="utf-8", errors="replace").read().splitlines()
    texts = [line.split(":", 1)[1].strip() for line in lines if ":" in line and not line.startswith(";")]
    return [t for t in texts if "[" not in t and len(t) > 3]


def descriptions(language):
    """Descriptions of tuxpaint's stamps (English is the first line of each file)."""
    out = []
    for path in sorted((DEB / "usr/share/tuxpaint/stamps").rglob("*.txt")):
        lines = path.read_text("utf-8", errors="replace").splitlines()
        if not lines:
            continue
        if language == "en":
            out.append(lines[0].strip())
        else:
            out += [line.split("=", 1)[1].strip() for line in lines if line.startswith(f"{language}.utf8=")]
    return [t for t in out if len(t) > 3]


def sentences(language, count, purpose, length=55):
    """`count` texts of at least `length` letters, chosen by `purpose` alone."""
    pool = sorted(set(prompts(language)) | set(descriptions(language)))
    rng = rng_for("texts", language, purpose)
    out, current = [], ""
    while pool and len(out) < count:
        for index in rng.permutation(len(pool)):
            text = pool[index].replace('"', " ").replace("\\", " ").strip()
            text += "" if text.endswith((".", "!", "?")) else "."
            current = f"{current} {text}".strip()
            if len(LETTERS.findall(current)) >= length:
                out.append(current[:300])
                current = ""
            if len(out) == count:
                break
    return out
