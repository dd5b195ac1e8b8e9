"""The picture half of CLIP (Radford et al. 2021) in the layout of transformers, with a linear head of another file, as in UniversalFakeDetect (Ojha et al. 2023)."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from ..built import Built, config_of, fake_class, picture_of, picture_words, pictures
from ..net import Net
from ..readers import read
from ..refused import Refused
from ..tensors import Tensors
from ..transformer import norm, patches, prepend
from .siglip import encoder, encoder_shape

TITLE = "AI-generated picture (CLIP and a linear head)"
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--head", type=Path, required=True, help="the file of the linear head: `weight` and `bias`")
    parser.add_argument("--normalise", action="store_true", help="the head was trained on embeddings of length 1")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    config = config_of(options, "a CLIP encoder")
    vision = config.get("vision_config") or config
    width, _, patch, _ = tensors.shape("vision_model.embeddings.patch_embedding.weight")
    shape = encoder_shape(tensors, vision, width, activation="quick_gelu", eps=1e-5)
    net = Net(options.name, half=options.half)
    x = patches(net, "image", tensors.take("vision_model.embeddings.patch_embedding.weight", width, 3, patch, patch), None)
    x = prepend(net, x, tensors.take("vision_model.embeddings.class_embedding", width), width)
    places = tensors.shape("vision_model.embeddings.position_embedding.weight")[0]
    across = round((places - 1) ** 0.5)
    if across**2 + 1 != places:
        raise Refused(f"{tensors.what} has {places} places, which are no square and one more")
    x = net.add(x, net.weight(tensors.take("vision_model.embeddings.position_embedding.weight", places, width)))
    # The misspelling is the publisher's.
    x = encoder(net, norm(net, x, tensors, "vision_model.pre_layrnorm", width, shape.eps), tensors, shape)
    first = norm(net, net.cut(x, 1, 0, 1), tensors, "vision_model.post_layernorm", width, shape.eps)
    out = tensors.shape("visual_projection.weight")[0]
    embedding = net.linear(net.reshape(first, 0, width), tensors.take("visual_projection.weight", out, width), None)
    # The half that reads text, and what is only counted or used in training.
    tensors.ignore(r"text_model\..*", r"text_projection\.weight", r"logit_scale", r"vision_model\.embeddings\.position_ids")
    tensors.finish()
    logits, classes = _head(net, embedding, out, options)
    side = across * patch
    picture, limits = picture_of(options, side, MEAN, STD, resize="short-side-crop", filter="bicubic")
    score = net.log_odds(logits, classes, fake_class(options, {}, classes))
    return Built(
        net, ("image", ["n", 3, side, side]), ("score", score, ["n", 1]), **pictures(options, picture),
        fed=picture_words(options, picture), limits=limits,
    )


def _head(net: Net, embedding: str, width: int, options: Namespace) -> tuple[str, int]:
    """The head's own file may put any name before its two tensors."""
    renamed = Tensors(read(options.head), str(options.head)).renamed([(r"^.*?(weight|bias)$", r"\1")])
    classes = renamed.shape("weight")[0]
    weight = renamed.take("weight", classes, width)
    bias = renamed.take("bias", classes) if "bias" in renamed else None
    renamed.finish()
    if options.normalise:
        length = net.op("ReduceL2", embedding, axes=[1], keepdims=1)
        embedding = net.op("Div", embedding, length)
    return net.linear(embedding, weight, bias), classes
