"""The servers that both sides use: a PostgreSQL, a Redis and the models that do nothing, each our own."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.request import Request, urlopen

from .process import Process, until

HERE = Path(__file__).resolve().parent
ML_API_KEY = "bench-key-of-the-models"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A cluster in a folder, as PostgreSQL comes: commits are on the disk before they are answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.tools = postgres_tools()
        self.port = free_port()
        self.folder.mkdir()
        # PostgreSQL refuses to run as the superuser of the system.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        data = self.folder / "data"
        self._run("initdb", "--pgdata", str(data), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8")
        command = [str(self.tools / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(self.folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        more = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        self.process = Process("postgres", command, dict(os.environ), folder, cwd=self.folder, **more)
        until(lambda: is_open(self.port), "PostgreSQL listens", self.process.check)
        until(lambda: self._psql("postgres", "select 1").returncode == 0, "PostgreSQL answers", self.process.check)

    def __enter__(self) -> Postgres:
        return self

    def __exit__(self, *_: object) -> None:
        # The signal for a fast shutdown; the usual one waits for clients.
        self.process.child.send_signal(2)
        self.process.stop()

    def fresh(self, name: str) -> str:
        """An empty database in place of any of that name; returns its address."""
        self.sql("postgres", f"drop database if exists {name} with (force)")
        self.sql("postgres", f"create database {name}")
        # What the last side has written is not paid by the next.
        self.sql("postgres", "checkpoint")
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, database: str, statement: str) -> str:
        """What a statement answers, unaligned."""
        done = self._psql(database, statement)
        if done.returncode != 0:
            raise RuntimeError(f"PostgreSQL refused {statement!r}: {done.stderr}")
        return done.stdout.strip()

    def _psql(self, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.tools / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        command += ["-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        return subprocess.run(command, input=statement, capture_output=True, text=True)

    def _run(self, tool: str, *arguments: str) -> None:
        more = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        done = subprocess.run([str(self.tools / tool), *arguments], capture_output=True, text=True, cwd=self.folder, **more)
        if done.returncode != 0:
            raise RuntimeError(f"{tool} ended with {done.returncode}: {done.stderr}")


def postgres_tools() -> Path:
    """The folder with `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise RuntimeError("PostgreSQL is not installed; hint: apt-get install postgresql")
    return versions[-1].parent


class Redis:
    """A server that keeps nothing on the disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self.process = Process("redis", command, dict(os.environ), folder)
        until(lambda: is_open(self.port), "Redis listens", self.process.check)

    def __enter__(self) -> Redis:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def flush(self) -> None:
        """Forgets everything."""
        with socket.create_connection(("127.0.0.1", self.port)) as stream:
            stream.sendall(b"FLUSHALL\r\n")
            assert stream.recv(64).startswith(b"+OK")


class Models:
    """The ML server whose models do nothing, at once or after `wait_ms`, `lanes` of them at the same time."""

    def __init__(self, folder: Path, name: str = "noop-ml", wait_ms: int = 0, lanes: int = 64) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        env = {**os.environ, "PORT": str(self.port), "ML_API_KEY": ML_API_KEY, "WAIT_MS": str(wait_ms), "LANES": str(lanes)}
        self.process = Process(name, ["node", str(HERE / "noop-ml" / "server.mjs")], env, folder)
        self.process.wait_for_word("ready")

    def last_answer_at(self) -> float:
        """When the last answer of any model went out, on the clock of `time.perf_counter`."""
        request = Request(f"{self.url}/last", headers={"X-API-Key": ML_API_KEY})
        with urlopen(request) as answer:
            at = json.load(answer)["at"] / 1e3
        return at - time.time() + time.perf_counter()

    def __enter__(self) -> Models:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()
