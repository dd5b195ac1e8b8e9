"""Converted nets against timm, efficientnet-pytorch and torchvision, in small and in true size."""

import unittest

import efficientnet_pytorch
import numpy as np
import timm
import torch
import torchvision

from .references import TOLERANCE, enliven, log_odds, picture, run
from .support import ConverterTest, answer


class PictureTests(ConverterTest):
    def check(self, family: str, model: torch.nn.Module, *more: str, side: int, seen: int = 0, fake: int = 1, wrap=lambda state: state) -> None:
        enliven(model)
        torch.save(wrap(model.state_dict()), self.folder / "weights.pth")
        package = self.convert(family, self.folder / "weights.pth", *more)
        given = picture(1, side)
        edge = (side - seen) // 2 if seen else 0
        expected, found = log_odds(run(model, given[:, :, edge : side - edge, edge : side - edge]), fake), answer(package, given)
        self.assertGreater(np.abs(expected).max(), 0.01)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_small_vit_of_timm(self) -> None:
        model = timm.models.VisionTransformer(img_size=48, patch_size=8, embed_dim=64, depth=3, num_heads=4, num_classes=2)
        self.check("vit", model, "--heads", "4", "--fake", "1", "--numbers", "half", side=48)

    def test_the_vit_of_community_forensics_in_true_size(self) -> None:
        """Small, one class, below the name `vit`; the shorter side to 440 pixels, the middle 384 looked at."""
        model = timm.create_model("vit_small_patch16_384", num_classes=1)
        self.check(
            "vit", model, "--numbers", "imagenet", "--resize", "440", side=440, seen=384, wrap=lambda state: {f"vit.{name}": value for name, value in state.items()},
        )

    def test_an_efficientnet_b4_as_self_blended_images_saves_it(self) -> None:
        model = efficientnet_pytorch.EfficientNet.from_name("efficientnet-b4", num_classes=2)
        training = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.001, "params": [0]}]}
        self.check(
            "efficientnet", model, "--fake", "1", "--numbers", "plain", side=380,
            wrap=lambda state: {"model": {f"net.{name}": value for name, value in state.items()}, "optimizer": training, "epoch": 7},
        )

    def test_an_efficientnet_b4_of_deepfakebench(self) -> None:
        """256 pixels, and layers of its own at the begin, which is not padded, and at the end."""
        model = efficientnet_pytorch.EfficientNet.from_name("efficientnet-b4", num_classes=2)
        model._conv_stem = torch.nn.Conv2d(3, 48, kernel_size=3, stride=2, bias=False)

        def wrap(state: dict) -> dict:
            inner = {f"backbone.efficientnet.{name}": value for name, value in state.items() if not name.startswith("_fc")}
            return {**inner, "backbone.last_layer.weight": state["_fc.weight"], "backbone.last_layer.bias": state["_fc.bias"]}

        self.check("efficientnet", model, "--fake", "1", "--side", "256", "--numbers", "half", side=256, wrap=wrap)

    def test_an_efficientnet_b0(self) -> None:
        model = efficientnet_pytorch.EfficientNet.from_name("efficientnet-b0", num_classes=1)
        self.check("efficientnet", model, "--variant", "b0", "--numbers", "plain", side=224)

    def test_efficientnets_of_torchvision(self) -> None:
        for variant, side in (("b0", 224), ("b4", 380)):
            with self.subTest(variant):
                model = getattr(torchvision.models, f"efficientnet_{variant}")(num_classes=2)
                self.check("efficientnet", model, "--variant", variant, "--fake", "0", "--numbers", "imagenet", "--version", f"{variant[1]}.0.0", side=side, fake=0)

    def test_an_xception_as_deepfakebench_saves_it(self) -> None:
        model = timm.create_model("legacy_xception", num_classes=2)

        def wrap(state: dict) -> dict:
            return {f"backbone.{name.replace('fc.', 'last_linear.')}": value for name, value in state.items()}

        self.check("xception", model, "--fake", "1", side=256, wrap=wrap)


if __name__ == "__main__":
    unittest.main()
