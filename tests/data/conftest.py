import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def digits_dir(tmp_path_factory):
    """A TFDS folder that the tests share, so that the digits are prepared once."""
    return str(tmp_path_factory.mktemp("tfds"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """30 RGB pictures of 4x5 pixels in the classes "ant" and "bee"; picture i is all near 8 i."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for index in range(30):
        pixels = 8 * index + rng.integers(0, 8, (4, 5, 3))
        file = folder / ("ant" if index % 3 else "bee") / f"{index}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(file)
    return folder
