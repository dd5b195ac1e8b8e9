"""Wall time and peak memory of a command with all its children, and the arithmetic on many runs.

Knows nothing about what is measured. Linux only, because it reads /proc. Standard library only.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SAMPLE_SECS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Run:
    """One run of a command."""

    wall_secs: float
    peak_bytes: int
    processes: int
    output: str


class RunFailed(Exception):
    """A command that ended in a way that is no answer."""


def run(command: Sequence[str], answers: Sequence[int] = (0,), env: dict[str, str] | None = None) -> Run:
    """Runs a command and watches it. `answers` are the exit codes that count as success."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL, env=env)
        watcher = TreeWatcher(child.pid)
        watcher.start()
        code = child.wait()
        wall_secs = time.perf_counter() - begin
        watcher.stop()
        output.seek(0)
        errors.seek(0)
        if code not in answers:
            raise RunFailed(f"{' '.join(command)} ended with {code}: {errors.read()[-2000:]}")
        return Run(wall_secs, watcher.peak_bytes, len(watcher.seen), output.read())


class TreeWatcher(threading.Thread):
    """Samples the resident memory of a process and all its descendants and keeps the highest sum.

    Pages that processes share are counted once for each, so the sum is never too low, except for
    what comes and goes between two samples.
    """

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.peak_bytes = 0
        self.seen: set[int] = set()
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            tree = descendants(self.root)
            self.seen |= tree
            self.peak_bytes = max(self.peak_bytes, sum(map(resident_bytes, tree)))
            self._done.wait(SAMPLE_SECS)

    def stop(self) -> None:
        self._done.set()
        self.join()


def descendants(root: int) -> set[int]:
    """The process and everything below it that is alive now."""
    tree, new = set(), {root}
    while new:
        tree |= new
        new = {child for parent in new for child in children(parent)} - tree
    return tree


def children(pid: int) -> list[int]:
    """Children of all threads of a process; none when it is gone."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of one process; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def own_bytes(pid: int) -> int:
    """Resident memory of one process that no file backs; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
            return (resident - shared) * PAGE_BYTES
    except OSError:
        return 0


def interleave(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, list]:
    """Runs every side once per round, in turning order, so that a busy moment hits all alike."""
    results: dict[str, list] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(sides[name]())
    return results


def paired_ratio(rival: Sequence[float], ours: Sequence[float]) -> float:
    """Median over the rounds of rival / ours: above 1 means that ours is faster."""
    return statistics.median(r / o for r, o in zip(rival, ours, strict=True))
