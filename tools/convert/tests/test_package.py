"""What a converter writes and when it refuses to. Needs numpy, onnx and onnxruntime only."""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
import unittest
from pathlib import Path

import numpy as np

from ..refused import Refused
from ..tensors import Tensors
from .support import CHECKOUT, ConverterTest, answer, write_json, write_safetensors

WIDTH, INNER, PATCH, SIDE = 16, 32, 8, 16
HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def vit(classes: int = 2) -> dict[str, np.ndarray]:
    """The tensors of a tiny ViT with one block."""
    random = np.random.default_rng(1)
    block = "vit.encoder.layer.0"
    shapes = {
        "vit.embeddings.cls_token": (1, 1, WIDTH), "vit.embeddings.position_embeddings": (1, (SIDE // PATCH) ** 2 + 1, WIDTH),
        "vit.embeddings.patch_embeddings.projection.weight": (WIDTH, 3, PATCH, PATCH), "vit.embeddings.patch_embeddings.projection.bias": (WIDTH,),
        f"{block}.intermediate.dense.weight": (INNER, WIDTH), f"{block}.intermediate.dense.bias": (INNER,),
        f"{block}.output.dense.weight": (WIDTH, INNER), f"{block}.output.dense.bias": (WIDTH,),
        "classifier.weight": (classes, WIDTH), "classifier.bias": (classes,),
    }
    for part in ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense"):
        shapes |= {f"{block}.{part}.weight": (WIDTH, WIDTH), f"{block}.{part}.bias": (WIDTH,)}
    for part in (f"{block}.layernorm_before", f"{block}.layernorm_after", "vit.layernorm"):
        shapes |= {f"{part}.weight": (WIDTH,), f"{part}.bias": (WIDTH,)}
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


class PackageTests(ConverterTest):
    def hub(self, tensors: dict | None = None, *, labels: dict | None = None, preprocessor: dict | None = None) -> Path:
        folder = self.folder / "hub"
        folder.mkdir(exist_ok=True)
        write_safetensors(folder / "model.safetensors", tensors or vit())
        labels = labels or {"0": "REAL", "1": "FAKE"}
        write_json(folder / "config.json", {"num_attention_heads": 2, "id2label": labels})
        write_json(folder / "preprocessor_config.json", preprocessor or HALF | {"size": SIDE})
        return folder

    def test_a_package_is_whole(self) -> None:
        package = self.convert("vit", self.hub())
        self.assertEqual(package, self.folder / "packages/converted/1.0.0")
        self.assertEqual(sorted(path.name for path in package.iterdir()), ["card.md", "golden-input.f32", "golden.json", "model.toml", "weights.onnx"])
        manifest = tomllib.loads((package / "model.toml").read_text())
        weights = (package / "weights.onnx").read_bytes()
        self.assertEqual(manifest["weights"], {"file": "weights.onnx", "sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights)})
        self.assertEqual((manifest["weight"], manifest["pipeline"], manifest["family"]), ("unrated", "image-classifier", "ai-picture"))
        self.assertEqual((manifest["picture"]["size"], manifest["picture"]["resize"]), ([SIDE, SIDE], "stretch"))
        case = json.loads((package / "golden.json").read_text())["cases"][0]
        given = np.fromfile(package / case["input"], "<f4").reshape(case["shape"])
        np.testing.assert_allclose(answer(package, given).reshape(-1), case["output"], atol=1e-5)
        digest = hashlib.sha256((self.folder / "hub/model.safetensors").read_bytes()).hexdigest()
        self.assertIn(digest, (package / "card.md").read_text())

    def test_the_same_weights_give_the_same_bytes(self) -> None:
        first, second = (self.convert("vit", self.hub(), name=name) for name in ("first", "second"))
        self.assertEqual((first / "golden.json").read_bytes(), (second / "golden.json").read_bytes())
        again = self.convert("vit", self.hub(), "--version", "1.0.1", name="first")
        self.assertEqual((first / "weights.onnx").read_bytes(), (again / "weights.onnx").read_bytes())

    def test_a_batch_answers_as_its_rows_do(self) -> None:
        package = self.convert("vit", self.hub())
        rows = np.random.default_rng(2).normal(0, 1, (3, 3, SIDE, SIDE))
        np.testing.assert_allclose(answer(package, rows), np.concatenate([answer(package, row[None]) for row in rows]), atol=1e-5)

    def test_a_missing_tensor_is_named(self) -> None:
        tensors = vit()
        del tensors["vit.layernorm.bias"]
        self.assertIn("lacks 'vit.layernorm.bias'", self.refused("vit", self.hub(tensors)))

    def test_a_tensor_of_another_shape_is_named(self) -> None:
        tensors = vit() | {"vit.layernorm.bias": np.zeros(WIDTH + 1, np.float32)}
        self.assertIn("'vit.layernorm.bias'", words := self.refused("vit", self.hub(tensors)))
        self.assertIn("[17], and the net needs [16]", words)

    def test_a_tensor_left_over_is_named(self) -> None:
        tensors = vit() | {"vit.encoder.layer.0.adapter.weight": np.zeros(3, np.float32)}
        self.assertIn("no use for: vit.encoder.layer.0.adapter.weight", self.refused("vit", self.hub(tensors)))

    def test_a_tensor_with_numbers_that_are_none_is_named(self) -> None:
        tensors = vit() | {"vit.layernorm.bias": np.full(WIDTH, np.nan, np.float32)}
        self.assertIn("'vit.layernorm.bias'", self.refused("vit", self.hub(tensors)))

    def test_a_head_beside_a_wrapped_net_is_named_and_not_lost(self) -> None:
        one = np.zeros(1, np.float32)
        self.assertEqual(Tensors({"vit.a.b": one, "vit.c": one}, "x").unwrapped("a.b").names(), ["a.b", "c"])
        with self.assertRaisesRegex(Refused, "beside the net: head.weight"):
            Tensors({"vit.a.b": one, "head.weight": one}, "x").unwrapped("a.b")
        with self.assertRaisesRegex(Refused, "2 times"):
            Tensors({"vit.a.b": one, "ema.a.b": one}, "x").unwrapped("a.b")

    def test_labels_that_leave_it_open_have_to_be_read_by_a_person(self) -> None:
        folder = self.hub(labels={"0": "LABEL_0", "1": "LABEL_1"})
        self.assertIn("0 = LABEL_0, 1 = LABEL_1", self.refused("vit", folder))
        self.assertIn("--fake", self.refused("vit", folder, "--fake", "2"))
        first, second = (self.convert("vit", folder, "--fake", fake, name=name) for fake, name in (("0", "first"), ("LABEL_1", "second")))
        given = np.random.default_rng(2).normal(0, 1, (1, 3, SIDE, SIDE))
        np.testing.assert_allclose(answer(first, given), -answer(second, given), atol=1e-5)

    def test_what_is_resized_and_then_cut_is_fed_larger_and_cut_by_the_graph(self) -> None:
        folder = self.hub(preprocessor=HALF | {"size": {"shortest_edge": 20}, "do_center_crop": True, "crop_size": SIDE, "resample": 3})
        package, plain = self.convert("vit", folder), self.convert("vit", folder, "--preprocessor", str(self.stretched()), name="plain")
        manifest = tomllib.loads((package / "model.toml").read_text())
        self.assertEqual([manifest["picture"][key] for key in ("size", "resize", "filter")], [[20, 20], "short-side-crop", "bicubic"])
        larger = np.random.default_rng(2).normal(0, 1, (1, 3, 20, 20))
        np.testing.assert_array_equal(answer(package, larger), answer(plain, larger[:, :, 2:18, 2:18]))
        again = self.convert("vit", folder, "--preprocessor", str(self.stretched()), "--resize", "20", name="again")
        np.testing.assert_array_equal(answer(again, larger), answer(package, larger))

    def stretched(self) -> Path:
        write_json(self.folder / "other.json", HALF | {"size": SIDE})
        return self.folder / "other.json"

    def test_a_way_of_feeding_that_no_manifest_can_say_is_refused_or_told(self) -> None:
        folder = self.hub(preprocessor=HALF | {"do_resize": False})
        self.assertIn("--approximate", self.refused("vit", folder))
        manifest = tomllib.loads((self.convert("vit", folder, "--approximate") / "model.toml").read_text())
        self.assertIn("Fed otherwise than its publisher does", manifest["limits"][0])

    def test_a_middle_that_is_cut_out_without_resizing_is_said_in_the_manifest(self) -> None:
        folder = self.hub(preprocessor=HALF | {"do_resize": False, "do_center_crop": True, "crop_size": SIDE})
        said = tomllib.loads((self.convert("vit", folder) / "model.toml").read_text())
        self.assertEqual([said["picture"][key] for key in ("size", "resize")], [[SIDE, SIDE], "crop"])
        self.assertFalse(any("otherwise" in limit for limit in said["limits"]))
        given = self.convert("vit", self.hub(), "--no-resize", name="given")
        self.assertEqual(tomllib.loads((given / "model.toml").read_text())["picture"]["resize"], "crop")
        self.assertIn("not resized", (given / "card.md").read_text())

    def test_the_box_of_a_face_is_said_in_the_manifest(self) -> None:
        package = self.convert("vit", self.hub(), "--faces", "--box", "--crop", "1.25")
        face = tomllib.loads((package / "model.toml").read_text())["face"]
        self.assertEqual(face, {"crop": 1.25, "min_side_px": 64, "shape": "box"})
        self.assertIn("1.25 times as wide and high", (package / "card.md").read_text())

    def test_faces_that_are_turned_upright_are_said_in_the_manifest(self) -> None:
        for more in ((), ("--faces", "--no-resize")):
            self.assertIn("--align", self.refused("vit", self.hub(), "--align", *more))
        package = self.convert("vit", self.hub(), "--faces", "--align")
        face = tomllib.loads((package / "model.toml").read_text())["face"]
        self.assertEqual(face, {"crop": 1.3, "min_side_px": 64, "align": "five-points"})
        self.assertIn("upright by five points, 1.3 times", (package / "card.md").read_text())

    def test_colours_filters_and_sizes_are_never_guessed(self) -> None:
        folder = self.hub()
        (folder / "preprocessor_config.json").unlink()
        self.assertIn("--numbers", self.refused("vit", folder))
        for preprocessor, words in (
            ({"size": SIDE, "resample": 0}, "filter"), (HALF | {"size": SIDE - 1}, "--approximate"), ({"image_mean": [0.5]}, "mean and standard deviation"),
            (HALF | {"size": {"longest_edge": 32}}, "not read"),
        ):
            self.assertIn(words, self.refused("vit", self.hub(preprocessor=preprocessor)))

    def test_configurations_that_are_none_are_refused(self) -> None:
        folder = self.hub()
        for config in ({"num_attention_heads": 3}, {"num_attention_heads": "2"}, {"layer_norm_eps": "x"}, {"id2label": []}, {"hidden_act": "mish"}, {"id2label": 7}):
            write_json(folder / "config.json", {"num_attention_heads": 2, "id2label": {"0": "real", "1": "fake"}} | config)
            self.refused("vit", folder)
        for text in ("", "[]", "{", "\x00"):
            (folder / "config.json").write_text(text)
            self.refused("vit", folder)
        write_json(folder / "config.json", {"num_attention_heads": 2, "id2label": {"0": "real", "1": "fake"}})
        for preprocessor in ({"size": "x"}, {"size": [1]}, {"image_mean": ["a"] * 3, "image_std": [1] * 3}, HALF | {"rescale_factor": "1"}, {"size": 10**9}):
            write_json(folder / "preprocessor_config.json", preprocessor)
            self.refused("vit", folder)

    def test_faces_are_judged_where_it_is_said(self) -> None:
        manifest = tomllib.loads((self.convert("vit", self.hub(), "--faces", "--crop", "1.2") / "model.toml").read_text())
        self.assertEqual((manifest["pipeline"], manifest["family"], manifest["face"]["crop"]), ("face-classifier", "face-forgery", 1.2))

    def test_what_is_there_stays(self) -> None:
        package = self.convert("vit", self.hub())
        before = (package / "golden.json").stat().st_mtime_ns
        with self.assertRaisesRegex(Exception, "is there already"):
            self.convert("vit", self.hub())
        self.assertEqual((package / "golden.json").stat().st_mtime_ns, before)
        self.assertEqual([path.name for path in package.parent.parent.iterdir()], ["converted"])

    def test_the_command_says_what_it_made_and_what_it_refused(self) -> None:
        command = [sys.executable, "-B", "-m", "convert", "vit", str(self.hub()), "--out", "nets", "--licence", "MIT", "--origin", "a test", "--name"]
        settings = {"env": os.environ | {"PYTHONPATH": str(CHECKOUT / "tools")}, "cwd": self.folder, "capture_output": True, "text": True, "check": False}
        made = subprocess.run([*command, "net"], **settings)
        self.assertEqual((made.returncode, made.stdout.splitlines()[0], made.stderr), (0, "nets/net/1.0.0", ""))
        refused = subprocess.run([*command, "Net"], **settings)
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertTrue(refused.stderr.startswith("error: 'Net' is no name"), refused.stderr)

    def test_words_of_a_person_stay_words(self) -> None:
        title = 'Ä "title" with \\ and\nanother = "line"'
        manifest = tomllib.loads((self.convert("vit", self.hub(), "--title", title) / "model.toml").read_text())
        self.assertEqual(manifest["title"], title.replace("\n", " "))


if __name__ == "__main__":
    unittest.main()
