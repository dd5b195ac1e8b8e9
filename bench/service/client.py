"""The load: a client of HTTP/1.1 that costs little, so that what is measured is the server."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .files import Sample

BOUNDARY = "----bench-4f1c0a"
PATIENCE_SECS = 120.0


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes

    def json(self) -> dict:
        """The body as JSON."""
        return json.loads(self.body)


class Refused(Exception):
    """A server gave another answer than the one that was measured for."""


class Connection:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._stream = socket.create_connection(("127.0.0.1", port), PATIENCE_SECS)
        self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Ends it."""
        self._stream.close()

    def request(self, method: str, path: str, headers: dict[str, str], parts: Iterable[bytes] = (), length: int = 0) -> Answer:
        """Sends one request and reads its answer."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {length}")
        self._stream.sendall("\r\n".join([*lines, "", ""]).encode())
        for part in parts:
            self._stream.sendall(part)
        return self._read()

    def post_json(self, path: str, value: object, headers: dict[str, str] | None = None) -> Answer:
        """Sends a JSON document."""
        body = json.dumps(value).encode()
        return self.request("POST", path, {"Content-Type": "application/json", **(headers or {})}, [body], len(body))

    def upload(self, token: str, sample: Sample, fields: dict[str, str] | None = None) -> Answer:
        """Sends one file as a form; anything but 202 is an error."""
        texts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in (fields or {}).items()]
        texts.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="{sample.name}"\r\n'
            f"Content-Type: {sample.mimetype}\r\n\r\n"
        )
        begin = "".join(texts).encode() + sample.head
        end = f"\r\n--{BOUNDARY}--\r\n".encode()
        length = len(begin) + len(sample.rest) * sample.times + len(end)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        parts = [begin, *[sample.rest] * sample.times, end]
        answer = self.request("POST", "/api/v1/media", headers, parts, length)
        if answer.status != 202:
            raise Refused(f"an upload was answered with {answer.status}: {answer.body[:500]!r}")
        return answer

    def _read(self) -> Answer:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if headers.get("transfer-encoding") == "chunked":
            body = self._chunks(body)
        else:
            length = int(headers.get("content-length", "0"))
            while len(body) < length:
                body += self._more()
        return Answer(int(lines[0].split()[1]), body)

    def _chunks(self, data: bytes) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in data:
                data += self._more()
            size_text, _, data = data.partition(b"\r\n")
            size = int(size_text.split(b";")[0], 16)
            while len(data) < size + 2:
                data += self._more()
            if size == 0:
                return body
            body, data = body + data[:size], data[size + 2 :]

    def _more(self) -> bytes:
        data = self._stream.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    user_id: str
    token: str


_addresses = itertools.count(1)


def sign_up(port: int) -> Person:
    """A new account, made as people make theirs: from an address of its own, as a proxy would pass it on."""
    number = next(_addresses)
    connection = Connection(port)
    person = {
        "email": f"bench-{os.urandom(6).hex()}@example.org",
        "password": os.urandom(12).hex(),
        "firstName": "Bench",
        "lastName": "Mark",
    }
    answer = connection.post_json("/api/v1/auth/signup", person, {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"})
    connection.close()
    if answer.status != 201:
        raise Refused(f"signing up was answered with {answer.status}: {answer.body[:500]!r}")
    said = answer.json()
    return Person(said["user"]["id"], said["token"])


class Maker(Protocol):
    """Makes files of one kind."""

    def next(self) -> Sample:
        """Another file."""


@dataclass(frozen=True)
class Load:
    """What came of many uploads."""

    wall_secs: float
    latencies_secs: list[float]
    bytes: int
    # On the clock of `time.perf_counter`.
    ended_at: float


def upload_many(
    port: int | Sequence[int],
    people: Sequence[Person],
    maker: Maker,
    count: int,
    fields: dict[str, str] | None = None,
    moments_secs: Sequence[float] = (),
) -> Load:
    """Uploads `count` files; each person has one connection and sends the next file when the last was answered, and not
    before its moment where there are any, counted from the start. Several ports are several servers, among which people
    take turns."""
    samples = [maker.next() for _ in range(count)]
    left = iter(zip(samples, moments_secs or itertools.repeat(0.0)))
    lock = threading.Lock()
    latencies: list[float] = []
    failures: list[Exception] = []
    ports = itertools.cycle([port] if isinstance(port, int) else port)
    connections = [Connection(next(ports)) for _ in people]

    def send(connection: Connection, token: str) -> None:
        try:
            while True:
                with lock:
                    taken = next(left, None)
                if taken is None or failures:
                    return
                sample, moment_secs = taken
                time.sleep(max(0.0, started_at + moment_secs - time.perf_counter()))
                begin = time.perf_counter()
                connection.upload(token, sample, fields)
                latencies.append(time.perf_counter() - begin)
        except (OSError, Refused) as failure:
            failures.append(failure)

    pairs = zip(connections, people, strict=True)
    threads = [threading.Thread(target=send, args=(connection, person.token)) for connection, person in pairs]
    started_at = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended_at = time.perf_counter()
    for connection in connections:
        connection.close()
    if failures:
        raise failures[0]
    return Load(ended_at - started_at, latencies, sum(sample.size for sample in samples), ended_at)
