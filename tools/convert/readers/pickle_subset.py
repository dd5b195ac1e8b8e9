"""The small part of the pickle language that a file of weights needs. Names are looked up in one short table; nothing is imported and nothing is called but what
that table holds: an ordered dictionary, and the description of a tensor."""

import pickletools
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..refused import Refused

MAX_STEPS = 5_000_000

# By name: width in bytes and the type of numpy; bfloat16 comes as 16-bit integers.
STORAGES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "<u2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}


@dataclass(frozen=True)
class StorageKind:
    """The name of a type of storage, as `torch.FloatStorage` is met in a file."""

    name: str


@dataclass(frozen=True)
class Storage:
    """Where the numbers of a tensor lie: `count` values under `key`."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class TensorPlace:
    """A tensor as a file describes it: a window on a storage, in values."""

    storage: Storage
    offset: int
    size: tuple
    stride: tuple


@dataclass(frozen=True)
class _Callable:
    name: str


_MARK = object()
_CALLABLES = {
    ("collections", "OrderedDict"): _Callable("OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"): _Callable("tensor"),
    ("torch._utils", "_rebuild_parameter"): _Callable("parameter"),
}
_CONSTANTS = {
    "NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (),
}
_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"}


def load(stream: bytes, what: str, start: int = 0) -> tuple[object, int]:
    """One pickled value, and where it ends. `what` names the file in messages."""
    machine = _Machine(what)
    file = _Window(stream, start)
    try:
        for opcode, argument, _ in pickletools.genops(file):
            if machine.step(opcode.name, argument):
                return machine.stack[0], file.at
    # genops raises ValueError for what is no pickle, a stack that runs empty is an IndexError, a list as a key a TypeError.
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError, RecursionError) as error:
        raise Refused(f"{what} is no pickle of weights: {error}") from error
    raise Refused(f"{what} ends in the middle")


class _Window:
    """Reads bytes from a place on, as a file does; knows where it stands."""

    def __init__(self, stream: bytes, start: int):
        self._stream, self.at = stream, start

    def read(self, length: int) -> bytes:
        piece = self._stream[self.at : self.at + max(length, 0)]
        self.at += len(piece)
        return piece

    def readline(self) -> bytes:
        end = self._stream.find(b"\n", self.at)
        return self.read((end if end >= 0 else len(self._stream)) + 1 - self.at)

    def tell(self) -> int:
        return self.at


class _Machine:
    def __init__(self, what: str):
        self.what = what
        self.stack: list = []
        self.memo: dict[int, object] = {}
        self.steps = 0
        self.other: dict[str, Callable[[object], None]] = {
            "MARK": lambda _: self.stack.append(_MARK),
            "POP": lambda _: self.stack.pop(),
            "POP_MARK": lambda _: self._since_mark(),
            "DUP": lambda _: self.stack.append(self.stack[-1]),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "TUPLE": lambda _: self._push(tuple(self._since_mark())),
            "TUPLE1": lambda _: self._push(tuple(self._take(1))),
            "TUPLE2": lambda _: self._push(tuple(self._take(2))),
            "TUPLE3": lambda _: self._push(tuple(self._take(3))),
            "LIST": lambda _: self._push(self._since_mark()),
            "DICT": lambda _: self._push(self._pairs(self._since_mark(), {})),
            "APPEND": lambda _: self._append(self._take(1)),
            "APPENDS": lambda _: self._append(self._since_mark()),
            "SETITEM": lambda _: self._set(self._take(2)),
            "SETITEMS": lambda _: self._set(self._since_mark()),
            "MEMOIZE": lambda _: self.memo.__setitem__(len(self.memo), self._top()),
            "GLOBAL": lambda name: self._global(*str(name).split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._global(*self._take(2)),
            "BINPERSID": lambda _: self._push(self._storage(self._take(1)[0])),
            "REDUCE": lambda _: self._reduce(),
            "BUILD": lambda _: self._build(),
        }

    def step(self, name: str, argument: object) -> bool:
        """True at the end."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Refused(f"{self.what} takes more than {MAX_STEPS} steps to read")
        if name == "STOP":
            if len(self.stack) != 1 or self.stack[0] is _MARK:
                raise Refused(f"{self.what} is no pickle of one value")
            return True
        if name in ("PROTO", "FRAME"):
            return False
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _NUMBERS or name in _TEXTS:
            self.stack.append(argument)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[int(argument)] = self._top()
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[int(argument)])
        elif name in self.other:
            self.other[name](argument)
        else:
            raise Refused(f"{self.what} uses the pickle command {name}, which weights do not need")
        return False

    def _push(self, value: object) -> None:
        self.stack.append(value)

    def _top(self) -> object:
        if self.stack[-1] is _MARK:
            raise Refused(f"{self.what} is no pickle of weights: a mark is no value")
        return self.stack[-1]

    def _take(self, count: int) -> list:
        if len(self.stack) < count or any(value is _MARK for value in self.stack[-count:]):
            raise Refused(f"{self.what} is no pickle of weights: values are missing")
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def _since_mark(self) -> list:
        at = len(self.stack) - 1
        while at >= 0 and self.stack[at] is not _MARK:
            at -= 1
        if at < 0:
            raise Refused(f"{self.what} is no pickle of weights: a mark is missing")
        taken = self.stack[at + 1 :]
        del self.stack[at:]
        return taken

    def _pairs(self, values: list, into: dict) -> dict:
        if len(values) % 2:
            raise Refused(f"{self.what} is no pickle of weights: a key without a value")
        for key, value in zip(values[::2], values[1::2]):
            # No tuples: a nest of them could be deeper than what counting its hash survives.
            if not isinstance(key, (str, int)):
                raise Refused(f"{self.what} has a key of the type {type(key).__name__}")
            into[key] = value
        return into

    def _append(self, values: list) -> None:
        if not isinstance(self._top(), list):
            raise Refused(f"{self.what} adds to something that is no list")
        self.stack[-1].extend(values)

    def _set(self, values: list) -> None:
        if not isinstance(self._top(), dict):
            raise Refused(f"{self.what} puts a key into something that is no dictionary")
        self._pairs(values, self.stack[-1])

    def _global(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Refused(f"{self.what} asks for something without a name")
        known = _CALLABLES.get((module, name))
        if known is None and module == "torch" and name in STORAGES:
            known = StorageKind(name)
        if known is None:
            raise Refused(f"{self.what} asks for {_plain(module)}.{_plain(name)}, which weights do not need; it is refused")
        self.stack.append(known)

    def _storage(self, place: object) -> Storage:
        words = place if isinstance(place, tuple) else ()
        # The last word, a view on another storage, exists in the older form only and was always None there.
        good = len(words) in (5, 6) and words[0] == "storage" and isinstance(words[1], StorageKind) and words[5:] in ((), (None,))
        if not (good and isinstance(words[2], str) and type(words[4]) is int and words[4] >= 0):
            raise Refused(f"{self.what} points to something outside that is no storage of numbers")
        return Storage(words[1].name, words[2], words[4])

    def _reduce(self) -> None:
        called, arguments = self._take(2)
        if not isinstance(called, _Callable) or not isinstance(arguments, tuple):
            raise Refused(f"{self.what} calls something that is nothing to call")
        if called.name == "OrderedDict":
            if arguments not in ((), ([],)):
                raise Refused(f"{self.what} makes an ordered dictionary in a way that is not read")
            self.stack.append(OrderedDict())
        elif called.name == "tensor":
            self.stack.append(self._tensor(arguments))
        elif len(arguments) == 3 and isinstance(arguments[0], TensorPlace):
            self.stack.append(arguments[0])
        else:
            raise Refused(f"{self.what} describes a parameter that is no tensor")

    def _tensor(self, arguments: tuple) -> TensorPlace:
        good = 6 <= len(arguments) <= 7 and isinstance(arguments[0], Storage) and type(arguments[1]) is int
        if not (good and isinstance(arguments[2], tuple) and isinstance(arguments[3], tuple)):
            raise Refused(f"{self.what} describes a tensor in a way that is not read")
        return TensorPlace(*arguments[:4])

    def _build(self) -> None:
        """State beside the content: only the notes that an ordered dictionary of weights carries, which are dropped."""
        (state,) = self._take(1)
        if not isinstance(self._top(), OrderedDict) or not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise Refused(f"{self.what} sets the inner state of something, which weights do not need")


def _plain(word: str) -> str:
    return re.sub(r"[^\w.]", "?", word[:80])
