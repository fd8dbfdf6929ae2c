"""An image as a condition: what training does to it, against closed forms, and its door."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import SmallImage
from tfgen.conditions.gaussian_blur import gaussian_blur

SEED = tf.constant([0, 1])


def test_the_blur_of_a_point_is_the_separable_kernel_and_sums_stay():
    image = np.zeros((3, 11, 9, 2), "float32")
    image[:, 5, 4] = 1, -3
    stddevs = np.float32([0.0, 0.5, 1.0])
    found = gaussian_blur(tf.constant(image), tf.constant(stddevs), 1.0).numpy()
    for blurred, stddev in zip(found[1:], stddevs[1:], strict=True):
        kernel = np.exp(-(np.arange(-4, 5) ** 2) / (2 * stddev**2))
        kernel /= kernel.sum()
        rows = np.pad(kernel, 1)
        expected = rows[:, None, None] * kernel[:, None] * np.float32([1, -3])
        np.testing.assert_allclose(blurred, expected, atol=1e-6)
    np.testing.assert_array_equal(found[0], image[0])
    # At the borders, and where the kernel is longer than the image.
    noise = tf.random.stateless_uniform((4, 3, 5, 1), SEED)
    found = gaussian_blur(noise, tf.fill([4], 1.5), 1.5)
    np.testing.assert_allclose(tf.reduce_sum(found, (1, 2)), tf.reduce_sum(noise, (1, 2)), 1e-5)
    mirrored = np.concatenate([noise[:, ::-1], noise, noise[:, ::-1]], axis=1)
    mirrored = np.concatenate([mirrored[:, :, ::-1], mirrored, mirrored[:, :, ::-1]], axis=2)
    whole = gaussian_blur(tf.constant(mirrored), tf.fill([4], 1.5), 1.5)
    np.testing.assert_allclose(found, whole[:, 3:6, 5:10], atol=1e-6)


def test_the_noise_has_a_deviation_of_its_own_for_each_example():
    """Uniform from 0 to the most, which is 2 noise where pixels reach from -1 to 1."""
    condition = SmallImage((32, 32, 1), noise=0.25, blur=0.0)
    given = condition.encode(condition.tokens(np.full((400, 32, 32, 1), 0.75, "float32")))
    found = condition.in_training(given, 0.0, SEED).numpy()
    np.testing.assert_array_equal(condition.in_training(given, 0.0, SEED), found)
    noise = np.reshape(found - 0.5, (400, -1))
    deviations = np.sort(noise.std(axis=1))
    np.testing.assert_allclose(deviations, 0.5 * (np.arange(400) + 0.5) / 400, atol=0.05)
    standard = noise / noise.std(axis=1, keepdims=True)
    np.testing.assert_allclose(np.mean(standard), 0, atol=4 / standard.size**0.5)
    np.testing.assert_allclose(np.mean(standard**4), 3, atol=0.05)


def test_the_blur_has_a_width_of_its_own_for_each_example():
    condition = SmallImage((9, 9, 1), noise=0.0, blur=0.8)
    points = np.zeros((400, 9, 9, 1), "float32")
    points[:, 4, 4] = 1
    found = condition.in_training(points, 0.0, SEED).numpy()[..., 0]
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-5)
    # k(1) / k(0) = exp(-1 / (2 s^2)) says what s was.
    ratios = np.sort(found[:, 4, 5] / found[:, 4, 4])
    stddevs = 0.8 * (np.arange(400) + 0.5) / 400
    np.testing.assert_allclose(ratios, np.exp(-1 / (2 * stddevs**2)), atol=0.06)


def test_what_is_left_out_is_zeros_and_no_corruption_none_at_all():
    given = tf.random.stateless_uniform((1000, 2, 2, 1), SEED, -1, 1)
    plain = SmallImage((2, 2, 1), noise=0.0, blur=0.0)
    np.testing.assert_array_equal(plain.in_training(given, 0.0, SEED), given)
    for condition in (plain, SmallImage((2, 2, 1))):
        found = condition.in_training(given, 0.3, SEED).numpy()
        gone = ~np.any(found, axis=(1, 2, 3))
        np.testing.assert_allclose(np.mean(gone), 0.3, atol=4 * (0.21 / 1000) ** 0.5)
        whole = condition.in_training(given, 0.0, SEED).numpy()
        np.testing.assert_array_equal(found[~gone], whole[~gone])


def test_a_file_is_read(tmp_path):
    pixels = np.arange(12, dtype="uint8").reshape(2, 2, 3)
    file = str(tmp_path / "image.png")
    tf.io.write_file(file, tf.io.encode_png(pixels))
    np.testing.assert_allclose(SmallImage((2, 2, 3)).parse(file), pixels / 255, rtol=1e-6)
    for condition, path in (
        (SmallImage((2, 3, 3)), file),
        (SmallImage((2, 2, 2)), file),
        (SmallImage((2, 2, 3)), str(tmp_path / "none.png")),
    ):
        with pytest.raises(ValueError, match="expected a file of an image.*Received: "):
            condition.parse(path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SmallImage((4, 4)), "image_shape"),
        (lambda: SmallImage((4, 4, 1, 1)), "image_shape"),
        (lambda: SmallImage((4, 0, 1)), "image_shape"),
        (lambda: SmallImage((4, 4, 1), noise=-0.1), "noise"),
        (lambda: SmallImage((4, 4, 1), blur=np.nan), "blur"),
        (lambda: SmallImage((1, 1, 1)).tokens([[[[1.5]]]]), r"\[0, 1\]"),
        (lambda: SmallImage((1, 1, 1)).tokens([[[[-0.1]]]]), r"\[0, 1\]"),
        (lambda: SmallImage((1, 1, 1)).tokens([[[[np.nan]]]]), r"\[0, 1\]"),
        (lambda: SmallImage((1, 1, 1)).tokens([[[[1]]]]), "float"),
        (lambda: SmallImage((1, 1, 1)).tokens([[[[0.5, 0.5]]]]), r"\[batch, 1, 1, 1\]"),
        (lambda: SmallImage((1, 1, 1)).tokens([[0.5]]), r"\[batch, 1, 1, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        call()
