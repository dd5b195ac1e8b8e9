"""Processes that are measured while they run: processor time and resident memory from /proc. Linux only."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import measure

TICKS_PER_SEC = os.sysconf("SC_CLK_TCK")
SAMPLE_SECS = 0.05
PATIENCE_SECS = 60.0


class Process:
    """A child with its output in a file. Ends with the `with` block."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], folder: Path, **more: object) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._file: IO[bytes] = self.log.open("ab")
        self.started_at = time.perf_counter()
        self.child = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=self._file, stderr=subprocess.STDOUT, **more
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        """Fails with the end of its log when it has ended by itself."""
        if self.child.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.child.returncode}:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def wait_for_word(self, word: str) -> None:
        """Waits until its log holds a word."""
        until(lambda: word in self.log.read_text(errors="replace"), f"{self.name} says {word!r}", self.check)

    def cpu_secs(self) -> float:
        """Processor time so far, with that of children that have ended."""
        return cpu_secs(self.child.pid)

    def cpu_secs_since(self, before: float) -> float:
        """Processor time since an earlier look; never less than what the system can tell apart."""
        return max(self.cpu_secs() - before, 1 / TICKS_PER_SEC)

    def resident_bytes(self) -> int:
        """Resident memory now, of this process alone."""
        return measure.resident_bytes(self.child.pid)

    def own_bytes(self) -> int:
        """Resident memory now that no file backs: what it has allocated, without the code that all processes of a program share."""
        return measure.own_bytes(self.child.pid)

    def stop(self) -> None:
        """Asks it to end, and makes it end when it does not within ten seconds."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not end when asked", file=sys.stderr)
                self.child.kill()
        self.child.wait()
        self._file.close()


def cpu_secs(pid: int) -> float:
    """User and system time of a process, with that of children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_SEC


class Peak(threading.Thread):
    """Samples the memory of some processes, without that of their children, while a `with` block runs; `bytes` is the highest sum."""

    def __init__(self, *processes: Process) -> None:
        super().__init__(daemon=True)
        self.processes = processes
        self.bytes = 0
        self._done = threading.Event()

    def sample(self) -> int:
        """The sum now."""
        return sum(process.resident_bytes() for process in self.processes)

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECS):
            self.bytes = max(self.bytes, self.sample())

    def __enter__(self) -> Peak:
        self.bytes = self.sample()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()
        self.bytes = max(self.bytes, self.sample())


def until(done, what: str, check=lambda: None, patience_secs: float = PATIENCE_SECS, pause_secs: float = 0.01) -> None:
    """Asks again and again; `check` may end the wait by an error."""
    deadline = time.monotonic() + patience_secs
    while not done():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience_secs:.0f} s in vain: {what}")
        time.sleep(pause_secs)
