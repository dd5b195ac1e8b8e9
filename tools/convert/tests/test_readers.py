"""Files of weights: what is read, and what is refused. Needs numpy and h5py only; the hostile files are made by hand."""

import contextlib
import json
import os
import pickle
import unittest
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import h5py
import numpy as np

from ..readers import checkpoint, read
from ..refused import Refused
from .support import ConverterTest, write_safetensors




def storage(key: str = "0", count: int = 6, kind: str = "FloatStorage") -> bytes:
    """The commands that leave a storage on the stack, as a checkpoint points to it."""
    words = b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"t"
    return words + b"Q"


def text(word: str) -> bytes:
    return b"X" + len(word.encode()).to_bytes(4, "little") + word.encode()


def number(value: int) -> bytes:
    return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)


def tensor(size: tuple, stride: tuple, *, offset: int = 0, of: bytes | None = None) -> bytes:
    """The commands that leave a tensor on the stack."""
    lengths = lambda values: b"(" + b"".join(map(number, values)) + b"t"  # noqa: E731
    tail = number(offset) + lengths(size) + lengths(stride) + b"\x89" + b"ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + (of or storage()) + tail + b"tR"


def state(*pairs: tuple[str, bytes]) -> bytes:
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in pairs) + b"u."


class CheckpointTests(ConverterTest):
    def saved(self, commands: bytes, *, numbers: dict[str, bytes] | None = None, packed: bool = False) -> Path:
        path = self.folder / "weights.pth"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
            archive.writestr("archive/data.pkl", commands)
            for key, values in (numbers if numbers is not None else {"0": np.arange(6, dtype="<f4").tobytes()}).items():
                archive.writestr(f"archive/data/{key}", values)
        return path

    def no(self, commands: bytes, words: str, **settings) -> None:
        with self.assertRaisesRegex(Refused, words):
            checkpoint.read(self.saved(commands, **settings))

    def test_a_tensor_is_read_with_its_steps(self) -> None:
        path = self.saved(state(("a", tensor((2, 3), (3, 1))), ("b", tensor((3, 2), (1, 3))), ("c", tensor((2,), (1,), offset=4))))
        tensors = read(path)
        np.testing.assert_array_equal(tensors["a"], [[0, 1, 2], [3, 4, 5]])
        np.testing.assert_array_equal(tensors["b"], [[0, 3], [1, 4], [2, 5]])
        np.testing.assert_array_equal(tensors["c"], [4, 5])

    def test_no_function_is_ever_called(self) -> None:
        made = self.folder / "made"

        class Attack:
            def __reduce__(self):
                return os.system, (f"touch {made}",)

        for protocol in range(6):
            self.no(pickle.dumps({"a": Attack()}, protocol), r"asks for posix.system")
        self.assertFalse(made.exists())

    def test_every_way_to_a_function_is_refused_by_name(self) -> None:
        for module, name in (
            ("builtins", "eval"), ("builtins", "getattr"), ("operator", "attrgetter"), ("torch", "load"), ("torch.storage", "_load_from_bytes"),
            ("torch._utils", "_rebuild_tensor_v2.__globals__"), ("collections", "OrderedDict.fromkeys"), ("numpy", "load"), ("torch", "nn"),
            ("torch._utils", "_rebuild_sparse_tensor"), ("argparse", "Namespace"), ("numpy.core.multiarray", "_reconstruct"), ("functools", "partial"),
        ):
            with self.subTest(f"{module}.{name}"):
                self.no(f"\x80\x02c{module}\n{name}\n.".encode("latin1"), "asks for " + module.replace(".", r"\."))
                self.no(b"\x80\x04" + text(module) + text(name) + b"\x93.", "asks for " + module.replace(".", r"\."))

    def test_commands_that_weights_do_not_need_are_refused_by_name(self) -> None:
        for commands, word in (
            (b"\x80\x02(ios\nsystem\n.", "INST"), (b"\x80\x02(cos\nsystem\no.", "asks for os.system"), (b"\x80\x02\x82\x01.", "EXT1"),
            (b"\x80\x02})\x81.", "NEWOBJ"), (b"Pplace\n.", "PERSID"), (b"\x80\x05\x97.", "NEXT_BUFFER"), (b"\x80\x02\x8f.", "EMPTY_SET"),
            (b"\x80\x04\x8e" + (8).to_bytes(8, "little") + b"x" * 8 + b".", "BINBYTES8"),
        ):
            with self.subTest(word):
                self.no(commands, word)

    def test_a_known_name_is_no_way_to_another(self) -> None:
        ordered = b"ccollections\nOrderedDict\n"
        self.no(b"\x80\x02" + ordered + b"(" + text("x") + b"tR.", "in a way that is not read")
        self.no(b"\x80\x02" + ordered + b"}" + text("__class__") + text("x") + b"sb.", "inner state")
        self.no(b"\x80\x02" + ordered + b")R}" + text("__class__") + text("x") + b"sb.", "inner state")
        self.no(b"\x80\x02}}" + text("a") + text("b") + b"sb.", "inner state")
        self.no(b"\x80\x02" + text("f") + b")R.", "nothing to call")
        self.no(b"\x80\x02ctorch\nFloatStorage\n)R.", "nothing to call")

    def test_only_storages_of_numbers_are_pointed_to(self) -> None:
        for words in (
            text("module") + text("a"), text("storage"), text("storage") + text("FloatStorage") + text("0") + text("cpu") + number(6),
            text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(-1),
            text("storage") + b"ctorch\nFloatStorage\n" + number(0) + text("cpu") + number(6),
        ):
            self.no(b"\x80\x02(" + words + b"tQ.", "no storage of numbers")
        self.no(b"\x80\x02" + text("../../etc/passwd") + b"Q.", "no storage of numbers")

    def test_huge_shapes_are_refused_before_anything_is_made(self) -> None:
        reach = "beyond its numbers|too many values|no list of"
        self.no(state(("a", tensor((1 << 40,), (0,)))), reach)
        self.no(state(("a", tensor((1 << 20, 1 << 20), (0, 0)))), reach)
        self.no(state(("a", tensor((7,), (0,)))), reach)
        self.no(state(("a", tensor((2,), (6,)))), reach)
        self.no(state(("a", tensor((-1,), (1,)))), reach)
        self.no(state(("a", tensor((2,), (-1,), offset=1))), reach)
        self.no(state(("a", tensor((2,), (1,), offset=-1))), reach)
        self.no(state(("a", tensor((1,) * 9, (1,) * 9))), reach)
        self.no(state(("a", tensor((2, 2), (1,)))), reach)

    def test_numbers_that_are_missing_or_too_few_are_refused(self) -> None:
        one = state(("a", tensor((6,), (1,))))
        self.no(one, "lacks the numbers", numbers={})
        self.no(one, "lacks the numbers", numbers={"0": b"1234"})
        self.no(state(("a", tensor((6,), (1,), of=storage("../../../etc/passwd")))), "lacks the numbers")
        self.no(state(("a", tensor((6,), (1,))), ("b", tensor((6,), (1,), of=storage(count=5)))), "says two things")

    def test_packed_members_are_refused(self) -> None:
        self.no(state(("a", tensor((6,), (1,)))), "is packed", packed=True)

    def test_nests_that_double_at_every_step_end(self) -> None:
        doubled = b"\x80\x02(]q\x00" + b"".join(b"]q%c(h%ch%ce" % (at + 1, at, at) for at in range(60)) + b"1h<."
        self.no(doubled, "nested too deeply")
        self.no(b"\x80\x02]q\x00h\x00a.", "nested too deeply")
        self.no(b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"N" + b"s.", "key of the type tuple")

    def test_what_is_no_pickle_is_refused(self) -> None:
        for commands in (b"", b"\x80\x02", b".", b"\x80\x02(.", b"\x80\x02t.", b"\x80\x02h\x07.", b"\x80\x02}(K\x01u.", b"\x80\x02]]s.", b"hello", b"\x80\x02NN."):
            with self.subTest(commands):
                self.no(commands, "no pickle|in the middle|puts a key|holds no tensors")

    def test_any_bytes_are_refused_and_nothing_else_happens(self) -> None:
        good = state(("a", tensor((2, 3), (3, 1))), ("b", tensor((3, 2), (1, 3))))
        random = np.random.default_rng(0)
        for _ in range(2_000):
            broken = bytearray(good)
            for at in random.integers(0, len(good), 3):
                broken[at] = random.integers(0, 256)
            with warnings.catch_warnings(action="ignore"), contextlib.suppress(Refused):
                checkpoint.read(self.saved(bytes(broken)))

    def test_other_files_are_refused(self) -> None:
        path = self.folder / "weights.pth"
        for content in (b"", b"hello", b"PK\x03\x04", pickle.dumps({"a": 1}), os.urandom(1000)):
            path.write_bytes(content)
            with self.assertRaises(Refused):
                read(path)
        with self.assertRaisesRegex(Refused, "neither a file"):
            read(self.folder)

    def test_an_older_file_that_ends_early_is_refused(self) -> None:
        heads = [checkpoint.LEGACY_MAGIC, checkpoint.LEGACY_PROTOCOL, {"little_endian": True}]
        stream = b"".join(pickle.dumps(head, 2) for head in heads)
        place = tensor((6,), (1,), of=storage().replace(b"tQ", b"NtQ"))
        stream += state(("a", place)) + pickle.dumps(["0"], 2) + (6).to_bytes(8, "little")
        path = self.folder / "weights.pth"
        path.write_bytes(stream + np.arange(6, dtype="<f4").tobytes())
        np.testing.assert_array_equal(read(path)["a"], np.arange(6))
        path.write_bytes(stream + b"1234")
        with self.assertRaisesRegex(Refused, "in the middle"):
            read(path)


class SafetensorsTests(ConverterTest):
    def no(self, header: object, words: str, numbers: bytes = b"\0" * 24, length: int | None = None) -> None:
        path = self.folder / "weights.safetensors"
        content = header if isinstance(header, bytes) else json.dumps(header).encode()
        path.write_bytes((len(content) if length is None else length).to_bytes(8, "little") + content + numbers)
        with self.assertRaisesRegex(Refused, words):
            read(path)

    def test_tensors_are_read(self) -> None:
        path = self.folder / "weights.safetensors"
        write_safetensors(path, OrderedDict(a=np.arange(6, dtype=np.float32).reshape(2, 3), b=np.array(7, np.int64), c=np.zeros((0, 3), np.float16)))
        tensors = read(path)
        np.testing.assert_array_equal(tensors["a"], [[0, 1, 2], [3, 4, 5]])
        self.assertEqual((tensors["b"].item(), tensors["c"].shape), (7, (0, 3)))

    def test_tables_of_contents_that_lie_are_refused(self) -> None:
        def one(**other: object) -> dict:
            return {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]} | other}

        self.no(one(shape=[2, 4]), "do not fill")
        self.no(one(shape=[1 << 40, 1 << 40]), "too many values")
        self.no(one(shape=[-2, -3]), "no list of")
        self.no(one(shape=[2, 3.0]), "no list of")
        self.no(one(data_offsets=[24, 48]), "beyond the end")
        self.no(one(data_offsets=[24, 0]), "nothing usable")
        self.no(one(data_offsets="0"), "nothing usable")
        self.no(one(dtype="F4"), "not read")
        self.no({"a": 1}, "nothing usable")
        self.no([], "no JSON object")
        self.no(b"{", "no JSON")
        self.no(b"[" * 100_000, "no JSON")
        self.no(b'{"a": 1, "a": 2}', "twice")
        self.no(one() | {"b": {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]}}, "overlap")
        self.no(one(), "does not fit", length=1 << 62)

    def test_shards_are_read_together_and_never_from_elsewhere(self) -> None:
        write_safetensors(self.folder / "a.safetensors", {"a": np.zeros(2, np.float32)})
        write_safetensors(self.folder / "b.safetensors", {"b": np.ones(2, np.float32)})
        index = self.folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}))
        self.assertEqual(sorted(read(self.folder)), ["a", "b"])
        index.write_text(json.dumps({"weight_map": {"a": "../a.safetensors"}}))
        with self.assertRaisesRegex(Refused, "beside it"):
            read(self.folder)
        index.write_text(json.dumps({"weight_map": {"a": "a.safetensors", "c": "b.safetensors"}}))
        with self.assertRaisesRegex(Refused, "lack c"):
            read(self.folder)


class KerasTests(ConverterTest):
    def test_tables_are_read_and_links_to_elsewhere_are_not(self) -> None:
        path, other = self.folder / "weights.h5", self.folder / "other.h5"
        with h5py.File(path, "w") as file:
            file["conv2d_1/conv2d_1/kernel:0"] = np.ones((3, 3, 3, 8), np.float32)
        self.assertEqual({name: table.shape for name, table in read(path).items()}, {"conv2d_1/kernel": (3, 3, 3, 8)})
        with h5py.File(path, "a") as file:
            file["elsewhere"] = h5py.ExternalLink(str(other), "/")
            file.create_dataset("raw/kernel:0", (4,), "<f4", external=[(str(other), 0, 16)])
        with self.assertRaisesRegex(Refused, "not a plain table"):
            read(path)

    def test_a_table_that_claims_more_than_the_file_holds_is_refused(self) -> None:
        path = self.folder / "weights.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("a/kernel:0", (1 << 20, 1 << 20), "<f4", chunks=(1024, 1024))
        with self.assertRaisesRegex(Refused, "larger than its file"):
            read(path)

    def test_broken_files_are_refused(self) -> None:
        path = self.folder / "weights.h5"
        with h5py.File(path, "w") as file:
            file["a/kernel:0"] = np.ones(100, np.float32)
        path.write_bytes(path.read_bytes()[:200])
        with self.assertRaises(Refused):
            read(path)


if __name__ == "__main__":
    unittest.main()
