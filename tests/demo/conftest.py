import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def upload(tmp_path):
    """Writes an image `[height, width, channels]` in [0, 1] as a file; gives its path."""

    def write(x, name="x"):
        pixels = np.rint(255 * x).astype("uint8")
        path = tmp_path / f"{name}.png"
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)
        return str(path)

    return write
