"""How often `lip-sync` is right: `python measure.py PROGRAM FOLDER [--foreign SOUND]… [--json OUT]`.

FOLDER holds clips of one person who speaks, with their own sound. From each are made: the same clip with its sound moved, and
the same pictures with the sound of every other clip (and of every SOUND). Nothing in the clips is used to choose anything here.
Prints, for each kind, what the program said, and rates with Wilson's 95 % interval. Clips that the program cannot judge
as they are (nobody speaks, no face) are counted, and their changed copies are not made.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from intervals import wilson

SHIFTS_SECS = [-1.0, -0.7, -0.5, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0]
ALARMS = {"sound_shifted", "sound_foreign"}
FILMS = {".mp4", ".mov", ".mkv", ".webm", ".avi"}
# Neither says anything of the sound that was put there.
NOT_JUDGED = {"no_face", "face_too_small", "too_few_frames", "no_speech", "too_little_speech", "no_audio_track", "mouth_still"}


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, args)], check=True)


def has_sound(path):
    command = ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=index", "-of", "csv=p=0", path]
    return bool(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def shifted(source, secs, to):
    move = f"adelay={secs * 1000:.0f}:all=1" if secs > 0 else f"atrim=start={-secs},asetpts=PTS-STARTPTS"
    ffmpeg("-i", source, "-map", "0:v:0", "-map", "0:a:0", "-c:v", "copy", "-af", move, "-shortest", to)


def foreign(source, sound, to):
    ffmpeg("-i", source, "-i", sound, "-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-shortest", to)


def judge(program, path):
    """The codes, and the numbers behind them where there are some."""
    command = [program, "analyze", "--json", "--models", "lip-sync", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True)
    document = json.loads(answer.stdout)
    document = document[0] if isinstance(document, list) else document
    analysis = document["analyses"][0]
    return set(analysis["reasons"]) - {"unrated"}, analysis.get("sync") or {}


def rate(hits, n):
    low, high = wilson(hits, n)
    return f"{hits} of {n} ({low:.0%} to {high:.0%})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--foreign", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    clips = [path for path in sorted(args.folder.rglob("*")) if path.suffix.lower() in FILMS and has_sound(path)]
    said, rows = defaultdict(list), []

    def note(kind, clip, path, wanted_secs=None):
        codes, sync = judge(args.program, path)
        said[kind].append(codes)
        rows.append({"kind": kind, "clip": clip.name, "codes": sorted(codes), "wanted_secs": wanted_secs,
                     **{k: sync[k] for k in ("offset_ms", "best", "in_place", "compared_ms") if k in sync}})
        print(json.dumps(rows[-1]), flush=True)
        return codes

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.mkv"
        usable = [clip for clip in clips if not note("as it is", clip, clip) & NOT_JUDGED]
        for clip in usable:
            for secs in SHIFTS_SECS:
                shifted(clip, secs, made)
                note(f"moved by {abs(secs)} s", clip, made, secs)
            for sound in [other for other in usable if other != clip] + args.foreign:
                foreign(clip, sound, made)
                note("foreign", clip, made)
    print(f"\n{len(clips)} clips with sound, {len(usable)} of them judged")
    for kind, codes in said.items():
        alarms = sum(bool(c & ALARMS) for c in codes)
        words = ", ".join(f"{code} {n}" for code, n in Counter(c for each in codes for c in each).most_common())
        print(f"{kind}: alarm {rate(alarms, len(codes))}; {words}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
