"""Laplacian pyramids, and the sliced Wasserstein distance against SciPy's in one direction."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from tfgen.evaluation.fidelity import sliced_wasserstein
from tfgen.evaluation.fidelity.laplacian_pyramid import enlarge, halve, laplacian_pyramid
from tfgen.evaluation.fidelity.sliced_wasserstein import projected_distance


@pytest.mark.parametrize("sides", [(8, 8), (9, 14), (5, 6)], ids=str)
def test_the_levels_of_a_pyramid_add_up_to_the_images(sides):
    images = np.random.default_rng(0).random((2, *sides, 3), "float32")
    levels = laplacian_pyramid(images, 2)
    assert [min(level.shape[1:3]) for level in levels][-1] in (2, 3)
    total = levels[-1]
    for level in levels[-2::-1]:
        total = level + enlarge(total, level.shape[1:3])
    np.testing.assert_allclose(total, images, atol=1e-6)
    # What is alike everywhere is in the coarsest level alone, at the borders too.
    *fine, coarse = laplacian_pyramid(np.full((1, *sides, 1), 0.5, "float32"), 2)
    np.testing.assert_allclose(coarse, 0.5, atol=1e-6)
    for level in fine:
        np.testing.assert_allclose(level, 0, atol=1e-6)


def test_blurring_is_binomial():
    point = np.zeros((1, 9, 9, 1), "float32")
    point[0, 4, 4] = 1
    row = np.array([1, 6, 1]) / 16
    np.testing.assert_allclose(halve(point)[0, 1:4, 1:4, 0], np.outer(row, row), atol=1e-7)
    assert halve(point).sum() == pytest.approx(0.25)


def test_the_smallest_side_of_a_pyramid():
    sides = lambda side, smallest: [
        level.shape[1] for level in laplacian_pyramid(np.zeros((1, side, side, 1)), smallest)
    ]
    assert sides(64, 16) == [64, 32, 16]
    assert sides(28, 16) == [28]
    assert sides(28, 14) == [28, 14]
    assert sides(8, 16) == [8]


def test_one_direction_is_what_scipy_says():
    random = np.random.default_rng(1)
    x, y = (random.normal(shift, 1 + shift, size=(300, 5)).astype("float32") for shift in (0, 1))
    direction = np.random.default_rng(2).standard_normal((1, 5), "float32")
    direction /= np.linalg.norm(direction)
    expected = wasserstein_distance(x @ direction[0], y @ direction[0])
    found = projected_distance(x, y, 1, np.random.default_rng(2))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # The mean over directions of |a . u|, u uniform in 3 dimensions, is |a| / 2.
    x = x[:, :3]
    found = projected_distance(x, x + np.float32([0, 2, 0]), 4000, random)
    np.testing.assert_allclose(found, 1, rtol=0.03)


def test_textures_show_in_the_fine_level_and_brightness_in_none():
    random = np.random.default_rng(3)
    smooth = np.repeat(np.repeat(random.random((60, 4, 4, 1), "float32"), 8, 1), 8, 2) / 2
    fresh = np.repeat(np.repeat(random.random((60, 4, 4, 1), "float32"), 8, 1), 8, 2) / 2
    options = {"patches_per_image": 16, "num_directions": 32, "smallest": 16}
    same = sliced_wasserstein(smooth, fresh, **options)
    assert list(same) == ["32x32", "16x16", "mean"]
    assert same["mean"] == np.mean([same["32x32"], same["16x16"]])
    assert sliced_wasserstein(smooth, fresh, **options) == same
    noisy = fresh + random.random(fresh.shape, "float32") / 4
    assert sliced_wasserstein(smooth, noisy, **options)["32x32"] > 2 * same["32x32"]
    # Each set's colours are standardised.
    same = sliced_wasserstein(smooth, smooth, seed=5, **options)
    for changed in (smooth + 0.25, smooth / 2):
        found = sliced_wasserstein(smooth, changed, seed=5, **options)
        assert found == pytest.approx(same, abs=1e-3)
    black = np.zeros((3, 8, 8, 3), "float32")
    assert sliced_wasserstein(black, black, **options) == {"8x8": 0, "mean": 0}


def test_bad_images_and_numbers_are_refused():
    images = np.zeros((4, 8, 8, 1), "float32")
    for real, fake, options in (
        (images, images[:3], {}),
        (images, images[:, :7], {}),
        (images[:, :6], images[:, :6], {}),
        (images[..., 0], images[..., 0], {}),
        (images, images + 2, {}),
        (images, images, {"patch_size": 4}),
        (images, images, {"num_directions": 0}),
        (images, images, {"patches_per_image": 1.5}),
    ):
        with pytest.raises(ValueError, match="expected .* Received: "):
            sliced_wasserstein(real, fake, **options)
