"""wav2vec 2.0 and XLS-R classifiers (Baevski et al. 2020; Babu et al. 2022), in the layout of transformers and in that of fairseq with a linear head on the mean, as
AntiDeepfake (Ge et al. 2025) saves it."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from ..built import RATE_HZ, Built, config_of, fake_class, head, real, whole
from ..net import Net
from ..readers import read_json
from ..refused import Refused
from ..tensors import Tensors
from ..transformer import Layer, Shape, block, linear, norm

TITLE = "Synthetic speech (wav2vec 2.0)"
KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
# Of the norms of the convolutions, and of the scaling of the sound by transformers; AntiDeepfake scales with the former.
NORM_EPS, SOUND_EPS = 1e-5, 1e-7
PARTS = "wav2vec2.encoder"
# What a manifest may ask for.
MAX_SAMPLES = 1 << 20
# From fairseq's names to those of transformers.
FAIRSEQ = [
    (r"^m_ssl\.model\.", "wav2vec2."), (r"(conv_layers\.\d+)\.0\.", r"\1.conv."), (r"(conv_layers\.\d+)\.2\.(?:1\.)?", r"\1.layer_norm."),
    (r"^wav2vec2\.layer_norm\.", "wav2vec2.feature_projection.layer_norm."), (r"\.post_extract_proj\.", ".feature_projection.projection."),
    (r"\.pos_conv\.0\.", ".pos_conv_embed.conv."), (r"\.self_attn\.", ".attention."), (r"\.self_attn_layer_norm\.", ".layer_norm."),
    (r"\.fc1\.", ".feed_forward.intermediate_dense."), (r"\.fc2\.", ".feed_forward.output_dense."), (r"\.mask_emb$", ".masked_spec_embed"),
    (r"^proj_fc\.", "classifier."),
]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--preprocessor", type=Path, help="the publisher's preprocessor_config.json, where it is not beside the weights")
    parser.add_argument("--samples", type=int, default=64_000, help="samples at 16 kHz that are judged at once (64000: 4 s)")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights)).renamed([
        (r"\.parametrizations\.weight\.original0$", ".weight_g"), (r"\.parametrizations\.weight\.original1$", ".weight_v"),
    ])
    fairseq = any(name.startswith("m_ssl.model.") for name in values)
    if fairseq:
        tensors, config = tensors.renamed(FAIRSEQ), _fairseq_config(values)
    else:
        config = config_of(options, "a wav2vec 2.0 classifier")
    if not RATE_HZ // 10 <= options.samples <= MAX_SAMPLES:
        raise Refused(f"--samples must be {RATE_HZ // 10} to {MAX_SAMPLES}")
    if config.get("add_adapter"):
        raise Refused("the net has an adapter between encoder and classifier, which is not built")
    net = Net(options.name, half=options.half)
    scaled = fairseq or _scales(options)
    sound = _scaled(net, "wave", NORM_EPS if fairseq else SOUND_EPS) if scaled else "wave"
    x, channels = _features(net, net.op("Unsqueeze", sound, net.integers(1)), tensors, config)
    width = tensors.shape("wav2vec2.feature_projection.projection.weight")[0]
    eps = real(config, "layer_norm_eps", 1e-5)
    x = norm(net, net.op("Transpose", x, perm=[0, 2, 1]), tensors, "wav2vec2.feature_projection.layer_norm", channels, eps)
    x = linear(net, x, tensors, "wav2vec2.feature_projection.projection", channels, width)
    states = _encoder(net, x, tensors, config, width, eps)
    x = _weighted(net, states, tensors) if config.get("use_weighted_layer_sum") else states[-1]
    logits, classes = _classified(net, x, tensors, width, projected=not fairseq)
    # What stands for hidden places in training, and what guesses them.
    tensors.ignore(r"wav2vec2\.masked_spec_embed", r"wav2vec2\.(final_proj|project_q|quantizer)\..*")
    tensors.finish()
    score = net.log_odds(logits, classes, fake_class(options, config, classes))
    return _described(net, score, options, scaled=scaled)


def _classified(net: Net, x: str, tensors: Tensors, width: int, *, projected: bool) -> tuple[str, int]:
    """From the mean over time; transformers narrows first."""
    if projected:
        size = tensors.shape("projector.weight")[0]
        x, width = linear(net, x, tensors, "projector", width, size), size
    return head(net, net.op("ReduceMean", x, axes=[1], keepdims=0), tensors, "classifier", width)


def _fairseq_config(values: dict[str, np.ndarray]) -> dict:
    """fairseq's files do not say how they are read: the larger nets have a norm in every layer and before every block, and 16 heads at any width."""
    layered = "m_ssl.model.feature_extractor.conv_layers.1.2.1.weight" in values
    width = values["m_ssl.model.mask_emb"].shape[0] if "m_ssl.model.mask_emb" in values else 0
    return {
        "feat_extract_norm": "layer" if layered else "group", "do_stable_layer_norm": layered, "num_attention_heads": 16 if layered else width // 64,
        "id2label": {"0": "fake", "1": "real"},
    }


def _described(net: Net, score: str, options: Namespace, *, scaled: bool) -> Built:
    seconds = options.samples / RATE_HZ
    said = " Scaling to mean 0 and spread 1 is part of the graph." if scaled else ""
    return Built(
        net, ("wave", ["n", "samples"]), ("score", score, ["n", 1]), "audio-windows", ["audio", "video"], "synthetic-speech",
        {
            "tensor": {"input": "wave", "layout": "wave", "output": "score", "activation": "none", "positive": "synthetic"},
            "sound": {"samples": options.samples, "hop": options.samples // 2, "pad": "tile", "min_ms": 1000},
        },
        fed=[f"Windows of {seconds:g} s of speech at 16 kHz, half overlapping; shorter sound is repeated.{said}"],
        max_batch=1,
    )


def _scales(options: Namespace) -> bool:
    path = options.preprocessor or (options.weights if options.weights.is_dir() else options.weights.parent) / "preprocessor_config.json"
    published = read_json(path) if Path(path).is_file() else {}
    if published.get("sampling_rate", RATE_HZ) != RATE_HZ:
        raise Refused(f"the net listens at {published['sampling_rate']} Hz, and this project feeds {RATE_HZ}")
    return bool(published.get("do_normalize", True))


def _scaled(net: Net, wave: str, eps: float) -> str:
    middle = net.op("Sub", wave, net.op("ReduceMean", wave, axes=[1], keepdims=1))
    spread = net.op("ReduceMean", net.op("Mul", middle, middle), axes=[1], keepdims=1)
    return net.op("Div", middle, net.op("Sqrt", net.add(spread, net.number(eps))))


def _features(net: Net, x: str, tensors: Tensors, config: dict) -> tuple[str, int]:
    """Seven convolutions, as a rule; a norm after the first (`group`) or after each (`layer`)."""
    kernels, strides = config.get("conv_kernel", KERNELS), config.get("conv_stride", STRIDES)
    kind, activation = config.get("feat_extract_norm", "group"), config.get("feat_extract_activation", "gelu")
    sizes = [*kernels, *strides] if isinstance(kernels, (list, tuple)) and isinstance(strides, (list, tuple)) else [0]
    if kind not in ("group", "layer") or len(kernels) != len(strides) or not all(type(size) is int and 0 < size < 1000 for size in sizes):
        raise Refused(f"the feature extractor of config.json, with the norm {kind!r}, is not built")
    channels = 1
    for at, (kernel, stride) in enumerate(zip(kernels, strides)):
        prefix = f"wav2vec2.feature_extractor.conv_layers.{at}"
        out = tensors.shape(f"{prefix}.conv.weight")[0]
        bias = tensors.take(f"{prefix}.conv.bias", out) if f"{prefix}.conv.bias" in tensors else None
        x = net.conv(x, tensors.take(f"{prefix}.conv.weight", out, channels, kernel), bias, stride=stride)
        if kind == "group" and at == 0:
            scale, shift = (net.weight(tensors.take(f"{prefix}.layer_norm.{part}", out)) for part in ("weight", "bias"))
            x = net.op("InstanceNormalization", x, scale, shift, epsilon=NORM_EPS)
        elif kind == "layer":
            turned = norm(net, net.op("Transpose", x, perm=[0, 2, 1]), tensors, f"{prefix}.layer_norm", out, NORM_EPS)
            x = net.op("Transpose", turned, perm=[0, 2, 1])
        x, channels = net.activation(x, activation), out
    return x, channels


def _encoder(net: Net, x: str, tensors: Tensors, config: dict, width: int, eps: float) -> list[str]:
    """The states before every block and at the end."""
    stable = bool(config.get("do_stable_layer_norm", False))
    inner = tensors.shape(f"{PARTS}.layers.0.feed_forward.intermediate_dense.weight")[0]
    shape = Shape(width, whole(config, "num_attention_heads", 12), inner, config.get("hidden_act", "gelu"), eps)
    shape.check()
    x = net.add(x, _positions(net, x, tensors, config, width))
    if not stable:
        x = norm(net, x, tensors, f"{PARTS}.layer_norm", width, eps)
    states = [x]
    for at in range(tensors.count(r"wav2vec2\.encoder\.layers\.(\d+)\.")):
        prefix = f"{PARTS}.layers.{at}"
        parts = [f"{prefix}.attention.{part}" for part in ("q_proj", "k_proj", "v_proj", "out_proj")]
        dense = [f"{prefix}.feed_forward.{part}" for part in ("intermediate_dense", "output_dense")]
        layer = Layer(f"{prefix}.layer_norm", *parts, f"{prefix}.final_layer_norm", *dense)
        states.append(block(net, states[-1], tensors, layer, shape, norm_first=stable))
    if stable:
        states[-1] = norm(net, states[-1], tensors, f"{PARTS}.layer_norm", width, eps)
    return states


def _positions(net: Net, x: str, tensors: Tensors, config: dict, width: int) -> str:
    """A wide convolution tells each place where it is. Its weights are kept as a length for each step of the kernel and a direction."""
    name, groups = f"{PARTS}.pos_conv_embed.conv", whole(config, "num_conv_pos_embedding_groups", 16)
    kernel = whole(config, "num_conv_pos_embeddings", 128)
    direction = tensors.take(f"{name}.weight_v", width, width // groups, kernel).astype(np.float64)
    length = tensors.take(f"{name}.weight_g", 1, 1, kernel).astype(np.float64)
    weight = direction * (length / np.sqrt((direction**2).sum(axis=(0, 1), keepdims=True)))
    # An even kernel would give one place more than there was; the last is dropped, so no space is left for it.
    pads = (kernel // 2, kernel // 2 - (1 if kernel % 2 == 0 else 0))
    turned = net.conv(net.op("Transpose", x, perm=[0, 2, 1]), weight, tensors.take(f"{name}.bias", width), pads=pads, groups=groups)
    return net.op("Transpose", net.activation(turned, config.get("feat_extract_activation", "gelu")), perm=[0, 2, 1])


def _weighted(net: Net, states: list[str], tensors: Tensors) -> str:
    """The sum of all states with learnt shares."""
    raw = tensors.take("layer_weights", len(states)).astype(np.float64)
    shares = np.exp(raw - raw.max())
    total = ""
    for state, share in zip(states, shares / shares.sum()):
        part = net.op("Mul", state, net.number(float(share)))
        total = net.add(total, part) if total else part
    return total
