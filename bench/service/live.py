"""Live events seen from outside: the walk of runs on Redis, and many sockets in a process of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .client import Person
from .servers import HERE
from .sides import Service

CHANNEL = "media-progress-events"


class Events(threading.Thread):
    """Hears what is published on the channel of events while a `with` block runs: `seen` holds the kind of each and when."""

    END = b'"video_update"'

    def __init__(self, redis_port: int) -> None:
        super().__init__(daemon=True)
        self._stream = socket.create_connection(("127.0.0.1", redis_port))
        self._stream.sendall(f"SUBSCRIBE {CHANNEL}\r\n".encode())
        self._stream.recv(1024)
        self.ends = 0
        self.seen: list[tuple[float, bytes]] = []
        self._more = threading.Condition()

    def run(self) -> None:
        rest = b""
        while data := self._stream.recv(1 << 16):
            at = time.perf_counter()
            # A message is one line of JSON between the lines of the protocol.
            *lines, rest = (rest + data).split(b"\r\n")
            events = [(at, line) for line in lines if line.startswith(b"{")]
            with self._more:
                self.seen += events
                self.ends += sum(self.END in line for _, line in events)
                self._more.notify_all()

    def wait_for_ends(self, runs: int, service: Service, patience_secs: float = 180.0) -> None:
        """Returns when so many runs have ended. Events may be lost, so the rows have the last word."""
        deadline = time.monotonic() + patience_secs
        with self._more:
            while self.ends < runs:
                # Rows are asked seldom: asking costs the database.
                if not self._more.wait(5) and ended_runs(service) >= runs:
                    return
                service.check()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.ends} of {runs} runs ended within {patience_secs:.0f} s")

    def __enter__(self) -> Events:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.shutdown(socket.SHUT_RDWR)
        self.join()
        self._stream.close()


@dataclass(frozen=True)
class Walk:
    """One run on its own, in seconds."""

    accepted_to_started: float
    answered_to_ended: float
    sent_to_ended: float

    @classmethod
    def of(cls, sent_at: float, accepted_at: float, answered_at: float, seen: list[tuple[float, bytes]]) -> Walk:
        """From the moments of the upload and of the last model's answer, and the events, the last of which is the end."""
        started = min(at for at, line in seen if b'"ANALYSIS_STARTED"' in line)
        ended = seen[-1][0]
        return cls(max(0.0, started - accepted_at), ended - answered_at, ended - sent_at)


def ended_runs(service: Service) -> int:
    """Runs that have ended well, by their rows."""
    count = "select count(*) from analysis_runs where status = 'ANALYZED'"
    return int(service.side.world.postgres.sql(service.database, count))


def answers(service: Service) -> int:
    """Models that have answered, by their rows."""
    count = "select count(*) from deepfake_analyses where status = 'COMPLETED'"
    return int(service.side.world.postgres.sql(service.database, count))


class Sockets:
    """Sockets of some people."""

    def __init__(self, child: subprocess.Popen[str], connect_secs: float) -> None:
        self._child = child
        self.connect_secs = connect_secs

    def fan_out(self) -> dict[str, float]:
        """Publishes the events; `deliveries` and `secs`, when every socket has had every event."""
        self._say("go")
        return json.loads(self._hear())

    def steady(self, events: int, every_ms: float) -> list[float]:
        """Publishes one event after the other with pauses; milliseconds that each delivery took."""
        self._say(f"steady {events} {every_ms}")
        return json.loads(self._hear())

    def _say(self, word: str) -> None:
        assert self._child.stdin
        self._child.stdin.write(f"{word}\n")
        self._child.stdin.flush()

    def _hear(self) -> str:
        return hear(self._child)


def hear(child: subprocess.Popen[str]) -> str:
    """One line of the driver."""
    assert child.stdout
    line = child.stdout.readline()
    if not line:
        assert child.stderr
        raise RuntimeError(f"the sockets ended: {child.stderr.read()}")
    return line


@contextmanager
def sockets(ports: Sequence[int], redis_url: str, people: Sequence[Person], each: int, events: int, window: int) -> Iterator[Sockets]:
    """Connected sockets, spread over the servers at these ports, gone afterwards. `events` are in all, to one person after
    the other."""
    env = {
        **os.environ,
        "NODE_PATH": str(HERE / "node" / "node_modules"),
        "SERVER_URLS": ",".join(f"http://127.0.0.1:{port}" for port in ports),
        "REDIS_URL": redis_url,
        "CHANNEL": CHANNEL,
        "PEOPLE": json.dumps([{"userId": person.user_id, "token": person.token} for person in people]),
        "SOCKETS_EACH": str(each),
        "EVENTS": str(events),
        "WINDOW": str(window),
    }
    command = ["node", str(HERE / "driver" / "sockets.cjs")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            yield Sockets(child, float(hear(child).removeprefix("connected ")))
        finally:
            child.kill()
