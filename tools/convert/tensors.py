"""The tensors of one net while its graph is built: each is taken once, by name and shape, and none may be left over."""

import re

import numpy as np

from .refused import Refused

SHOWN = 8


class Tensors:
    """Numbers by name, as 32-bit floats."""

    def __init__(self, values: dict[str, np.ndarray], what: str):
        self._values, self.what = values, what
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> list[str]:
        return sorted(self._values)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that has to be there."""
        if name not in self._values:
            raise Refused(f"{self.what} lacks {name!r}; it holds {_some(self.names())}")
        return tuple(self._values[name].shape)

    def take(self, name: str, *shape: int) -> np.ndarray:
        """A tensor that has to be there in this shape."""
        found = self.shape(name)
        if found != shape:
            raise Refused(f"{name!r} in {self.what} has the shape {list(found)}, and the net needs {list(shape)}")
        values = np.asarray(self._values[name], np.float32)
        if not np.isfinite(values).all():
            raise Refused(f"{name!r} in {self.what} holds numbers that are none")
        self._taken.add(name)
        return values

    def count(self, pattern: str) -> int:
        """How many layers there are: one more than the highest number that the pattern's group finds."""
        numbers = [int(match[1]) for name in self._values if (match := re.match(pattern, name))]
        return max(numbers, default=-1) + 1

    def ignore(self, *patterns: str) -> None:
        """Tensors that the net does not use, by regular expressions on the whole name. Every use says why."""
        self._taken.update(name for name in self._values if any(re.fullmatch(pattern, name) for pattern in patterns))

    def finish(self) -> None:
        """Refuses what nobody took."""
        left = sorted(set(self._values) - self._taken)
        if left:
            raise Refused(f"{self.what} holds {len(left)} tensors that this net has no use for: {_some(left)}")

    def unwrapped(self, marker: str) -> "Tensors":
        """The same without what wrappers put before every name; `marker` is a name that every such net has. Nothing may lie beside the wrapped net: a
        head there would be lost."""
        ends = [name for name in self._values if name == marker or name.endswith("." + marker)]
        if len(ends) != 1:
            raise Refused(f"{self.what} holds {marker!r} {len(ends)} times, and once is needed; it holds {_some(self.names())}")
        prefix = ends[0].removesuffix(marker)
        beside = [name for name in self.names() if not name.startswith(prefix)]
        if beside:
            raise Refused(f"{self.what} holds {len(beside)} tensors beside the net: {_some(beside)}")
        return Tensors({name.removeprefix(prefix): values for name, values in self._values.items()}, self.what)

    def renamed(self, rules: list[tuple[str, str]]) -> "Tensors":
        """The same tensors under the names that regular expressions make of theirs."""
        values: dict[str, np.ndarray] = {}
        for name, value in self._values.items():
            for pattern, to in rules:
                name = re.sub(pattern, to, name)
            if name in values:
                raise Refused(f"{self.what} holds {name!r} twice")
            values[name] = value
        return Tensors(values, self.what)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
