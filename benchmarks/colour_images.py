"""Colour images of files with transparency, for the benchmarks that read them from archives."""

import numpy as np
from PIL import Image


def read_image(file, side=None):
    """RGB over white in [0, 1], `[height, width, 3]`, brought to `side` pixels if that is given."""
    image = Image.open(file).convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    image = Image.alpha_composite(ground, image).convert("RGB")
    if side is not None:
        image = image.resize((side, side), Image.Resampling.BOX)
    return np.asarray(image, "float32") / 255
