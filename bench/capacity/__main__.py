"""Measures how throughput and waiting grow with workers, ML servers and API servers, with simulated models, and writes
docs/benchmarks-capacity.md and docs/benchmarks-capacity.json. Start it with bench/capacity/run.sh.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import machine
from service.servers import Postgres, Redis, postgres_tools

from .data import Measured
from .parts import PARTS, QUICK, Sizes, chosen
from .probe import CORES
from .report import document
from .stage import Theatre

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks-capacity.md"
DATA = ROOT / "docs" / "benchmarks-capacity.json"


def main() -> None:
    options = arguments()
    sizes, rounds = (QUICK, 1) if options.quick else (Sizes(), options.rounds)
    if options.wait_ms:
        sizes = replace(sizes, waits_ms=(options.wait_ms,))
    measured = Measured() if options.quick else Measured.read(DATA)
    parts = options.part or PARTS
    if not options.report:
        measured.facts = facts(str(options.program), options.profile)
        if not options.more:
            for part in parts:
                measured.forget(part, sizes.waits_ms)
        with theatre(options.program) as stages:
            for _ in range(rounds):
                for part in parts:
                    begin = time.monotonic()
                    samples = list(chosen(part, stages, sizes))
                    measured.add(part, samples, time.monotonic() - begin)
                    print(f"measured: {part}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
                    if not options.quick:
                        measured.write(DATA)
    if options.note:
        measured.notes |= dict.fromkeys(parts, options.note)
        measured.write(DATA)
    if options.quick:
        print(document(measured))
        return
    PAGE.write_text(document(measured))
    print(f"wrote {PAGE.relative_to(ROOT)} and {DATA.relative_to(ROOT)}", file=sys.stderr)


@contextmanager
def theatre(program: Path) -> Iterator[Theatre]:
    """The servers that stay, in a folder that goes away with them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drishtiksha-capacity-")))
        # PostgreSQL runs as somebody else when this is run by the superuser.
        folder.chmod(0o755)
        yield Theatre(stack.enter_context(Postgres(folder)), stack.enter_context(Redis(folder)), folder, program.resolve())


def facts(program: str, profile: str) -> list[str]:
    """On what it was measured, without the name of the machine."""
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return [
        f"{datetime.datetime.now(datetime.UTC).date()}, load of the machine before the start {os.getloadavg()[0]:.1f}",
        f"{machine.processor()}, {CORES} cores for everything, the load included, {memory_gib:.0f} GiB, {os.uname().sysname} {os.uname().machine}",
        f"{machine.first_line(program, '--version')}, profile {profile}",
        f"Node {machine.first_line('node', '--version')} for the simulated models and the sockets",
        f"{machine.first_line(str(postgres_tools() / 'postgres'), '--version')}, {machine.first_line('redis-server', '--version').split(' sha')[0]}",
    ]


def arguments() -> argparse.Namespace:
    """What may be asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True, help="the built drishtiksha")
    parser.add_argument("--profile", default="dev", help="the profile that it was built with, for the document")
    parser.add_argument("--rounds", type=int, default=1, help="how often everything is measured, in windows of its own")
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this part only; may be given more than once")
    parser.add_argument("--wait-ms", type=int, help="measure with the model that waits so long only")
    parser.add_argument("--more", action="store_true", help="add rounds to those in the data instead of replacing them")
    parser.add_argument("--note", help="with --part and --report: what a reader has to know of what was measured; stays until it is measured anew")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the document again from the data")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see whether everything works; writes nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
