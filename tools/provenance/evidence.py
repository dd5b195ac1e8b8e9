#!/usr/bin/env python3
"""Counts, for every kind of evidence that `file-origin` knows, how many files that carry it are found, and in how many untouched ones it is seen by
mistake; measures how long a file that decides itself takes. Writes docs/evidence.md.

    evidence.py --program target/release/drishtiksha --untouched NAME=DIR … [--obtained NAME=DIR …] [--each 40]

Called by `scripts/evidence`, which gets the untouched files; what has to be installed is named in make.py.
"""

import argparse
import collections
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import make
import notes
from PIL import Image

PAGE = make.ROOT / "docs/evidence.md"


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        program = Program(options.program, work)
        untouched = {name: program.judge(place) for name, place in options.untouched}
        everything = [seen for many in untouched.values() for seen in many]
        pictures = [seen.path for seen in everything if seen.is_large_picture()]
        sounds = [seen.path for seen in everything if seen.kind == "audio" and seen.lasts_ms > 1500]
        made = make_all(pictures, sounds, options.each, work, program)
        obtained = {name: program.judge(place) for name, place in options.obtained}
        write(untouched, made, stripped(made, work, program), obtained, program)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    place = lambda text: (text.split("=", 1)[0], Path(text.split("=", 1)[1]).resolve())
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--untouched", type=place, nargs="+", required=True)
    parser.add_argument("--obtained", type=place, nargs="*", default=[])
    parser.add_argument("--each", type=int, default=40)
    return parser.parse_args()


class Seen:
    """What `file-origin` said of one file."""

    def __init__(self, document: dict) -> None:
        self.path = Path(document["file"])
        media, [analysis] = document["media"], document["analyses"]
        self.kind, self.lasts_ms, self.sides = media["media_type"], media["duration_ms"] or 0, media.get("dimensions")
        origin = analysis.get("provenance") or {}
        self.declares = document["verdict"]["prediction"] == "FAKE"
        self.rules = {(trace["kind"], trace["rule"]) for trace in origin.get("traces", [])}
        self.credentials = origin.get("credentials")
        self.may_be_a_copy = "may_be_a_copy" in analysis["reasons"]

    def is_large_picture(self) -> bool:
        """As the open watermark wants it."""
        return self.kind == "image" and min(self.sides.values()) >= 256 and self.sides["width"] * self.sides["height"] <= 8_500_000


class Program:
    def __init__(self, path: Path, work: Path) -> None:
        # The test authority is trusted besides the bundled list; packages and weights are those of the set-up.
        self.call, self.settings = path.resolve(), {**os.environ, "DRISHTIKSHA_TRUST": str(work / "trusted")}
        (work / "trusted").mkdir()

    def judge(self, folder: Path) -> list[Seen]:
        call = [self.call, "analyze", "--json", "--quiet", "--recursive", "--models", "file-origin", folder]
        lines = subprocess.run(call, env=self.settings, capture_output=True, text=True, check=False).stdout.splitlines()
        documents = [json.loads(line) for line in lines]
        return [Seen(document) for document in documents if "verdict" in document]

    def seconds(self, path: Path) -> float:
        begin = time.perf_counter()
        subprocess.run([self.call, "analyze", "--json", "--quiet", path], env=self.settings, capture_output=True, check=False)
        return time.perf_counter() - begin


def make_all(pictures: list[Path], sounds: list[Path], each: int, work: Path, program: Program) -> dict[str, list[Seen]]:
    """By kind of evidence, what was said of the files that carry it."""
    expected: dict[Path, str] = {}
    for name, files in (("notes", notes.written(pictures, each, folder(work, "notes"))), ("sounds", notes.sung(sounds, each, folder(work, "sounds"))),
                        ("marks", notes.marked(pictures, each, folder(work, "marks"))), ("credentials", signed(pictures, each, folder(work, "credentials"), work))):
        expected |= {path: kind for kind, path in files}
        print(f"{name}: made", flush=True)
    found = collections.defaultdict(list)
    for name in ("notes", "sounds", "marks", "credentials"):
        for seen in program.judge(work / name):
            found[expected[seen.path]].append(seen)
    return dict(found)


def folder(work: Path, name: str) -> Path:
    (work / name).mkdir()
    return work / name


def signed(pictures: list[Path], each: int, to: Path, work: Path):
    """Content Credentials in every state, by an authority that is made for this run."""
    known, unknown = make.Authority(work, "known"), make.Authority(work, "unknown")
    (work / "trusted/known.pem").write_text(known.root.read_text())
    make.OUT, out = to, make.OUT
    plain = work / "plain.jpg"
    for number in range(each):
        notes.small(pictures[-1 - number % len(pictures)]).save(plain, quality=85)
        sign = lambda who, name, term: who.sign("image/jpeg", plain, f"{name}-{number}.jpg", [make.created(term)])
        yield "Content Credentials that declare AI, trusted", sign(known, "trusted-ai", "trainedAlgorithmicMedia")
        yield "Content Credentials that declare AI, of an unknown signer", sign(unknown, "unknown-ai", "trainedAlgorithmicMedia")
        capture = sign(known, "capture", "digitalCapture")
        yield "Content Credentials of a trusted capture", capture
        yield "Content Credentials of a capture by an unknown signer", sign(unknown, "unknown-capture", "digitalCapture")
        tampered = bytearray(capture.read_bytes())
        tampered[-300 - number] ^= 0x10
        (to / f"tampered-{number}.jpg").write_bytes(tampered)
        yield "Content Credentials of content that was changed", to / f"tampered-{number}.jpg"
    make.OUT = out


def is_found(kind: str, seen: Seen) -> bool:
    """Whether just that was seen which the file was made to carry."""
    credentials = seen.credentials or {}
    match kind.removeprefix("Content Credentials "):
        case "that declare AI, trusted":
            return seen.declares and credentials.get("state") == "trusted"
        case "that declare AI, of an unknown signer":
            return seen.declares and credentials.get("state") == "valid"
        case "of a trusted capture":
            return not seen.declares and credentials.get("signed_capture", False)
        case "of a capture by an unknown signer":
            return not seen.declares and credentials.get("state") == "valid" and not credentials["signed_capture"]
        case "of content that was changed":
            return not seen.declares and credentials.get("state") == "invalid"
    return seen.declares and ("declaration", kind.split(" ")[0].rstrip(",")) in seen.rules


def stripped(made: dict[str, list[Seen]], work: Path, program: Program) -> list[Seen]:
    """The same pictures, saved anew without any note; marks in the pixels, which stay, are left out."""
    to = folder(work, "stripped")
    for kind, many in made.items():
        for seen in many if "watermark" not in kind and seen_pictures(many) else []:
            Image.open(seen.path).convert("RGB").save(to / f"{seen.path.stem}.jpg", quality=85)
    return program.judge(to)


def seen_pictures(many: list[Seen]) -> bool:
    return all(seen.kind == "image" for seen in many)


def share(hits: int, of: int) -> str:
    """With Wilson's interval at 95 %."""
    if of == 0:
        return "–"
    p, z = hits / of, 1.959964
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (max(0.0, min(1.0, (middle + sign * half) / (1 + z * z / of))) * 100 for sign in (-1, 1))
    figure = lambda value: f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.2g}"
    return f"{hits} of {of} ({figure(low)}–{figure(high)} %)"


def write(untouched: dict, made: dict, bare: list[Seen], obtained: dict, program: Program) -> None:
    everything = [seen for many in untouched.values() for seen in many]
    page = [(make.ROOT / "tools/provenance/evidence.head.txt").read_text()]
    page += ["## Found where it is, and seen by mistake\n", "| evidence | files made to carry it, found | untouched files in which it is seen |", "|---|---|---|"]
    for kind in sorted(made):
        page.append(f"| {kind} | {share(sum(is_found(kind, seen) for seen in made[kind]), len(made[kind]))} | {mistakes(kind, made[kind], everything)} |")
    page += ["\n## Untouched files\n", "| files | n | declared AI | signed capture | credentials invalid | a program's name | nothing shows it is no copy |", "|---|---|---|---|---|---|---|"]
    for name, many in [*untouched.items(), ("**all**", everything)]:
        count = lambda test, many=many: sum(map(test, many))
        invalid = count(lambda seen: (seen.credentials or {}).get("state") == "invalid")
        signed_capture = count(lambda seen: bool((seen.credentials or {}).get("signed_capture")))
        hints = count(lambda seen: any(kind == "hint" for kind, _ in seen.rules))
        copies = count(lambda seen: seen.may_be_a_copy)
        page.append(f"| {name} | {len(many)} | {share(count(lambda seen: seen.declares), len(many))} | {signed_capture} | {invalid} | {hints} | {copies} |")
    page += ["\n## Obtained files of generators\n", "| files | n | declared AI |", "|---|---|---|"]
    page += [f"| {name} | {len(many)} | {share(sum(seen.declares for seen in many), len(many))} |" for name, many in obtained.items()]
    said = sum(seen.may_be_a_copy for seen in bare)
    page += ["\n## Without their notes\n", f"The made pictures of the first table, saved anew as JPEG without any note: declared AI {share(sum(seen.declares for seen in bare), len(bare))}, and of the others "
             f"{said} carry `may_be_a_copy`, so that a REAL by the nets is never said without it. (Marks in the pixels are left out; what they survive stands above.)"]
    page += ["\n## How long it takes\n", times(made, program)]
    PAGE.write_text("\n".join(page) + "\n")
    print(f"written: {PAGE}")


def mistakes(kind: str, made: list[Seen], everything: list[Seen]) -> str:
    """Among untouched files of the kind of media in which it can stand."""
    if "watermark" in kind:
        of = [seen for seen in everything if seen.is_large_picture()]
    else:
        of = [seen for seen in everything if seen.kind == made[0].kind or kind.startswith("Content")]
    return share(sum(is_found(kind, seen) for seen in of), len(of))


def times(made: dict, program: Program) -> str:
    files = [many[0].path for many in made.values() if many[0].declares]
    program.seconds(files[0])
    took = sorted(program.seconds(path) * 1000 for path in files for _ in range(3))
    return (f"From the start of the program to its end, with every model installed and none of them run, one file each of the kinds above that declare AI, three times: median {statistics.median(took):.0f} ms, "
            f"slowest {took[-1]:.0f} ms (n = {len(took)}).")


if __name__ == "__main__":
    main()
