"""On what it was measured: processor, memory and versions, and nothing that names the machine."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def facts(program: str) -> str:
    """A list for the top of the report."""
    today = datetime.datetime.now(datetime.UTC).date()
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    python_side = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "opencv-python-headless", "numpy", "pillow"))
    return "\n".join(
        [
            f"* {today}, load before the start {os.getloadavg()[0]:.1f}",
            f"* {processor()}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.machine()}, no GPU used",
            f"* {first_line(program, '--version')}, built with {first_line('rustc', '--version')}, profile release",
            f"* Python {platform.python_version()}, {python_side}",
            f"* {first_line('ffmpeg', '-version').split(' Copyright')[0]}",
        ]
    )


def processor() -> str:
    """The model name of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def first_line(*command: str) -> str:
    """What a program says of itself."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
