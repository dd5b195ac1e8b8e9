"""The families of nets that can be converted, one file each."""

from . import aasist, clip, efficientnet, lrnet, mesonet, perth, siglip, syncnet, vit, wav2vec2, xception

FAMILIES = {
    "vit": vit, "siglip": siglip, "clip": clip, "wav2vec2": wav2vec2, "efficientnet": efficientnet, "xception": xception, "aasist": aasist,
    "mesonet": mesonet, "lrnet": lrnet, "perth": perth, "syncnet": syncnet,
}
