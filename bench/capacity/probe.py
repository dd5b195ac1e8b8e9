"""Processor time and memory by role, and how busy the whole machine is, from /proc. Linux only."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import measure
from service.figures import MIB
from service.process import TICKS_PER_SEC, Process, cpu_secs

CORES = len(os.sched_getaffinity(0))
Roles = Mapping[str, Sequence[Process]]


@dataclass(frozen=True)
class Look:
    """One look: processor seconds so far of each role and of all that this program started, itself included; busy and all
    ticks of the machine."""

    at: float
    cpu_secs: dict[str, float]
    own_secs: float
    busy_ticks: int
    all_ticks: int


def look(roles: Roles) -> Look:
    """Looks now."""
    busy, everything = ticks()
    secs = {name: sum(tree_secs(process.child.pid) for process in processes) for name, processes in roles.items()}
    return Look(time.time(), secs, tree_secs(os.getpid()), busy, everything)


def between(before: Look, after: Look, jobs: float) -> dict[str, float]:
    """Share of the machine that was busy, cores that others than this program took, and what each role took: processor
    milliseconds per job and share of a core."""
    secs = after.at - before.at
    busy = after.busy_ticks - before.busy_ticks
    others = (busy / TICKS_PER_SEC - (after.own_secs - before.own_secs)) / secs
    found = {"busy": busy / max(1, after.all_ticks - before.all_ticks), "others_cores": max(0.0, others)}
    for name, now in after.cpu_secs.items():
        took = now - before.cpu_secs[name]
        found[f"{name}_cores"] = took / secs
        if jobs > 0:
            found[f"{name}_cpu_ms"] = took / jobs * 1e3
    return found


def memory(roles: Roles) -> dict[str, float]:
    """MiB of each role; pages that processes share are counted once, in parts."""
    return {f"{name}_mib": sum(map(tree_bytes, processes)) / MIB for name, processes in roles.items()}


def tree_secs(root: int) -> float:
    """Processor seconds of a process and of all below it, those that have ended included."""
    total = 0.0
    for pid in measure.descendants(root):
        try:
            total += cpu_secs(pid)
        except OSError:
            # It has ended, and counts from now on with its parent.
            pass
    return total


def tree_bytes(process: Process) -> int:
    """Memory of a process and of all below it, each with its part of what is shared."""
    return sum(map(proportional_bytes, measure.descendants(process.child.pid)))


def proportional_bytes(pid: int) -> int:
    """Memory of one process with its part of what it shares; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def ticks() -> tuple[int, int]:
    """Busy and all ticks of all cores since the start of the system. What a hypervisor took away was not to be had."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)
