"""Live events seen from outside: the ends of runs on Redis, and many sockets in a process of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from collections.abc import Iterator

from .client import Person
from .process import until
from .servers import HERE
from .sides import Service

CHANNEL = "media-progress-events"


class Ends(threading.Thread):
    """Counts the runs that end while a `with` block runs."""

    WORD = b'"video_update"'

    def __init__(self, redis_port: int) -> None:
        super().__init__(daemon=True)
        self._stream = socket.create_connection(("127.0.0.1", redis_port))
        self._stream.sendall(f"SUBSCRIBE {CHANNEL}\r\n".encode())
        self._stream.recv(1024)
        self.count = 0

    def run(self) -> None:
        rest = b""
        while data := self._stream.recv(1 << 16):
            data = rest + data
            self.count += data.count(self.WORD)
            # A word may be cut in two.
            rest = data[-(len(self.WORD) - 1) :]

    def wait_for(self, runs: int, service: Service, patience_secs: float = 180.0) -> None:
        """Returns when so many have ended. Events may be lost, so the rows have the last word."""
        heard_at = [0]

        def ended() -> bool:
            heard_at[0] += 1
            # Rows are asked once in five seconds: asking costs the database.
            return self.count >= runs or (heard_at[0] % 1000 == 0 and ended_runs(service) >= runs)

        until(ended, f"{runs} runs end, {self.count} were heard", service.api.check, patience_secs, pause_secs=0.005)

    def __enter__(self) -> Ends:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.shutdown(socket.SHUT_RDWR)
        self.join()
        self._stream.close()


def ended_runs(service: Service) -> int:
    """Runs that have ended well, by their rows."""
    count = "select count(*) from analysis_runs where status = 'ANALYZED'"
    return int(service.side.world.postgres.sql(service.database, count))


class Sockets:
    """Sockets of one person."""

    def __init__(self, child: subprocess.Popen[str], connect_secs: float) -> None:
        self._child = child
        self.connect_secs = connect_secs

    def fan_out(self) -> dict[str, float]:
        """Publishes the events; `deliveries` and `secs`, when every socket has had every event."""
        self._say("go")
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
def sockets(service: Service, person: Person, count: int, events: int, window: int) -> Iterator[Sockets]:
    """Connected sockets, gone afterwards."""
    env = {
        **os.environ,
        "NODE_PATH": str(HERE / "node" / "node_modules"),
        "SERVER_URL": f"http://127.0.0.1:{service.port}",
        "REDIS_URL": service.side.world.redis.url,
        "TOKEN": person.token,
        "USER_ID": person.user_id,
        "CHANNEL": CHANNEL,
        "SOCKETS": str(count),
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
