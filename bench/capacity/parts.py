"""What is measured, part by part. Each part yields samples: what was set, and what came out."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service import live
from service.client import Person, upload_many
from service.files import Picture
from service.process import until

from . import probe
from .figures import Sample, Span, percentiles_ms, rate
from .stage import MODELS, Stage, Theatre, models

# Small, and no two alike, so that what is measured is the walk of a job and not the bytes.
PICTURE_BYTES = 10_000
SENDERS = 8
SETTLE_SECS = 1.0
# More than this came on no machine of this size; a queue of that length is never empty within a window.
MOST_JOBS_PER_SEC = 400
PATIENCE_SECS = 120.0
EVENTS_PER_SEC = 50
WINDOW_EVENTS = 50


@dataclass(frozen=True)
class Sizes:
    """How much is done in a round."""

    workers: tuple[int, ...] = (1, 2, 4, 8)
    jobs: tuple[int, ...] = (1, 5, 10, 25)
    waits_ms: tuple[int, ...] = (1000, 200)
    # Windows one after the other, each a sample.
    windows: int = 3
    window_secs: float = 2.0
    ml_servers: tuple[int, ...] = (1, 2, 4)
    # Of each: with the crew below once more than twice as many jobs under way as lanes of four servers, once hardly more.
    lanes: tuple[int, ...] = (4, 8)
    # Workers look at ML servers every three seconds, so a window is longer than that.
    ml_window_secs: float = 4.0
    crew: tuple[int, int] = (8, 5)
    shares: tuple[float, ...] = (0.5, 0.8, 0.95)
    load_secs: float = 15.0
    apis: tuple[int, ...] = (1, 2, 3)
    uploads: int = 500
    sockets: tuple[int, ...] = (100, 500, 1000, 2000)
    people: int = 50
    events: int = 100


QUICK = Sizes(
    workers=(1, 2), jobs=(1, 5), waits_ms=(200,), windows=1, window_secs=1.0, ml_servers=(1, 2), lanes=(4,), ml_window_secs=1.0, crew=(2, 5), shares=(0.5,),
    load_secs=3.0, apis=(1, 2), uploads=40, sockets=(20, 100), people=10, events=20,
)  # fmt: skip


def workers(theatre: Theatre, sizes: Sizes, wait_ms: int) -> Iterator[Sample]:
    """Any number of workers with any number of jobs each, and more in the queue than they can do."""
    with theatre.stage(1, wait_ms) as stage:
        people = stage.people(SENDERS)
        for count in sizes.workers:
            for jobs in sizes.jobs:
                most = min(count * jobs / wait_ms * 1e3, MOST_JOBS_PER_SEC)
                setting = {"part": "workers", "wait_ms": wait_ms, "workers": count, "jobs": jobs}
                yield from (setting | found for found in saturate(stage, people, (count, jobs), Demand(most, wait_ms, MODELS), sizes))


def ml(theatre: Theatre, sizes: Sizes, wait_ms: int) -> Iterator[Sample]:
    """Several ML servers with few lanes each, and workers that could do more. Runs of one model, so that a job is a file."""
    count, jobs = sizes.crew
    longer = replace(sizes, window_secs=sizes.ml_window_secs)
    for lanes, servers in itertools.product(sizes.lanes, sizes.ml_servers):
        with theatre.stage(1, wait_ms, servers, lanes) as stage:
            demand = Demand(servers * lanes / wait_ms * 1e3, wait_ms, 1, in_line=True)
            setting = {"part": "ml", "wait_ms": wait_ms, "servers": servers, "lanes": lanes, "workers": count, "jobs": jobs}
            yield from (setting | found for found in saturate(stage, stage.people(SENDERS), sizes.crew, demand, longer))


@dataclass(frozen=True)
class Demand:
    """More than can be done: jobs per second at best, with a model that waits so long, and models of one run; whether jobs
    stand in line for a lane before their model has them."""

    most: float
    wait_ms: int
    per_run: int
    in_line: bool = False


def saturate(stage: Stage, people: Sequence[Person], crew: tuple[int, int], demand: Demand, sizes: Sizes) -> list[dict[str, float]]:
    """Throughput of workers whose queue is never empty, window by window; they start when all is in the queue."""
    ramp_secs = demand.wait_ms / 1e3 + SETTLE_SECS
    wanted = demand.most * (ramp_secs + sizes.windows * sizes.window_secs + SETTLE_SECS) + 2 * crew[0] * crew[1]
    missing = wanted - stage.waiting()
    if missing > 0:
        count = int(missing / demand.per_run) + 1
        upload_many(stage.ports, people, Picture(PICTURE_BYTES), count, models(demand.wait_ms, demand.per_run))
        wait_until_planned(stage)
    began = time.time()
    stage.start_workers(*crew)
    time.sleep(ramp_secs)
    looks = [probe.look(stage.roles)]
    for _ in range(sizes.windows):
        time.sleep(sizes.window_secs)
        looks.append(probe.look(stage.roles))
    memory = probe.memory(stage.roles)
    left = stage.waiting()
    stage.stop_workers()
    stage.check()
    if left == 0:
        raise RuntimeError("the queue ran empty, so this would measure the load and not the workers")
    spans = stage.spans(began)
    return [window(spans, before, after, demand) | memory for before, after in itertools.pairwise(looks)]


def window(spans: Sequence[Span], before: probe.Look, after: probe.Look, demand: Demand) -> dict[str, float]:
    """The figures of one window."""
    # Time in line would be counted as work, and in a line that still grows as too much or too little of it.
    counted = [span.last(demand.wait_ms / 1e3) for span in spans] if demand.in_line else spans
    per_sec = rate(counted, before.at, after.at)
    inside = [span.secs for span in spans if span.end >= before.at and span.start <= after.at]
    took = probe.between(before, after, per_sec * (after.at - before.at))
    return {"jobs_per_sec": per_sec, "runs_per_sec": per_sec / demand.per_run, **percentiles_ms(inside, "job"), **took}


def wait_until_planned(stage: Stage) -> None:
    """Returns when every accepted run has its jobs."""
    until_none(stage, "planned_at is null and ended_at is null")


def wait_until_ended(stage: Stage) -> None:
    """Returns when no run is under way."""
    until_none(stage, "ended_at is null")


def until_none(stage: Stage, condition: str) -> None:
    """Returns when no run is so any more."""
    count = f"select count(*) from analysis_runs where {condition}"
    until(lambda: stage.sql(count) == "0", f"no run has {condition}", stage.check, PATIENCE_SECS, pause_secs=0.1)


def load(theatre: Theatre, sizes: Sizes, wait_ms: int) -> Iterator[Sample]:
    """Files that come by chance, at some shares of what the workers can do: how long they wait."""
    count, jobs = sizes.crew
    nominal = count * jobs / wait_ms * 1e3 / MODELS
    with theatre.stage(1, wait_ms) as stage:
        people = stage.people(SENDERS)
        stage.start_workers(count, jobs)
        for share in sizes.shares:
            began = time.time()
            before = probe.look(stage.roles)
            moments = arrivals(nominal * share, sizes.load_secs, seed=round(share * 100))
            upload_many(stage.ports, people, Picture(PICTURE_BYTES), len(moments), models(wait_ms), moments)
            after = probe.look(stage.roles)
            wait_until_ended(stage)
            spans, runs = stage.spans(began), stage.runs(began)
            yield {
                "part": "load", "wait_ms": wait_ms, "workers": count, "jobs": jobs, "share": share, "runs": len(runs),
                "runs_per_sec": len(runs) / sizes.load_secs, "jobs_per_sec": len(spans) / sizes.load_secs,
                **percentiles_ms([span.start - span.accepted for span in spans], "queue"),
                **percentiles_ms([run.end - run.accepted for run in runs], "run"),
                **probe.between(before, after, len(spans)),
            }  # fmt: skip


def arrivals(per_sec: float, secs: float, seed: int) -> list[float]:
    """Moments of events that come by chance and know nothing of each other (Poisson), the same for the same seed; exactly as
    many as the rate says, so that rounds can be compared."""
    chance = random.Random(seed)
    return sorted(chance.uniform(0, secs) for _ in range(max(1, round(per_sec * secs))))


def apis(theatre: Theatre, sizes: Sizes, wait_ms: int) -> Iterator[Sample]:
    """Several API servers, among which uploads and sockets take turns; no workers."""
    for count in sizes.apis:
        with theatre.stage(count, wait_ms) as stage:
            people = stage.people(sizes.people)
            upload_many(stage.ports, people[: 2 * SENDERS], Picture(PICTURE_BYTES), 4 * SENDERS, models(wait_ms))
            for _ in range(sizes.windows):
                yield {"part": "uploads", "apis": count, **uploads(stage, people[: 2 * SENDERS], sizes.uploads, wait_ms)}
            wait_until_planned(stage)
            for sockets in sizes.sockets if count == 1 else sizes.sockets[-1:]:
                setting = {"part": "sockets", "apis": count, "sockets": sockets}
                yield from (setting | found for found in fan_out(stage, people, sockets, sizes))


def uploads(stage: Stage, people: Sequence[Person], count: int, wait_ms: int) -> dict[str, float]:
    """Small files from some people at once, each with one connection. They are planned and queued, and nobody takes the jobs."""
    wait_until_planned(stage)
    before = probe.look(stage.roles)
    begin = time.time()
    done = upload_many(stage.ports, people, Picture(PICTURE_BYTES), count, models(wait_ms))
    wait_until_planned(stage)
    after = probe.look(stage.roles)
    return {
        "uploads_per_sec": count / done.wall_secs,
        "planned_per_sec": count / (stage.last_plan() - begin),
        **percentiles_ms(done.latencies_secs, "upload"),
        **probe.between(before, after, count),
        **probe.memory(stage.roles),
    }


def fan_out(stage: Stage, people: Sequence[Person], count: int, sizes: Sizes) -> Iterator[dict[str, float]]:
    """Sockets of all people, that hear events at a steady pace and then as fast as they come."""
    pause_ms = 1e3 / EVENTS_PER_SEC
    redis_url = stage.ours.world.redis.url
    with live.sockets(stage.ports, redis_url, people, count // len(people), 4 * len(people), WINDOW_EVENTS) as sockets:
        time.sleep(SETTLE_SECS)
        sockets.steady(len(people), pause_ms)
        for _ in range(sizes.windows):
            before = probe.look(stage.roles)
            took_ms = sockets.steady(sizes.events, pause_ms)
            after = probe.look(stage.roles)
            fast = sockets.fan_out()
            yield {
                "connect_secs": sockets.connect_secs,
                "deliveries_per_sec": fast["deliveries"] / fast["secs"],
                **percentiles_ms([ms / 1e3 for ms in took_ms], "event"),
                "event_longest_ms": max(took_ms),
                **probe.between(before, after, len(took_ms)),
                **probe.memory(stage.roles),
            }


def chosen(name: str, theatre: Theatre, sizes: Sizes) -> Iterator[Sample]:
    """The samples of one part, by its name on the command line."""
    slow = sizes.waits_ms[0]
    match name:
        case "workers":
            for wait_ms in sizes.waits_ms:
                yield from workers(theatre, sizes, wait_ms)
        case "ml":
            yield from ml(theatre, sizes, slow)
        case "load":
            yield from load(theatre, sizes, slow)
        case "apis":
            yield from apis(theatre, sizes, slow)
        case _:
            raise ValueError(f"there is no part {name}")


PARTS = ("workers", "ml", "load", "apis")
