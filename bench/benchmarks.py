"""Measures Drishtiksha against Python and writes docs/benchmarks.md. Start it with `make bench`.

Sides are run in turn, and a ratio is the median over the rounds of rival / ours, so above 1 means that we
are faster. One section per question; `--only NAME` runs one of them and prints it without writing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import engine_speed
import first_result
import several_models
import whole_video
from machine import facts
from settings import Settings

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "benchmarks.md"
SECTIONS: dict[str, Callable[[Settings], str]] = {
    "engine": engine_speed.section,
    "video": whole_video.section,
    "several": several_models.section,
    "first": first_result.section,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", required=True, help="the built drishtiksha")
    arguments.add_argument("--only", choices=SECTIONS, help="run one section and write nothing")
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    os.chdir(ROOT)
    settings = Settings(program=options.program, rounds=options.rounds, threads=len(os.sched_getaffinity(0)))
    if options.only:
        print(SECTIONS[options.only](settings))
        return
    parts = [HEAD.format(rounds=settings.rounds), facts(settings.program)]
    for name, section in SECTIONS.items():
        print(f"measuring: {name}", file=sys.stderr)
        parts.append(section(settings))
        print(parts[-1], file=sys.stderr)
    TARGET.write_text("\n\n".join(parts) + "\n")
    print(f"wrote {TARGET.relative_to(ROOT)}", file=sys.stderr)


HEAD = """# Benchmarks

Written by `make bench`; do not edit by hand. The programs that measure are in `bench/`.
Sides ran in turn, {rounds} rounds (the 10-minute clip at most 3). A ratio is the median over the rounds of rival / ours: above 1 means that Drishtiksha is faster.
Memory is the highest sum of the resident memory of a process and all its children; pages that they share are counted for each.
Measured apart: [how smooth the web app is](benchmarks-web.md), [the service beside a Node service](benchmarks-service.md),
[how it grows with workers and servers](benchmarks-capacity.md)."""


if __name__ == "__main__":
    main()
