"""The two services: how each is made ready, started and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .client import Connection
from .process import Process
from .servers import HERE, ML_API_KEY, Models, Postgres, Redis, free_port

JWT_SECRET = "a-secret-of-the-comparison-and-of-nothing-else"
FIRST = "first@example.org"
READY_PAUSE_SECS = 0.002
PATIENCE_SECS = 60.0


@dataclass(frozen=True)
class World:
    """What both sides stand on."""

    postgres: Postgres
    redis: Redis
    models: Models
    folder: Path


@dataclass
class Service:
    """A side that runs: one API server, and a worker once it was started."""

    side: Side
    env: dict[str, str]
    database: str
    folder: Path
    port: int
    api: Process
    ready_secs: float
    metrics_ports: dict[str, int]
    worker: Process | None = None

    def check(self) -> None:
        """Fails when one of its processes has ended."""
        self.api.check()
        if self.worker:
            self.worker.check()

    def start_worker(self) -> Process:
        """Starts the worker; it is ready when this returns."""
        self.worker = self.side.start("worker", self.env, self.folder, self.metrics_ports.get("worker"))
        return self.worker

    def stop_worker(self) -> None:
        """Stops it."""
        if self.worker:
            self.worker.stop()
            self.worker = None


class Side(ABC):
    """One of the two."""

    name: str

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def migrate(self, database: str, env: dict[str, str]) -> None:
        """Makes the tables."""

    @abstractmethod
    def command(self, role: str) -> list[str]:
        """The command of `api` or `worker`."""

    @abstractmethod
    def settings(self, folder: Path) -> dict[str, str]:
        """What only this side wants in the environment."""

    @abstractmethod
    def wait_for_worker(self, worker: Process, metrics_port: int | None) -> None:
        """Returns when the worker takes jobs."""

    def start(self, role: str, env: dict[str, str], folder: Path, metrics_port: int | None) -> Process:
        """Starts one role."""
        env = {**env, "METRICS_PORT": str(metrics_port or "off")}
        process = Process(f"{self.name}-{role}", self.command(role), env, folder, cwd=folder)
        if role == "worker":
            self.wait_for_worker(process, metrics_port)
        return process

    def prepare(self, database: str, folder: Path) -> dict[str, str]:
        """Empties the servers and makes the tables; returns the environment of every role."""
        env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.world.postgres.fresh(database),
            "REDIS_URL": self.world.redis.url,
            "STORAGE_PATH": str(folder / "storage"),
            "JWT_SECRET": JWT_SECRET,
            "ML_API_KEY": ML_API_KEY,
            **self.settings(folder),
        }
        self.world.redis.flush()
        self.migrate(database, env)
        return env

    @contextmanager
    def running(self) -> Iterator[Service]:
        """An API server on empty servers and an empty folder; all is gone afterwards."""
        folder = self.world.folder / f"{self.name}-{time.monotonic_ns()}"
        (folder / "storage").mkdir(parents=True)
        database = f"bench_{self.name}"
        port = free_port()
        env = {**self.prepare(database, folder), "PORT": str(port)}
        metrics_ports = {role: free_port() for role in ("api", "worker")}
        api = self.start("api", env, folder, metrics_ports["api"])
        service = None
        try:
            ready_secs = wait_until_ready(api, port)
            service = Service(self, env, database, folder, port, api, ready_secs, metrics_ports)
            yield service
        finally:
            if service:
                service.stop_worker()
            api.stop()
            shutil.rmtree(folder, ignore_errors=True)


class Ours(Side):
    """`drishtiksha api` and `drishtiksha worker`."""

    name = "ours"

    def __init__(self, world: World, program: Path) -> None:
        super().__init__(world)
        self.program = str(program)

    def migrate(self, database: str, env: dict[str, str]) -> None:
        # With no account at all, the first start would also make an administrator.
        first = ["user", "add", FIRST, "--admin", "--first-name", "First", "--last-name", "Person", "--password-stdin"]
        for command in (["migrate"], first):
            subprocess.run([self.program, *command], check=True, env=env, stdout=subprocess.DEVNULL, input=f"{JWT_SECRET}\n", text=True)

    def command(self, role: str) -> list[str]:
        return [self.program, role]

    def settings(self, folder: Path) -> dict[str, str]:
        return {
            "DRISHTIKSHA_HOME": str(folder / "home"),
            "ML_SERVER_URLS": self.world.models.url,
            "REQUESTS_PER_MINUTE": "1000000",
            # Accounts are made as if by people at many addresses.
            "TRUSTED_PROXIES": "127.0.0.1",
            "ACCESS_TOKEN_MINUTES": "1440",
            "DRISHTIKSHA_MAX_FILE_BYTES": str(2**31),
            "DRISHTIKSHA_MAX_MEDIA_SECS": "100000",
            "LOG_FORMAT": "json",
        }

    def wait_for_worker(self, worker: Process, metrics_port: int | None) -> None:
        wait_for_answer(worker, metrics_port, "/metrics")

    def token_of_an_administrator(self, service: Service) -> str:
        """Signs in who may see how the service is."""
        connection = Connection(service.port)
        answer = connection.post_json("/api/v1/auth/login", {"email": FIRST, "password": JWT_SECRET})
        connection.close()
        return answer.json()["token"]

    @contextmanager
    def ml_server(self, service: Service) -> Iterator[int]:
        """An ML server with the models of the program; its port."""
        port = free_port()
        env = {**service.env, "ML_PORT": str(port), "METRICS_PORT": "off"}
        with Process("ours-ml", [self.program, "ml"], env, service.folder) as ml:
            wait_for_answer(ml, port, "/ping")
            yield port


class Node(Side):
    """Express, multer, BullMQ, Socket.IO and pg, in the folder `node`."""

    name = "node"
    HOME = HERE / "node"

    def migrate(self, database: str, env: dict[str, str]) -> None:
        self.world.postgres.sql(database, (self.HOME / "schema.sql").read_text())

    def command(self, role: str) -> list[str]:
        return ["node", str(self.HOME / f"{role}.js")]

    def settings(self, folder: Path) -> dict[str, str]:
        return {"NODE_ENV": "production", "ML_SERVER_URL": self.world.models.url, "MAX_FILE_BYTES": str(2**31)}

    def wait_for_worker(self, worker: Process, metrics_port: int | None) -> None:
        worker.wait_for_word("ready")


def wait_until_ready(api: Process, port: int) -> float:
    """Seconds from the start of the process to the first good answer of `/api/ready`."""
    wait_for_answer(api, port, "/api/ready")
    return time.perf_counter() - api.started_at


def wait_for_answer(process: Process, port: int, path: str) -> None:
    """Asks until the answer is 200."""
    deadline = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < deadline:
        process.check()
        try:
            connection = Connection(port)
            answer = connection.request("GET", path, {"Connection": "close"})
            connection.close()
            if answer.status == 200:
                return
        except OSError:
            pass
        time.sleep(READY_PAUSE_SECS)
    raise TimeoutError(f"{process.name} did not become ready:\n{process.last_words()}")
