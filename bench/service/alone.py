"""What is asked of our side alone: answers within their times, and memory that does not grow."""

from __future__ import annotations

import time
from dataclasses import dataclass

from . import live
from .client import Connection, Person, sign_up, upload_many
from .figures import MIB, percentile
from .files import Picture, Sound
from .process import Peak
from .rounds import AT_ONCE, SETTLE_SECS, WARM_UP
from .servers import ML_API_KEY
from .sides import Ours, Service

ONE_MODEL = {"models": "noop-a"}
DRAIN_PATIENCE_SECS = 900.0
EVENTS_EACH = 10


@dataclass(frozen=True)
class Need:
    """One line of the table: what came out, and what it must stay below."""

    title: str
    value: float
    unit: str
    below: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether it stays below; none where nothing is asked."""
        return None if self.below is None else self.value < self.below


@dataclass(frozen=True)
class Amounts:
    """How much is done."""

    big_mib: int = 1024
    asks: int = 1000
    uploads: int = 200
    people: int = 40
    sockets: int = 50
    queued: int = 10_000


def measure_alone(side: Ours, amounts: Amounts) -> list[Need]:
    """All of it; each part from an empty start."""
    needs: list[Need] = []
    for part in (answers_and_big_file, monitoring, many_sockets, drain):
        with side.running() as service:
            needs += part(service, sign_up(service.port), amounts)
    return needs


def answers_and_big_file(service: Service, person: Person, amounts: Amounts) -> list[Need]:
    """Answers of an API server that does nothing else, and what one large upload adds to its memory."""
    megabyte = Picture(1_000_000)
    upload_many(service.port, [person], megabyte, WARM_UP)
    one = upload_many(service.port, [person], megabyte, amounts.uploads)
    asked = ask(service.port, "/api/health", amounts.asks)
    time.sleep(SETTLE_SECS)
    before = service.api.resident_bytes()
    # Children that look at the file are processes of their own and gone afterwards.
    with Peak(service.api) as peak:
        big = upload_many(service.port, [person], Sound(amounts.big_mib), 1)
    rate = f"{big.bytes / big.wall_secs / 1e6:.0f} MB/s"
    return [
        Need("202 for a file of 1 MB, one at a time, p99", percentile(one.latencies_secs, 0.99) * 1e3, "ms", 50, f"n = {amounts.uploads}"),
        Need("health, p99", percentile(asked, 0.99) * 1e3, "ms", 5, f"n = {amounts.asks}"),
        Need(f"memory of the API server that an upload of {amounts.big_mib} MiB adds", (peak.bytes - before) / MIB, "MiB", 16, rate),
    ]


def monitoring(service: Service, _: Person, amounts: Amounts) -> list[Need]:
    """What an operator asks, within the times of the architecture; an ML server of ours with the models of the program."""
    signed = {"Authorization": f"Bearer {service.side.token_of_an_administrator(service)}"}
    needs = [
        asked_by(f"{path.rpartition('/')[2]}, p99", service.port, path, signed, below_ms, amounts.asks)
        for path, below_ms in (("/api/v1/monitoring/server-status", 200), ("/api/v1/monitoring/queue-status", 100))
    ]
    with service.side.ml_server(service) as port:
        needs.append(asked_by("stats of an ML server, p99", port, "/stats", {"X-API-Key": ML_API_KEY}, 500, amounts.asks))
    return needs


def asked_by(title: str, port: int, path: str, headers: dict[str, str], below_ms: float, count: int) -> Need:
    """Answers to somebody who is known."""
    took = ask(port, path, count, headers)
    return Need(title, percentile(took, 0.99) * 1e3, "ms", below_ms, f"n = {count}")


def ask(port: int, path: str, count: int, headers: dict[str, str] | None = None) -> list[float]:
    """Seconds that each of many answers took; all must be good."""
    connection = Connection(port)
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        answer = connection.request("GET", path, headers or {})
        took.append(time.perf_counter() - begin)
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
    connection.close()
    return took


def many_sockets(service: Service, person: Person, amounts: Amounts) -> list[Need]:
    """One API server with many sockets, all of which hear."""
    people = [person, *(sign_up(service.port) for _ in range(amounts.people - 1))]
    count = amounts.people * amounts.sockets
    time.sleep(SETTLE_SECS)
    before = service.api.resident_bytes()
    with live.sockets([service.port], service.side.world.redis.url, people, amounts.sockets, amounts.people * EVENTS_EACH, window=amounts.people) as sockets:
        time.sleep(SETTLE_SECS)
        connected = service.api.resident_bytes()
        done = sockets.fan_out()
    note = f"{EVENTS_EACH} events to each, all {done['deliveries']:,.0f} came; connected within {sockets.connect_secs:.1f} s"
    return [
        Need(f"memory of the API server with {count:,} sockets", connected / MIB, "MiB", None, note),
        Need("memory of one socket", (connected - before) / count / 1024, "KiB"),
    ]


def drain(service: Service, person: Person, amounts: Amounts) -> list[Need]:
    """Runs that wait in the queue, and the memory of API server and worker while they are done."""
    people = [person, *(sign_up(service.port) for _ in range(AT_ONCE - 1))]
    upload_many(service.port, people, Picture(2_000), amounts.queued, ONE_MODEL)
    with live.Events(service.side.world.redis.port) as events:
        worker = service.start_worker()
        begin = time.perf_counter()
        events.wait_for_ends(amounts.queued // 10, service, DRAIN_PATIENCE_SECS)
        before = worker.resident_bytes() + service.api.resident_bytes()
        with Peak(worker, service.api) as peak:
            events.wait_for_ends(amounts.queued, service, DRAIN_PATIENCE_SECS)
        wall_secs = time.perf_counter() - begin
    if live.ended_runs(service) != amounts.queued:
        raise RuntimeError(f"{live.ended_runs(service)} runs of {amounts.queued} ended well")
    title = f"memory of API server and worker that is added while {amounts.queued:,} queued runs are done, after the first tenth"
    note = f"{amounts.queued / wall_secs:.0f} runs of one model per second; {peak.bytes / MIB:.0f} MiB at most"
    return [Need(title, (peak.bytes - before) / MIB, "MiB", 16, note)]
