"""Measures the service against Node and writes docs/benchmarks-service.md. Start it with bench/service/run.sh.

Sides are run in turn; every round of a side begins with an empty database, an empty Redis and an empty folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import measure

from .rounds import Sizes, measure_round
from .servers import Models, Postgres, Redis
from .sides import Node, Ours, Side, World

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "benchmarks-service.md"


def main() -> None:
    options = arguments()
    sizes = Sizes(runs=options.runs, uploads=options.uploads)
    if options.quick:
        sizes = replace(sizes, runs=40, alone=20, uploads=40, big_mib=20, sockets=20, events=40)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drishtiksha-bench-")))
        folder.chmod(0o755)
        postgres = stack.enter_context(Postgres(folder))
        redis = stack.enter_context(Redis(folder))
        models = stack.enter_context(Models(folder))
        world = World(postgres, redis, models, folder)
        sides: dict[str, Side] = {"ours": Ours(world, options.program.resolve()), "node": Node(world)}
        chosen = {name: side for name, side in sides.items() if options.only in (None, name)}
        rounds = measure.interleave({name: step(side, sizes) for name, side in chosen.items()}, options.rounds)
    if options.only:
        for found in rounds[options.only]:
            print({key: round(value, 2) for key, value in found.items()})
        return


def step(side: Side, sizes: Sizes):
    def go() -> dict[str, float]:
        print(f"measuring: {side.name}", file=sys.stderr)
        return measure_round(side, sizes)

    return go


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True, help="the built drishtiksha")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=300, help="runs of five models in a round")
    parser.add_argument("--uploads", type=int, default=300, help="uploads of 1 MB in a round")
    parser.add_argument("--only", choices=("ours", "node"), help="measure one side, print its figures and write nothing")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see whether everything works")
    return parser.parse_args()


if __name__ == "__main__":
    main()
