"""The service on a stage: its own PostgreSQL and Redis, simulated ML servers, and any number of API servers and workers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from service.client import Person, sign_up
from service.process import Process
from service.servers import Models, Postgres, Redis, free_port
from service.sides import Ours, World, wait_for_answer, wait_until_ready

from .figures import Span

# No simulated model may be what others wait for, unless that is what is measured.
ENOUGH_LANES = 4096
DATABASE = "bench_capacity"
MODELS = 4

SPANS = """
select extract(epoch from r.created_at), extract(epoch from b.at), extract(epoch from e.at)
from events b
join events e on e.message->>'runId' = b.message->>'runId' and e.message->>'modelName' = b.message->>'modelName'
    and e.message->>'type' = 'ANALYSIS_COMPLETED'
join analysis_runs r on r.id = (b.message->>'runId')::uuid
where b.message->>'type' = 'ANALYSIS_STARTED' and b.at >= to_timestamp({begin}) and e.at >= to_timestamp({begin})
"""
RUNS = """
select extract(epoch from created_at), extract(epoch from planned_at), extract(epoch from ended_at)
from analysis_runs where status = 'ANALYZED' and created_at >= to_timestamp({begin})
"""
WAITING = "select count(*) from deepfake_analyses where status = 'PENDING'"
FAILED = "select count(*) from deepfake_analyses where status = 'FAILED'"


def models(wait_ms: int, count: int = MODELS) -> dict[str, str]:
    """The field of an upload that names some simulated models."""
    return {"models": ",".join(f"simulated-{wait_ms}ms-{letter}" for letter in "abcde"[:count])}


@dataclass
class Stage:
    """What runs now."""

    ours: Ours
    env: dict[str, str]
    folder: Path
    ml: list[Models]
    apis: list[Process] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    @property
    def roles(self) -> dict[str, list[Process]]:
        """Processes by role."""
        world = self.ours.world
        servers = {"postgres": [world.postgres.process], "redis": [world.redis.process]}
        return {"api": self.apis, "worker": self.workers, **servers, "ml": [server.process for server in self.ml]}

    def start_apis(self, count: int) -> None:
        """Starts API servers; they are ready when this returns."""
        for _ in range(count):
            port = free_port()
            self.apis.append(self._start("api", len(self.apis), {"PORT": str(port), "METRICS_PORT": "off"}))
            self.ports.append(port)
        for process, port in zip(self.apis, self.ports, strict=True):
            wait_until_ready(process, port)

    def start_workers(self, count: int, jobs: int) -> None:
        """Starts workers with so many jobs each; they take jobs when this returns."""
        ports = [free_port() for _ in range(count)]
        for port in ports:
            more = {"WORKER_CONCURRENCY": str(jobs), "METRICS_PORT": str(port)}
            self.workers.append(self._start("worker", len(self.workers), more))
        for process, port in zip(self.workers, ports, strict=True):
            wait_for_answer(process, port, "/metrics")

    def stop_workers(self) -> None:
        """Stops all of them, after the jobs that they have in hand."""
        stop(self.workers)
        self.workers.clear()

    def people(self, count: int) -> list[Person]:
        """New accounts."""
        return [sign_up(self.ports[number % len(self.ports)]) for number in range(count)]

    def spans(self, begin: float) -> list[Span]:
        """Jobs that were started since, by the events in the rows."""
        return [Span(*row) for row in self._rows(SPANS.format(begin=begin))]

    def runs(self, begin: float) -> list[Span]:
        """Runs that were accepted since and have ended; their start is their plan."""
        return [Span(*row) for row in self._rows(RUNS.format(begin=begin))]

    def last_plan(self) -> float:
        """When the last run was planned."""
        return float(self.sql("select extract(epoch from max(planned_at)) from analysis_runs"))

    def waiting(self) -> int:
        """Jobs that nobody has taken yet."""
        return int(self.sql(WAITING))

    def check(self) -> None:
        """Fails when a process has ended or an analysis has failed."""
        for processes in self.roles.values():
            for process in processes:
                process.check()
        if failed := int(self.sql(FAILED)):
            raise RuntimeError(f"{failed} analyses failed")

    def sql(self, statement: str) -> str:
        """What a statement answers."""
        return self.ours.world.postgres.sql(DATABASE, statement)

    def _rows(self, statement: str) -> list[list[float]]:
        return [[float(cell) for cell in line.split("|")] for line in self.sql(statement).splitlines()]

    def _start(self, role: str, number: int, more: dict[str, str]) -> Process:
        env = {**self.env, **more}
        return Process(f"{role}-{number}", self.ours.command(role), env, self.folder, cwd=self.folder)


def stop(processes: Sequence[Process]) -> None:
    """Stops all at the same time."""
    for process in processes:
        if process.child.poll() is None:
            process.child.terminate()
    for process in processes:
        process.stop()


@dataclass(frozen=True)
class Theatre:
    """What stages are built on: servers that stay, and the program."""

    postgres: Postgres
    redis: Redis
    folder: Path
    program: Path

    @contextmanager
    def stage(self, apis: int, wait_ms: int, ml_servers: int = 1, lanes: int = ENOUGH_LANES) -> Iterator[Stage]:
        """API servers and ML servers on an empty database, an empty Redis and an empty folder; all is gone afterwards."""
        folder = self.folder / f"stage-{time.monotonic_ns()}"
        (folder / "storage").mkdir(parents=True)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            ml = [stack.enter_context(Models(folder, f"ml-{number}", wait_ms, lanes)) for number in range(ml_servers)]
            ours = Ours(World(self.postgres, self.redis, ml[0], folder), self.program)
            env = ours.prepare(DATABASE, folder) | {"ML_SERVER_URLS": ",".join(server.url for server in ml)}
            stage = Stage(ours, env, folder, ml)
            stack.callback(lambda: stop(stage.apis))
            stack.callback(stage.stop_workers)
            stage.start_apis(apis)
            yield stage
