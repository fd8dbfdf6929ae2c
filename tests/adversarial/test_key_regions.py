"""Boxes of key regions by hand and against loops, what they cut out, and their union."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import EdgeEnergyBoxes, RandomBoxes

SEED = tf.constant([0, 3])


def images(count=6, sides=(14, 11), channels=2, seed=0):
    return np.random.default_rng(seed).random((count, *sides, channels)).astype("float32") ** 4


def test_the_boxes_of_three_dots_worked_by_hand():
    """A dot of value v has dy^2 + dx^2 = v^2 / 4 at each of its four neighbours."""
    x = np.zeros((1, 12, 12, 1), "float32")
    for row, column, value in ((2, 2, 0.6), (2, 9, 1.0), (8, 4, 0.8)):
        x[0, row, column] = value
    boxes = EdgeEnergyBoxes(3, size=3, window=3, distance=4)
    energy = boxes.energy(x)[0].numpy()
    # The window of three around a dot holds all four; its corner neighbours' windows hold two.
    for row, column, value in ((2, 2, 0.6), (2, 9, 1.0), (8, 4, 0.8)):
        np.testing.assert_allclose(energy[row, column], value**2 / 9, rtol=1e-5)
        np.testing.assert_allclose(energy[row - 1, column - 1], value**2 / 18, rtol=1e-5)
    np.testing.assert_array_equal(boxes.corners(x, SEED), [[[1, 8], [7, 3], [1, 1]]])


def test_each_centre_is_the_strongest_place_far_enough_from_those_before():
    x = images()
    boxes = EdgeEnergyBoxes(4, size=3, window=5, distance=3)
    energies, corners = boxes.energy(x).numpy(), boxes.corners(x, SEED).numpy()
    for energy, found in zip(energies, corners, strict=True):
        allowed = np.ones(energy.shape, bool)
        for corner in found:
            places = np.argwhere(allowed & (energy == energy[allowed].max()))
            expected = np.clip(places[0] - 1, 0, [14 - 3, 11 - 3])
            np.testing.assert_array_equal(corner, expected)
            rows, columns = np.indices(energy.shape)
            apart = np.maximum(abs(rows - places[0][0]), abs(columns - places[0][1]))
            allowed &= apart >= 3


def test_edge_boxes_depend_on_the_image_alone():
    x, boxes = images(), EdgeEnergyBoxes(3, 4, window=3, distance=2)
    once = boxes.corners(x, SEED)
    np.testing.assert_array_equal(boxes.corners(x, SEED + 1), once)
    np.testing.assert_array_equal(boxes.corners(x[2:3], SEED), once[2:3])
    graph = tf.function(boxes.corners, jit_compile=True)
    np.testing.assert_array_equal(graph(tf.constant(x), SEED), once)


def test_the_usual_boxes_are_those_of_the_rule_for_28x28():
    assert EdgeEnergyBoxes.of_images((28, 28, 1)) == EdgeEnergyBoxes(3, 10, window=9, distance=7)
    for side in range(8, 70):
        EdgeEnergyBoxes.of_images((side, side + 3, 1)).check((side, side + 3, 1))


@pytest.mark.parametrize("boxes", [EdgeEnergyBoxes(5, 4, 3, 9), RandomBoxes(5, 4)])
def test_boxes_lie_inside_flat_and_crowded_images_too(boxes):
    for x in (images(), 0 * images()):
        corners = boxes.corners(x, SEED).numpy()
        assert corners.shape == (6, 5, 2) and corners.dtype == np.int32
        assert corners.min() >= 0 and (corners <= [14 - 4, 11 - 4]).all()


def test_random_boxes_are_anywhere_alike_and_others_for_another_seed():
    boxes, x = RandomBoxes(2, 3), images(2000, (6, 5))
    corners = boxes.corners(x, SEED).numpy()
    for axis, places in ((0, 4), (1, 3)):
        counts = np.bincount(corners[..., axis].ravel(), minlength=places)
        # Within four standard deviations of 4,000 / places.
        assert abs(counts - 4000 / places).max() < 4 * np.sqrt(4000 / places)
    np.testing.assert_array_equal(boxes.corners(x, SEED), corners)
    assert not np.array_equal(boxes.corners(x, SEED + 1), corners)


def test_patches_are_the_crops_resized_and_the_mask_is_their_union():
    x, boxes = images(), RandomBoxes(3, 4)
    corners = boxes.corners(x, SEED).numpy()
    patches, mask = boxes(x, SEED)
    for index, places in enumerate(corners):
        expected = np.zeros((14, 11, 1), "float32")
        for number, (row, column) in enumerate(places):
            crop = x[index, row : row + 4, column : column + 4]
            resized = tf.image.resize(crop, (14, 11))
            np.testing.assert_allclose(patches[index, number], resized, atol=1e-6)
            expected[row : row + 4, column : column + 4] = 1
        np.testing.assert_array_equal(mask[index], expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomBoxes(0), "num_patches"),
        (lambda: RandomBoxes(2, 0), "size"),
        (lambda: EdgeEnergyBoxes(window=4), "odd"),
        (lambda: EdgeEnergyBoxes(distance=0), "distance"),
        (lambda: RandomBoxes(2, 9).check((8, 20, 1)), "at least 9 x 9"),
        (lambda: RandomBoxes(2, 2).check((8,)), "height, width"),
    ],
)
def test_bad_boxes_are_refused(make, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        make()
