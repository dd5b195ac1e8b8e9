"""The picture half of CLIP (Radford et al. 2021) in the layout of transformers, with a linear head: of another file, as in UniversalFakeDetect (Ojha et al. 2023), or
of the same, as in GenD (Yermakov et al. 2026)."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from .. import pictures
from ..built import Built, config_of, fake_class, head, judging, words_of
from ..net import Net
from ..pictures import Picture, picture_of
from ..readers import read
from ..refused import Refused
from ..tensors import Tensors
from ..transformer import norm, patches, prepend
from .siglip import encoder, encoder_shape

TITLE = "AI-generated picture (CLIP and a linear head)"
GEND_HEAD = "model.linear"


def arguments(parser: ArgumentParser) -> None:
    pictures.arguments(parser, faces=False)
    parser.add_argument("--head", type=Path, help="the file of the linear head, `weight` and `bias`, where it is not in the file of the encoder")
    parser.add_argument("--normalise", action="store_true", help="the head was trained on embeddings of length 1")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    joined = f"{GEND_HEAD}.weight" in values
    tensors = Tensors(values, str(options.weights)).renamed([(r"^feature_extractor\.", "")])
    config = config_of(options, "a CLIP encoder")
    width, _, patch, _ = tensors.shape("vision_model.embeddings.patch_embedding.weight")
    # GenD's configuration names CLIP and no sizes; all encoders of that publisher have heads of 64 channels.
    vision = {"num_attention_heads": width // 64} if joined else words_of(config, "vision_config") or config
    net = Net(options.name, half=options.half)
    picture, first = _encoded(net, tensors, vision, patch, options)
    if joined:
        kind = config.get("head", "linear")
        if kind not in ("linear", "LinearNorm"):
            raise Refused(f"config.json names the head {kind!r}, which is not built")
        normalised = _lengthened(net, first, normalise=kind == "LinearNorm")
        logits, classes = head(net, normalised, tensors, GEND_HEAD, width)
        # The way to the words of CLIP, which the head does not take.
        tensors.ignore(r"visual_projection\.weight")
    else:
        out = tensors.shape("visual_projection.weight")[0]
        embedding = net.linear(first, tensors.take("visual_projection.weight", out, width), None)
        logits, classes = _head(net, _lengthened(net, embedding, normalise=options.normalise), out, options)
    # The half that reads text, and what is only counted or used in training.
    tensors.ignore(r"text_model\..*", r"text_projection\.weight", r"logit_scale", r"vision_model\.embeddings\.position_ids")
    tensors.finish()
    return judging(options, net, logits, classes, fake_class(options, {}, classes), picture)


def _encoded(net: Net, tensors: Tensors, vision: dict, patch: int, options: Namespace) -> tuple[Picture, str]:
    """What the first place says of the whole picture; [n, width]."""
    width = tensors.shape("vision_model.embeddings.patch_embedding.weight")[0]
    shape = encoder_shape(tensors, vision, width, activation="quick_gelu", eps=1e-5)
    places = tensors.shape("vision_model.embeddings.position_embedding.weight")[0]
    across = round(max(0, places - 1) ** 0.5)
    if across < 1 or across**2 + 1 != places:
        raise Refused(f"{tensors.what} has {places} places, which are no square and one more")
    picture = picture_of(options, across * patch, numbers="clip", stretch=False, filter="bicubic")
    x = patches(net, picture.entrance(net), tensors.take("vision_model.embeddings.patch_embedding.weight", width, 3, patch, patch), None)
    x = prepend(net, x, tensors.take("vision_model.embeddings.class_embedding", width), width)
    x = net.add(x, net.weight(tensors.take("vision_model.embeddings.position_embedding.weight", places, width)))
    # The misspelling is the publisher's.
    x = encoder(net, norm(net, x, tensors, "vision_model.pre_layrnorm", width, shape.eps), tensors, shape)
    first = norm(net, net.cut(x, 1, 0, 1), tensors, "vision_model.post_layernorm", width, shape.eps)
    return picture, net.reshape(first, 0, width)


def _lengthened(net: Net, embedding: str, *, normalise: bool) -> str:
    """Scaled to length 1, where the head was trained so."""
    return net.op("Div", embedding, net.op("ReduceL2", embedding, axes=[1], keepdims=1)) if normalise else embedding


def _head(net: Net, embedding: str, width: int, options: Namespace) -> tuple[str, int]:
    """The head's own file may put any name before its two tensors."""
    if not options.head:
        raise Refused(f"{options.weights} holds no head: name its file with --head")
    renamed = Tensors(read(options.head), str(options.head)).renamed([(r"^.*?(weight|bias)$", r"\1")])
    classes = renamed.shape("weight")[0]
    weight = renamed.take("weight", classes, width)
    bias = renamed.take("bias", classes) if "bias" in renamed else None
    renamed.finish()
    return net.linear(embedding, weight, bias), classes
