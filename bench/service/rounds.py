"""One round of one side: everything that both sides are measured by."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from . import live
from .client import Maker, Person, sign_up, upload_many
from .figures import MIB, percentile
from .files import Picture, Sound
from .process import Peak
from .sides import Service, Side

SETTLE_SECS = 2.0
MODELS = 5
AT_ONCE = 8
WARM_UP = 20


@dataclass(frozen=True)
class Sizes:
    """How much is done in a round."""

    runs: int = 300
    alone: int = 100
    uploads: int = 300
    big_mib: int = 200
    people: int = 4
    sockets: int = 50
    events: int = 800
    window: int = 20


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    key: str
    title: str
    unit: str
    more_is_better: bool
    # How many times better ours shall be.
    aim: float | None = None


FIGURES = [
    Figure("upload_rate", "uploads of 1 MB, 8 at once", "1/s", True, 3),
    Figure("upload_mb_rate", "uploads of 1 MB, 8 at once, bytes", "MB/s", True),
    Figure("upload_per_cpu", "uploads of 1 MB, 8 at once, per CPU second of the API server", "1/CPU s", True),
    Figure("small_rate", "uploads of 10 kB, 8 at once", "1/s", True),
    Figure("small_per_cpu", "uploads of 10 kB, 8 at once, per CPU second of the API server", "1/CPU s", True),
    Figure("big_rate", "upload of one file of {big} MiB", "MB/s", True),
    Figure("p50_ms", "202 for 1 MB, one at a time, p50", "ms", False),
    Figure("p99_ms", "202 for 1 MB, one at a time, p99", "ms", False),
    Figure("job_rate", "jobs of 5-model flows, upload to verdict", "1/s", True),
    Figure("job_per_cpu", "jobs of 5-model flows, per CPU second of API server and worker", "1/CPU s", True, 3),
    Figure("verdict_ms", "one run at a time: upload to verdict, p50", "ms", False),
    Figure("start_p50_ms", "one run at a time: 202 to the first model at work (plan, enqueue, claim), p50", "ms", False),
    Figure("start_p99_ms", "one run at a time: 202 to the first model at work, p99", "ms", False),
    Figure("end_p50_ms", "one run at a time: last model's answer to the end of the run (store, conclude), p50", "ms", False),
    Figure("end_p99_ms", "one run at a time: last model's answer to the end of the run, p99", "ms", False),
    Figure("delivery_rate", "event fan-out to {all_sockets} sockets, deliveries", "1/s", True),
    Figure("delivery_cpu_us", "event fan-out, CPU of the API server per delivery", "µs", False),
    Figure("idle_mib", "resident memory, idle", "MiB", False, 4),
    Figure("own_mib", "memory of their own, idle: without the code that the system keeps once for all processes", "MiB", False),
    Figure("flows_mib", "resident memory, highest, during flows", "MiB", False, 4),
    Figure("uploads_mib", "resident memory of the API server, highest, during uploads", "MiB", False, 4),
    Figure("ready_ms", "time to ready of the API server", "ms", False),
]


def measure_round(side: Side, sizes: Sizes) -> dict[str, float]:
    """The figures of one round, from an empty start."""
    with side.running() as service:
        people = [sign_up(service.port) for _ in range(AT_ONCE)]
        found = {"ready_ms": service.ready_secs * 1e3}
        for part in (flows, fan_out, uploads):
            found |= part(service, people, sizes)
        return found


def flows(service: Service, people: Sequence[Person], sizes: Sizes) -> dict[str, float]:
    """Small files from upload to verdict, with the worker; its memory before and meanwhile."""
    worker = service.start_worker()
    maker = Picture(10_000)
    time.sleep(SETTLE_SECS)
    idle = service.api.resident_bytes() + worker.resident_bytes()
    own = service.api.own_bytes() + worker.own_bytes()
    with live.Events(service.side.world.redis.port) as events:
        upload_many(service.port, people, maker, WARM_UP)
        events.wait_for_ends(WARM_UP, service)
        walks = [walk(service, people[0], maker, events) for _ in range(sizes.alone)]
        before = events.ends
        with Peak(service.api, worker) as peak:
            cpu_before = service.api.cpu_secs(), worker.cpu_secs()
            begin = time.perf_counter()
            upload_many(service.port, people, maker, sizes.runs)
            events.wait_for_ends(before + sizes.runs, service)
            wall_secs = time.perf_counter() - begin
            cpu_secs = service.api.cpu_secs_since(cpu_before[0]) + worker.cpu_secs_since(cpu_before[1])
    check_ends(service, WARM_UP + sizes.alone + sizes.runs)
    service.stop_worker()
    jobs = sizes.runs * MODELS
    return {
        "idle_mib": idle / MIB,
        "own_mib": own / MIB,
        "flows_mib": peak.bytes / MIB,
        "job_rate": jobs / wall_secs,
        "job_per_cpu": jobs / cpu_secs,
        "start_p50_ms": percentile([w.accepted_to_started for w in walks], 0.5) * 1e3,
        "start_p99_ms": percentile([w.accepted_to_started for w in walks], 0.99) * 1e3,
        "end_p50_ms": percentile([w.answered_to_ended for w in walks], 0.5) * 1e3,
        "end_p99_ms": percentile([w.answered_to_ended for w in walks], 0.99) * 1e3,
        "verdict_ms": percentile([w.sent_to_ended for w in walks], 0.5) * 1e3,
    }


def walk(service: Service, person: Person, maker: Maker, events: live.Events) -> live.Walk:
    """One file from upload to verdict while nothing else is done."""
    ends, seen = events.ends, len(events.seen)
    sent_at = time.perf_counter()
    load = upload_many(service.port, [person], maker, 1)
    events.wait_for_ends(ends + 1, service)
    answered_at = service.side.world.models.last_answer_at()
    return live.Walk.of(sent_at, load.ended_at, answered_at, events.seen[seen:])


def check_ends(service: Service, wanted: int) -> None:
    """Every run has ended well, and every model has answered; fails otherwise."""
    runs, answers = live.ended_runs(service), live.answers(service)
    if (runs, answers) != (wanted, wanted * MODELS):
        raise RuntimeError(f"{runs} runs of {wanted} ended well, with {answers} answers")


def fan_out(service: Service, people: Sequence[Person], sizes: Sizes) -> dict[str, float]:
    """Events of some people to many sockets; the first pass warms up."""
    with live.sockets([service.port], service.side.world.redis.url, people[: sizes.people], sizes.sockets, sizes.events, sizes.window) as sockets:
        sockets.fan_out()
        cpu_before = service.api.cpu_secs()
        done = sockets.fan_out()
        cpu_secs = service.api.cpu_secs_since(cpu_before)
    return {
        "delivery_rate": done["deliveries"] / done["secs"],
        "delivery_cpu_us": cpu_secs / done["deliveries"] * 1e6,
    }


def uploads(service: Service, people: Sequence[Person], sizes: Sizes) -> dict[str, float]:
    """Uploads without a worker, which would take its share of the processors: jobs stay in the queue."""
    megabyte = Picture(1_000_000)
    with Peak(service.api) as peak:
        upload_many(service.port, people, megabyte, WARM_UP)
        one = upload_many(service.port, people[:1], megabyte, sizes.alone)
        cpu_before = service.api.cpu_secs()
        many = upload_many(service.port, people, megabyte, sizes.uploads)
        cpu_secs = service.api.cpu_secs_since(cpu_before)
        cpu_before = service.api.cpu_secs()
        small = upload_many(service.port, people, Picture(10_000), sizes.uploads)
        small_cpu_secs = service.api.cpu_secs_since(cpu_before)
        big = upload_many(service.port, people[:1], Sound(sizes.big_mib), 1)
    return {
        "upload_rate": sizes.uploads / many.wall_secs,
        "upload_mb_rate": many.bytes / many.wall_secs / 1e6,
        "upload_per_cpu": sizes.uploads / cpu_secs,
        "small_rate": sizes.uploads / small.wall_secs,
        "small_per_cpu": sizes.uploads / small_cpu_secs,
        "big_rate": big.bytes / big.wall_secs / 1e6,
        "p50_ms": percentile(one.latencies_secs, 0.5) * 1e3,
        "p99_ms": percentile(one.latencies_secs, 0.99) * 1e3,
        "uploads_mib": peak.bytes / MIB,
    }
