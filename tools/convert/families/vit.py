"""ViT and DeiT classifiers (Dosovitskiy et al. 2021; Touvron et al. 2021), in the layouts of transformers and of timm."""

from argparse import ArgumentParser, Namespace

import numpy as np

from .. import pictures
from ..built import Built, config_of, fake_class, head, judging, real, whole
from ..net import Net
from ..pictures import Picture, picture_of
from ..refused import Refused
from ..tensors import Tensors
from ..transformer import Layer, Shape, block, norm, patches, prepend

TITLE = "AI-generated picture (ViT)"


def arguments(parser: ArgumentParser) -> None:
    pictures.arguments(parser, faces=False)
    parser.add_argument("--heads", type=int, help="attention heads; timm's files do not say, and 64 channels a head are usual")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    if any(name.endswith("patch_embed.proj.weight") for name in values):
        return _timm(tensors.unwrapped("patch_embed.proj.weight"), options)
    kind = "deit" if any(name.startswith("deit.") for name in values) else "vit"
    return _published(tensors, kind, options)


def _published(tensors: Tensors, kind: str, options: Namespace) -> Built:
    config = config_of(options, "a ViT in this layout")
    width, _, patch, _ = tensors.shape(f"{kind}.embeddings.patch_embeddings.projection.weight")
    inner = tensors.shape(f"{kind}.encoder.layer.0.intermediate.dense.weight")[0]
    heads, eps = whole(config, "num_attention_heads", 12), real(config, "layer_norm_eps", 1e-12)
    shape = Shape(width, heads, inner, config.get("hidden_act", "gelu"), eps)
    shape.check()
    net = Net(options.name, half=options.half)
    tokens = [tensors.take(f"{kind}.embeddings.cls_token", 1, 1, width)]
    if kind == "deit":
        tokens.append(tensors.take("deit.embeddings.distillation_token", 1, 1, width))
    places = f"{kind}.embeddings.position_embeddings"
    picture = _picture(options, tensors, places, len(tokens), patch)
    x = patches(net, picture.entrance(net), *_weight_and_bias(tensors, f"{kind}.embeddings.patch_embeddings.projection", width, 3, patch, patch))
    x = _placed(net, x, tensors, places, tokens, width)
    for at in range(tensors.count(rf"{kind}\.encoder\.layer\.(\d+)\.")):
        x = block(net, x, tensors, _published_layer(f"{kind}.encoder.layer.{at}"), shape, norm_first=True)
    x = norm(net, x, tensors, f"{kind}.layernorm", width, shape.eps)
    # A pooler and a mask are trained along and not used by the classifier.
    tensors.ignore(rf"{kind}\.pooler\..*", rf"{kind}\.embeddings\.mask_token")
    logits, classes = _classify(net, x, tensors, width)
    tensors.finish()
    return judging(options, net, logits, classes, fake_class(options, config, classes), picture)


def _published_layer(prefix: str) -> Layer:
    attention = f"{prefix}.attention.attention"
    return Layer(
        f"{prefix}.layernorm_before", f"{attention}.query", f"{attention}.key", f"{attention}.value", f"{prefix}.attention.output.dense",
        f"{prefix}.layernorm_after", f"{prefix}.intermediate.dense", f"{prefix}.output.dense",
    )


def _classify(net: Net, x: str, tensors: Tensors, width: int) -> tuple[str, int]:
    """From the first place; a DeiT with two classifiers answers with the mean of both."""
    first = net.reshape(net.cut(x, 1, 0, 1), 0, width)
    if "cls_classifier.weight" not in tensors:
        return head(net, first, tensors, "classifier", width)
    second = net.reshape(net.cut(x, 1, 1, 2), 0, width)
    logits, classes = head(net, first, tensors, "cls_classifier", width)
    other, _ = head(net, second, tensors, "distillation_classifier", width)
    return net.op("Mul", net.add(logits, other), net.number(0.5)), classes


def _timm(tensors: Tensors, options: Namespace) -> Built:
    width, _, patch, _ = tensors.shape("patch_embed.proj.weight")
    split = _split_joined(tensors, width)
    heads = options.heads or width // 64
    shape = Shape(width, heads, split.shape("blocks.0.mlp.fc1.weight")[0], "gelu", 1e-6)
    shape.check()
    net = Net(options.name, half=options.half)
    picture = _picture(options, split, "pos_embed", 1, patch)
    x = patches(net, picture.entrance(net), *_weight_and_bias(split, "patch_embed.proj", width, 3, patch, patch))
    x = _placed(net, x, split, "pos_embed", [split.take("cls_token", 1, 1, width)], width)
    for at in range(split.count(r"blocks\.(\d+)\.")):
        prefix = f"blocks.{at}"
        parts = [f"{prefix}.attn.{part}" for part in ("q", "k", "v", "proj")]
        layer = Layer(f"{prefix}.norm1", *parts, f"{prefix}.norm2", f"{prefix}.mlp.fc1", f"{prefix}.mlp.fc2")
        x = block(net, x, split, layer, shape, norm_first=True)
    x = norm(net, x, split, "norm", width, shape.eps)
    logits, classes = head(net, net.reshape(net.cut(x, 1, 0, 1), 0, width), split, "head", width)
    split.finish()
    return judging(options, net, logits, classes, fake_class(options, {}, classes), picture)


def _split_joined(tensors: Tensors, width: int) -> Tensors:
    """Query, key and value lie in one matrix."""
    values = {}
    for name in tensors.names():
        shape = tensors.shape(name)
        table = tensors.take(name, *shape)
        if ".attn.qkv." not in name:
            values[name] = table
        elif shape[0] != 3 * width:
            raise Refused(f"{name!r} has the shape {list(shape)}, and three parts of {width} are needed")
        else:
            values |= {name.replace(".qkv.", f".{part}."): table[at * width : (at + 1) * width] for at, part in enumerate("qkv")}
    return Tensors(values, tensors.what)


def _picture(options: Namespace, tensors: Tensors, name: str, tokens: int, patch: int) -> Picture:
    """The side of the picture follows from the number of learnt places."""
    count = tensors.shape(name)[1]
    across = round(max(0, count - tokens) ** 0.5)
    if across < 1 or across**2 + tokens != count:
        raise Refused(f"{name!r} has {count} places, which are no square and {tokens} more")
    return picture_of(options, across * patch, numbers=None, stretch=True, filter="bilinear")


def _placed(net: Net, x: str, tensors: Tensors, name: str, tokens: list, width: int) -> str:
    x = prepend(net, x, np.concatenate(tokens, axis=1), width)
    return net.add(x, net.weight(tensors.take(name, 1, tensors.shape(name)[1], width)))


def _weight_and_bias(tensors: Tensors, name: str, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    return tensors.take(f"{name}.weight", *shape), tensors.take(f"{name}.bias", shape[0])
