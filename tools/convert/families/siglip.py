"""SigLIP and SigLIP 2 picture classifiers of fixed size (Zhai et al. 2023), in the layout of transformers."""

from argparse import ArgumentParser, Namespace

import numpy as np

from .. import pictures
from ..built import Built, config_of, fake_class, head, judging, real, whole, words_of
from ..net import Net
from ..pictures import picture_of
from ..refused import Refused
from ..tensors import Tensors
from ..transformer import Layer, Shape, block, norm, patches

TITLE = "AI-generated picture (SigLIP)"


def arguments(parser: ArgumentParser) -> None:
    pictures.arguments(parser, faces=False)


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    config = config_of(options, "a SigLIP classifier")
    vision = words_of(config, "vision_config")
    width, _, patch, _ = tensors.shape("vision_model.embeddings.patch_embedding.weight")
    shape = encoder_shape(tensors, vision, width, activation="gelu_pytorch_tanh", eps=1e-6)
    net = Net(options.name, half=options.half)
    filters = tensors.take("vision_model.embeddings.patch_embedding.weight", width, 3, patch, patch)
    places = tensors.shape("vision_model.embeddings.position_embedding.weight")[0]
    across = round(places**0.5)
    if across**2 != places:
        raise Refused(f"{tensors.what} has {places} places, which are no square")
    picture = picture_of(options, across * patch, numbers=None, stretch=True, filter="bilinear")
    x = patches(net, picture.entrance(net), filters, tensors.take("vision_model.embeddings.patch_embedding.bias", width))
    x = net.add(x, net.weight(tensors.take("vision_model.embeddings.position_embedding.weight", places, width)))
    x = encoder(net, x, tensors, shape)
    x = net.op("ReduceMean", norm(net, x, tensors, "vision_model.post_layernorm", width, shape.eps), axes=[1], keepdims=0)
    logits, classes = head(net, x, tensors, "classifier", width)
    # The pooling head serves searches by text; the classifier takes the mean of all places instead.
    tensors.ignore(r"vision_model\.head\..*", r"vision_model\.embeddings\.position_ids")
    tensors.finish()
    return judging(options, net, logits, classes, fake_class(options, config, classes), picture)


def encoder_shape(tensors: Tensors, vision: dict, width: int, *, activation: str, eps: float) -> Shape:
    """What the blocks have in common, from a `vision_config`."""
    inner = tensors.shape("vision_model.encoder.layers.0.mlp.fc1.weight")[0]
    heads = whole(vision, "num_attention_heads", 12)
    shape = Shape(width, heads, inner, vision.get("hidden_act", activation), real(vision, "layer_norm_eps", eps))
    shape.check()
    return shape


def encoder(net: Net, x: str, tensors: Tensors, shape: Shape) -> str:
    """The blocks that SigLIP and CLIP share."""
    for at in range(tensors.count(r"vision_model\.encoder\.layers\.(\d+)\.")):
        prefix = f"vision_model.encoder.layers.{at}"
        parts = [f"{prefix}.self_attn.{part}" for part in ("q_proj", "k_proj", "v_proj", "out_proj")]
        layer = Layer(f"{prefix}.layer_norm1", *parts, f"{prefix}.layer_norm2", f"{prefix}.mlp.fc1", f"{prefix}.mlp.fc2")
        x = block(net, x, tensors, layer, shape, norm_first=True)
    return x
