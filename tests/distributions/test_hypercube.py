import numpy as np
import pytest

from tfgen.distributions.hypercube import all_images, flip_pixels, image_numbers

SHAPE = (2, 2, 1)


def test_every_image_is_there_once_in_the_order_of_its_number():
    images = all_images(SHAPE)
    assert images.shape == (16, 2, 2, 1)
    np.testing.assert_array_equal(image_numbers(images), np.arange(16))
    np.testing.assert_array_equal(images[6].reshape(-1), [0, 1, 1, 0])


def test_flips_by_their_matrix():
    """Its entries are f^h (1 - f)^(D - h), of the number of pixels that differ."""
    images = all_images(SHAPE).reshape(16, 4)
    apart = (images[:, None] != images).sum(axis=-1)
    p = np.random.default_rng(0).dirichlet(np.ones(16))
    for f in (0.0, 0.1, 0.5, 1.0):
        matrix = f**apart * (1 - f) ** (4 - apart)
        np.testing.assert_allclose(flip_pixels(p, f), matrix @ p, atol=1e-15)


@pytest.mark.parametrize("shape", [(), (0,), (21,), (5, 5, 1), 4])
def test_shapes_without_a_list_of_images_are_refused(shape):
    with pytest.raises(ValueError, match="expected.*Received"):
        all_images(shape)
