"""Copies the pictures of a labelled folder with its photographs shrunk, so that size does not tell them from the generated ones.

    python matched.py OUTSIDE SOURCE SHORT_PX TARGET

TARGET gets a manifest.csv of its own: the photographs with a short side of at most SHORT_PX, and the generated pictures of SOURCE as they are.
"""

import csv
import sys
from pathlib import Path

from embed import shrunk
from stills import upright


def main(outside: Path, source: str, short_px: int, target: Path) -> None:
    target.mkdir(parents=True)
    with (outside / "manifest.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["kind"] == "image" and (row["label"] != "1" or row["source"] == source)]
    for number, row in enumerate(rows):
        picture = upright(outside / row["path"])
        row["path"] = f"{number}.png"
        (picture if row["label"] == "1" else shrunk(picture, short_px)).save(target / row["path"])
    with (target / "manifest.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: matched.py OUTSIDE SOURCE SHORT_PX TARGET")
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
