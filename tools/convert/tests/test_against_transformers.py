"""Converted nets against transformers, in small and in true size."""

import unittest

import numpy as np
import safetensors.torch
import torch
import transformers

from ..__main__ import Refused
from .references import TOLERANCE, enliven, log_odds, picture, run, save_published
from .support import ConverterTest, answer, write_json

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

SMALL = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96, "image_size": 32, "patch_size": 8}
LABELS = {0: "Real", 1: "Fake"}
PLAIN = {"do_normalize": False, "size": 32}
SOUND = {
    "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96, "conv_dim": (24, 24, 32, 32),
    "conv_kernel": (10, 3, 3, 2), "conv_stride": (5, 2, 2, 2), "num_feat_extract_layers": 4, "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4, "classifier_proj_size": 20,
}
# The sizes of XLS-R 300M; what is not named is as usual.
XLS_R = {
    "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096, "feat_extract_norm": "layer",
    "do_stable_layer_norm": True, "conv_bias": True, "classifier_proj_size": 256,
}


class PictureTests(ConverterTest):
    def check(self, family: str, model, *, side: int, rows: int = 2, fake: int = 1, labels: dict | None = None, more: tuple = ()) -> None:
        enliven(model)
        # A label for each class has to be known before the model is made, so it is only written down here.
        folder = save_published(model, self.folder / "hub", labels or LABELS)
        package = self.convert(family, folder, "--numbers", "half", *more)
        given = picture(rows, side)
        expected, found = log_odds(run(model, given), fake), answer(package, given)
        self.assertGreater(np.abs(expected).max(), 0.01)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_small_vit(self) -> None:
        self.check("vit", transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL)), side=32, rows=3)

    def test_a_small_vit_without_biases_in_its_attention_and_with_three_classes(self) -> None:
        config = transformers.ViTConfig(**SMALL, qkv_bias=False, num_labels=3)
        self.check("vit", transformers.ViTForImageClassification(config), side=32, fake=2, labels={0: "a", 1: "b", 2: "c"}, more=("--fake", "c"))

    def test_a_small_deit_with_one_and_with_two_classifiers(self) -> None:
        self.check("vit", transformers.DeiTForImageClassification(transformers.DeiTConfig(**SMALL)), side=32)
        for made in (self.folder / "packages", self.folder / "hub"):
            made.rename(self.folder / f"{made.name}-1")
        self.check("vit", transformers.DeiTForImageClassificationWithTeacher(transformers.DeiTConfig(**SMALL)), side=32)

    def test_a_vit_in_true_size(self) -> None:
        self.check("vit", transformers.ViTForImageClassification(transformers.ViTConfig()), side=224, rows=1)

    def test_a_small_siglip(self) -> None:
        self.check("siglip", siglip(SMALL), side=32, rows=3)

    def test_a_siglip_in_true_size(self) -> None:
        self.check("siglip", siglip({"image_size": 224, "patch_size": 16}), side=224, rows=1)

    def test_a_checkpoint_and_sixteen_bits_are_read_as_well(self) -> None:
        model = enliven(transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL)))
        folder = save_published(model, self.folder / "hub", LABELS)
        write_json(folder / "preprocessor_config.json", PLAIN)
        published = safetensors.torch.load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        for number, settings in enumerate(({}, {"_use_new_zipfile_serialization": False})):
            for kind in (torch.float32, torch.float16, torch.bfloat16):
                torch.save({name: value.to(kind) for name, value in published.items()}, folder / "pytorch_model.bin", **settings)
                package = self.convert("vit", folder, name=f"m{number}-{str(kind)[6:]}")
                twin = transformers.ViTForImageClassification(model.config).eval()
                twin.load_state_dict({name: value.to(kind).float() for name, value in model.state_dict().items()})
                np.testing.assert_allclose(answer(package, picture(1, 32)), log_odds(run(twin, picture(1, 32)), 1), atol=TOLERANCE)

    def test_stored_in_half_it_says_nearly_the_same(self) -> None:
        model = enliven(transformers.ViTForImageClassification(transformers.ViTConfig(**{**SMALL, "hidden_size": 192, "intermediate_size": 384})))
        folder = save_published(model, self.folder / "hub", LABELS)
        write_json(folder / "preprocessor_config.json", PLAIN)
        whole, half = self.convert("vit", folder, name="whole"), self.convert("vit", folder, "--half", name="half")
        self.assertLess((half / "weights.onnx").stat().st_size, 0.6 * (whole / "weights.onnx").stat().st_size)
        np.testing.assert_allclose(answer(half, picture(2, 32)), answer(whole, picture(2, 32)), atol=0.02)


def siglip(vision: dict) -> transformers.PreTrainedModel:
    text = {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 50_000}
    return transformers.SiglipForImageClassification(transformers.SiglipConfig(vision_config=vision, text_config=text))


class ClipTests(ConverterTest):
    def check(self, config: dict, *, side: int, normalise: bool = False) -> None:
        model = enliven(transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**config)))
        folder = save_published(model, self.folder / "hub")
        head = enliven(torch.nn.Linear(config["projection_dim"], 1))
        # As the publisher saves it: a state dictionary of one linear layer.
        torch.save(head.state_dict(), self.folder / "fc_weights.pth")
        package = self.convert("clip", folder, "--head", str(self.folder / "fc_weights.pth"), *(["--normalise"] if normalise else []))
        given = picture(1, side)
        with torch.no_grad():
            embedding = model(torch.from_numpy(given)).image_embeds
            embedding = embedding / embedding.norm(dim=-1, keepdim=True) if normalise else embedding
            expected = head(embedding).numpy()
        np.testing.assert_allclose(answer(package, given), expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_small_encoder_with_a_head(self) -> None:
        self.check({**SMALL, "projection_dim": 24}, side=32)

    def test_a_small_encoder_with_a_head_on_embeddings_of_length_one(self) -> None:
        self.check({**SMALL, "projection_dim": 24}, side=32, normalise=True)

    def test_a_whole_clip_gives_its_picture_half(self) -> None:
        text = {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 96}
        config = transformers.CLIPConfig(vision_config=SMALL, text_config=text, projection_dim=24)
        model = enliven(transformers.CLIPModel(config))
        folder = save_published(model, self.folder / "hub")
        head = enliven(torch.nn.Linear(24, 1))
        torch.save(head.state_dict(), self.folder / "fc.pth")
        package = self.convert("clip", folder, "--head", str(self.folder / "fc.pth"))
        given = picture(2, 32)
        with torch.no_grad():
            features = model.get_image_features(torch.from_numpy(given))
            features = features if isinstance(features, torch.Tensor) else features.pooler_output
            expected = head(features).numpy()
        np.testing.assert_allclose(answer(package, given), expected, atol=TOLERANCE, rtol=TOLERANCE)

    def gend(self, config: dict, *, side: int, normalise: bool) -> None:
        """The names and the arithmetic of GenD's published class: the pooled output, scaled to length 1 or not, and a layer of two classes."""
        model = enliven(transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**config)))
        linear = enliven(torch.nn.Linear(config["hidden_size"], 2))
        folder = save_published(model, self.folder / "hub")
        published = safetensors.torch.load_file(folder / "model.safetensors")
        state = {f"feature_extractor.{name}": value for name, value in published.items()}
        safetensors.torch.save_file(state | {f"model.linear.{name}": value for name, value in linear.state_dict().items()}, folder / "model.safetensors")
        write_json(folder / "config.json", {"backbone": "openai/clip-vit-large-patch14", "head": "LinearNorm" if normalise else "linear"})
        package = self.convert("clip", folder, "--faces", "--fake", "1")
        given = picture(1, side)
        with torch.no_grad():
            pooled = model.vision_model(torch.from_numpy(given)).pooler_output
            pooled = torch.nn.functional.normalize(pooled, dim=1) if normalise else pooled
            expected = log_odds(linear(pooled).numpy(), 1)
        np.testing.assert_allclose(answer(package, given), expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_small_gend_with_both_heads(self) -> None:
        for number, normalise in enumerate((False, True)):
            self.gend({**SMALL, "hidden_size": 128, "num_attention_heads": 2, "projection_dim": 24}, side=32, normalise=normalise)
            for made in (self.folder / "packages", self.folder / "hub"):
                made.rename(self.folder / f"{made.name}-{number}")

    def test_the_encoder_of_universal_fake_detect_in_true_size(self) -> None:
        large = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096, "patch_size": 14, "image_size": 224}
        self.check({**large, "projection_dim": 768}, side=224)


class SpeechTests(ConverterTest):
    def check(self, config: dict, *, samples: int = 6_000, scale: bool = False, fake: int = 1) -> None:
        model = enliven(transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config(**config)))
        # Up to its version 4 the last of all states was the one behind the last norm, and published nets were trained so.
        model.config.tie_last_hidden_states = True
        folder = save_published(model, self.folder / "hub", {0: "bonafide", 1: "spoof"})
        extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=scale)
        extractor.save_pretrained(folder)
        package = self.convert("wav2vec2", folder, "--samples", str(samples))
        wave = np.random.default_rng(5).normal(0.01, 0.1, (1, samples)).astype(np.float32)
        fed = np.array(extractor(wave[0], sampling_rate=16_000).input_values) if scale else wave
        np.testing.assert_allclose(answer(package, wave), log_odds(run(model, fed.reshape(1, -1)), fake), atol=TOLERANCE, rtol=TOLERANCE)

    def test_a_small_net_with_a_norm_by_channel(self) -> None:
        self.check(SOUND)

    def test_a_small_net_with_norms_in_every_layer(self) -> None:
        self.check({**SOUND, "feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True})

    def test_the_sum_of_all_layers(self) -> None:
        for number, stable in enumerate((False, True)):
            with self.subTest(stable=stable):
                self.check({**SOUND, "use_weighted_layer_sum": True, "do_stable_layer_norm": stable})
            for made in (self.folder / "packages", self.folder / "hub"):
                made.rename(self.folder / f"{made.name}-{number}")

    def test_an_odd_kernel_for_positions(self) -> None:
        self.check({**SOUND, "num_conv_pos_embeddings": 15})

    def test_scaling_of_the_sound_is_part_of_the_graph(self) -> None:
        self.check(SOUND, scale=True)

    def test_a_base_net_in_true_size(self) -> None:
        self.check({}, samples=32_000, scale=True)

    def test_an_xls_r_of_300_million_in_true_size(self) -> None:
        self.check(XLS_R, samples=16_000, scale=True)

    def antideepfake(self, config: dict, samples: int) -> None:
        """fairseq's names, as AntiDeepfake's own converter to transformers lists them; a linear layer on the mean, and sound of mean 0 and spread 1."""
        model = enliven(transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**config)))
        linear = enliven(torch.nn.Linear(model.config.hidden_size, 2))
        folder = save_published(model, self.folder / "hub")
        state = {fairseq(name, config): value for name, value in safetensors.torch.load_file(folder / "model.safetensors").items()}
        state |= {f"proj_fc.{name}": value for name, value in linear.state_dict().items()} | {"m_ssl.model.quantizer.vars": torch.zeros(1, 4, 2)}
        safetensors.torch.save_file(state, self.folder / "antideepfake.safetensors")
        package = self.convert("wav2vec2", self.folder / "antideepfake.safetensors", "--samples", str(samples))
        wave = np.random.default_rng(5).normal(0.01, 0.1, (1, samples)).astype(np.float32)
        with torch.no_grad():
            scaled = torch.nn.functional.layer_norm(torch.from_numpy(wave), (samples,))
            expected = log_odds(linear(model(scaled).last_hidden_state.mean(dim=1)).numpy(), 0)
        np.testing.assert_allclose(answer(package, wave), expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_antideepfakes_small_and_larger_kind(self) -> None:
        shared = {"num_hidden_layers": 2, "intermediate_size": 96, "num_feat_extract_layers": 7, "hidden_size": 128}
        self.antideepfake({**shared, "num_attention_heads": 2}, 8_000)
        (self.folder / "packages").rename(self.folder / "packages-1")
        layered = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
        self.antideepfake({**shared, **layered, "num_attention_heads": 16}, 8_000)

    def test_another_rate_is_refused(self) -> None:
        model = transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config(**SOUND))
        folder = save_published(model, self.folder / "hub", {0: "real", 1: "fake"})
        write_json(folder / "preprocessor_config.json", {"sampling_rate": 8_000})
        with self.assertRaisesRegex(Refused, "8000 Hz"):
            self.convert("wav2vec2", folder)


def fairseq(name: str, config: dict) -> str:
    """The other way round than the converter goes."""
    layered = config.get("feat_extract_norm") == "layer"
    for theirs, ours in (
        (".attention.", ".self_attn."), (".feed_forward.intermediate_dense.", ".fc1."), (".feed_forward.output_dense.", ".fc2."),
        ("feature_projection.projection.", "post_extract_proj."), ("masked_spec_embed", "mask_emb"), (".pos_conv_embed.conv.", ".pos_conv.0."),
        ("parametrizations.weight.original0", "weight_g"), ("parametrizations.weight.original1", "weight_v"), (".conv.", ".0."),
    ):
        name = name.replace(theirs, ours)
    if name.startswith("encoder.layers."):
        name = name.replace(".layer_norm.", ".self_attn_layer_norm.")
    elif name.startswith("feature_extractor."):
        name = name.replace(".layer_norm.", ".2.1." if layered else ".2.")
    return "m_ssl.model." + name.replace("feature_projection.", "")


if __name__ == "__main__":
    unittest.main()
