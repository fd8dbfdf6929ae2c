"""The real data sets, where the environment variable TFGEN_DATA names their folder."""

import os
from pathlib import Path

import numpy as np
import pytest

from tfgen.data import DataInfo, info, load_arrays

pytestmark = pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="TFGEN_DATA is not set")


def test_mnist_has_its_known_mean_and_labels():
    folder = Path(os.environ["TFGEN_DATA"]) / "mnist"
    x, y = load_arrays(folder, "train", labels=True)
    assert x.shape == (60000, 28, 28, 1)
    assert x.mean(dtype=np.float64) == pytest.approx(0.13066, abs=1e-5)
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert info(folder, "test") == DataInfo((28, 28, 1), 256, 10, 10000)


def test_binarized_mnist_is_a_draw_of_mnist():
    folder = Path(os.environ["TFGEN_DATA"]) / "binarized_mnist"
    sizes = [info(folder, split).num_examples for split in ("train", "valid", "test")]
    assert sizes == [50000, 10000, 10000]
    assert info(folder, "test").levels == 2
    x = load_arrays(folder, "train", binarize="stochastic")
    assert x.shape == (50000, 28, 28, 1)
    np.testing.assert_array_equal(np.unique(x), [0, 1])
    grey = load_arrays(Path(os.environ["TFGEN_DATA"]) / "mnist", "train")
    assert x.mean(dtype=np.float64) == pytest.approx(grey.mean(dtype=np.float64), abs=1e-3)
