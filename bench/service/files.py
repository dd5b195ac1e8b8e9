"""Files that are uploaded: true pictures and sounds of any size, and no two alike."""

from __future__ import annotations

import itertools
import os
import random
import struct
import zlib
from dataclasses import dataclass

_count = itertools.count()
# The same in every run; the comments make files differ within it.
_noise = random.Random(3)


@dataclass(frozen=True)
class Sample:
    """A file in two parts: a short one that is another for every upload, and the rest, any number of times."""

    name: str
    mimetype: str
    head: bytes
    rest: bytes
    times: int = 1

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.head) + len(self.rest) * self.times


class Picture:
    """PNG of noise that is not compressed, so that its size is known: about `size` bytes."""

    def __init__(self, size: int) -> None:
        side = max(8, int((size / 3) ** 0.5))
        rows = b"".join(b"\0" + _noise.randbytes(3 * side) for _ in range(side))
        self._header = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        self._rest = _chunk(b"IDAT", zlib.compress(rows, 0)) + _chunk(b"IEND", b"")

    def next(self) -> Sample:
        """A file that differs from all others in a comment of its own."""
        comment = _chunk(b"tEXt", b"Comment\0" + f"{os.getpid()} {next(_count)}".encode())
        return Sample("picture.png", "image/png", self._header + comment, self._rest)


class Sound:
    """WAV of noise: one mebibyte of it again and again."""

    BLOCK = 2**20
    RATE_HZ = 96_000

    def __init__(self, mebibytes: int) -> None:
        self._times = mebibytes
        self._rest = _noise.randbytes(self.BLOCK)

    def next(self) -> Sample:
        """A file that differs from all others in its first samples."""
        own = f"{os.getpid()} {next(_count)}".encode().ljust(64, b"\0")
        data = len(own) + self.BLOCK * self._times
        channels, bits = 2, 24
        frame = channels * bits // 8
        form = struct.pack("<HHIIHH", 1, channels, self.RATE_HZ, self.RATE_HZ * frame, frame, bits)
        head = b"RIFF" + struct.pack("<I", 36 + data) + b"WAVEfmt " + struct.pack("<I", 16) + form
        return Sample("sound.wav", "audio/wav", head + b"data" + struct.pack("<I", data) + own, self._rest, self._times)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
