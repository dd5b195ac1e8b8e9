"""Writes what was measured as a document. Measures nothing."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

import machine

from .alone import Need
from .figures import Spread, advantage, number
from .rounds import FIGURES, MODELS, Figure, Sizes
from .servers import HERE, postgres_tools

Rounds = Sequence[dict[str, float]]


@dataclass(frozen=True)
class Build:
    """What was measured, and how busy the machine was with other things."""

    program: str
    profile: str
    load: float


# What a reader of the figures should know of a profile.
OWN_CODE = {"dev": ": our own code is optimised little (level 1), what it stands on fully (level 3)"}


@dataclass(frozen=True)
class Line:
    """A figure of both sides."""

    figure: Figure
    ours: Spread
    node: Spread
    ratio: Spread

    @classmethod
    def of(cls, figure: Figure, ours: Rounds, node: Rounds) -> Line:
        """From the rounds of both."""
        mine, theirs = [r[figure.key] for r in ours], [r[figure.key] for r in node]
        return cls(figure, Spread.of(mine), Spread.of(theirs), advantage(mine, theirs, figure.more_is_better))

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the aim; none where there is none."""
        return None if self.figure.aim is None else self.ratio.middle >= self.figure.aim


def document(ours: Rounds, node: Rounds, needs: Sequence[Need], sizes: Sizes, build: Build) -> str:
    """The whole document."""
    lines = [Line.of(figure, ours, node) for figure in FIGURES]
    needs = [*in_time(ours, sizes), *needs]
    parts = [
        HEAD.format(rounds=len(ours)),
        facts(build),
        method(sizes),
        comparison(lines, sizes),
        alone(needs),
        not_reached(lines, needs, sizes),
        COMMANDS,
    ]
    return "\n\n".join(parts) + "\n"


def comparison(lines: Sequence[Line], sizes: Sizes) -> str:
    """The table of both sides."""
    rows = ["## Beside Node", "", "| | unit | ours | Node | ratio | aim | n |", "|---|---|---|---|---|---|---|"]
    for line in lines:
        aim = "" if line.figure.aim is None else f"≥ {number(line.figure.aim)}: {yes(line.is_met)}"
        rows.append(
            f"| {title(line.figure, sizes)} | {line.figure.unit} | {line.ours} | {line.node} | {line.ratio} | {aim} | {line.ours.rounds} |"
        )
    return "\n".join(rows)


def in_time(ours: Rounds, sizes: Sizes) -> list[Need]:
    """What is asked of times within a run; the median of the rounds."""

    def need(title: str, key: str) -> Need:
        spread = Spread.of([found[key] for found in ours])
        return Need(title, spread.middle, "ms", 20, f"{len(ours)} rounds, n = {sizes.alone} in each: {spread}")

    return [
        need("planning, enqueueing and claim: 202 to the first model at work, p99", "start_p99_ms"),
        need("conclusion: the last model's answer to the end of the run, its result stored on the way, p99", "end_p99_ms"),
    ]


def alone(needs: Sequence[Need]) -> str:
    """The table of our side alone."""
    if not needs:
        return "## Ours alone\n\nNot measured in this run."
    rows = ["## Ours alone", "", "| | unit | measured | shall be below | |", "|---|---|---|---|---|"]
    for need in needs:
        below = "" if need.below is None else f"{number(need.below)}: {yes(need.is_met)}"
        rows.append(f"| {need.title} | {need.unit} | {number(need.value)} | {below} | {need.note} |")
    return "\n".join(rows)


def not_reached(lines: Sequence[Line], needs: Sequence[Need], sizes: Sizes) -> str:
    """Every aim that was missed, in words."""
    missed = [
        f"* {title(line.figure, sizes)}: the aim is {number(line.figure.aim or 0)} times better, it is {line.ratio}."
        for line in lines
        if line.is_met is False
    ]
    missed += [
        f"* {need.title}: it shall be below {number(need.below or 0)} {need.unit}, it is {number(need.value)} {need.unit}."
        for need in needs
        if need.is_met is False
    ]
    return "\n".join(["## Not reached", "", *(missed or ["Every aim was reached."])])


def title(figure: Figure, sizes: Sizes) -> str:
    """With the sizes put in."""
    return figure.title.format(big=sizes.big_mib, all_sockets=sizes.people * sizes.sockets)


def yes(is_met: bool | None) -> str:
    """Reached or not, in a word."""
    return "reached" if is_met else "**not reached**"


def facts(build: Build) -> str:
    """On what it was measured, without the name of the machine."""
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    packages = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]
    names = ("express", "multer", "bullmq", "socket.io", "pg", "ioredis")
    cores = len(os.sched_getaffinity(0))
    return "\n".join(
        [
            f"* {datetime.datetime.now(datetime.UTC).date()}, load of the machine before the start {build.load:.1f}",
            f"* {machine.processor()}, {cores} cores for everything (servers, load and both sides), {memory_gib:.0f} GiB, {os.uname().sysname} {os.uname().machine}",
            f"* {machine.first_line(build.program, '--version')}, profile {build.profile}{OWN_CODE.get(build.profile, '')}",
            f"* Node {machine.first_line('node', '--version')}, {', '.join(f'{name} {packages[name]}' for name in names)}",
            f"* {machine.first_line(str(postgres_tools() / 'postgres'), '--version')}, {machine.first_line('redis-server', '--version').split(' sha')[0]}",
        ]
    )


def method(sizes: Sizes) -> str:
    """What is done in a round."""
    return METHOD.format(models=MODELS, **vars(sizes))


HEAD = """# Benchmarks of the service

Written by `bench/service/run.sh`; do not edit by hand. The programs that measure are in `bench/service/`.
Sides ran in turn; rounds: {rounds}. A figure is the median over the rounds, with the lowest and the highest of them behind it.
A ratio is taken round by round and says how many times better ours is: 2 is twice the rate, or half the cost."""

METHOD = """## How

Ours is `drishtiksha api` and `drishtiksha worker`. The rival in `bench/service/node/` is written the way the same service is usually built with Node:
Express, multer (file to disk, then moved), BullMQ flows, Socket.IO with a Redis subscriber, `pg` with prepared statements in place of an ORM,
`jsonwebtoken`, bcrypt, zod; `NODE_ENV=production`. Both have one API server, one worker with 5 jobs at a time and 10 database connections, and
stand on the same PostgreSQL (with its defaults, so every commit is on the disk), the same Redis and the same ML server whose {models} models do nothing.

Ours does more for an upload: it has the file and its name on the disk before it answers, reads type and size of a picture from its content and those of
a sound with ffprobe, counts requests per person in Redis, writes an outbox so that nothing is lost when a process is killed after the answer, one row per
planned model, numbered events that can be replayed, metrics, and two JSON log lines. Node leaves it to the system when the file reaches the disk, looks at the
first bytes for the type and has none of the rest. Both compute the SHA-256. Node sends the file with every job; ours sends it once and then names it by its checksum.

One round of one side, from an empty database, an empty Redis and an empty folder:

1. The API server starts: time to ready. 8 people sign up. The worker starts; memory of both after two seconds of rest.
2. Flows: {alone} pictures of 10 kB one after another, each awaited to its verdict; then {runs} of 8 people at once, until the last run has ended ({models} jobs each).
   All must end `ANALYZED` with {models} answers. CPU seconds are of API server, worker and their children.
3. Fan-out: {people} people with {sockets} sockets each, {events} events over Redis to one person after the other, {window} under way at a time; every
   delivery is awaited. One person may have 64 sockets on an API server of ours.
4. Uploads, the worker stopped: {alone} pictures of 1 MB one at a time, {uploads} of 8 people at once, {uploads} pictures of 10 kB of 8 people at once, one sound of {big_mib} MiB.

Memory is the resident memory of the processes named, sampled 20 times a second; the ffprobe that ours starts for sounds and videos is not in it."""

COMMANDS = """## Commands

```sh
bench/service/run.sh                      # everything; writes this document
bench/service/run.sh --quick              # small sizes, to see whether it works; writes nothing
bench/service/run.sh --only node          # one side
bench/service/run.sh --rounds 5 --runs 1000
PROFILE=release bench/service/run.sh      # what is shipped, in place of what is tested
```"""
