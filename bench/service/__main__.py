"""Measures the service beside Node and writes docs/benchmarks-service.md. Start it with bench/service/run.sh.

Sides are run in turn; every round of a side begins with an empty database, an empty Redis and an empty folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import measure

from .alone import Amounts, measure_alone
from .report import Build, document
from .rounds import Sizes, measure_round
from .servers import Models, Postgres, Redis
from .sides import Node, Ours, Side, World

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "benchmarks-service.md"


def main() -> None:
    options = arguments()
    sizes = Sizes(runs=options.runs, uploads=options.uploads)
    amounts = Amounts(queued=options.queued)
    if options.quick:
        sizes = Sizes(runs=40, alone=20, uploads=40, big_mib=20, people=2, sockets=10, events=40)
        amounts = Amounts(big_mib=64, asks=100, uploads=40, people=2, queued=200)
    build = Build(str(options.program), options.profile, os.getloadavg()[0])
    with world() as servers:
        ours, node = Ours(servers, options.program.resolve()), Node(servers)
        chosen = [side for side in (ours, node) if options.only in (None, side.name)]
        rounds = measure.interleave({side.name: step(side, sizes) for side in chosen}, options.rounds)
        needs = measure_alone(ours, amounts) if ours in chosen and not options.skip_alone else []
    if options.only:
        for found in rounds[options.only]:
            print({key: round(value, 2) for key, value in found.items()})
        for need in needs:
            print(need)
        return
    text = document(rounds["ours"], rounds["node"], needs, sizes, build)
    if options.quick or options.dry:
        print(text)
        return
    TARGET.write_text(text)
    print(f"wrote {TARGET.relative_to(ROOT)}", file=sys.stderr)


@contextmanager
def world() -> Iterator[World]:
    """The servers that both sides use, in a folder that goes away with them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drishtiksha-bench-")))
        # PostgreSQL runs as somebody else when this is run by the superuser.
        folder.chmod(0o755)
        yield World(
            stack.enter_context(Postgres(folder)),
            stack.enter_context(Redis(folder)),
            stack.enter_context(Models(folder)),
            folder,
        )


def step(side: Side, sizes: Sizes) -> Callable[[], dict[str, float]]:
    """One round of one side, announced."""

    def go() -> dict[str, float]:
        print(f"measuring: {side.name}", file=sys.stderr)
        return measure_round(side, sizes)

    return go


def arguments() -> argparse.Namespace:
    """What may be asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True, help="the built drishtiksha")
    parser.add_argument("--profile", default="dev", help="the profile that it was built with, for the document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=Sizes.runs, help="runs of five models in a round")
    parser.add_argument("--uploads", type=int, default=Sizes.uploads, help="uploads of 1 MB in a round")
    parser.add_argument("--queued", type=int, default=Amounts.queued, help="runs that wait in the queue at once")
    parser.add_argument("--only", choices=("ours", "node"), help="measure one side, print its figures and write nothing")
    parser.add_argument("--skip-alone", action="store_true", help="leave out what is measured of ours alone")
    parser.add_argument("--dry", action="store_true", help="print the document instead of writing it")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see whether everything works; writes nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
