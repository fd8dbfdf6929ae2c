"""The PixelCNN of any order: what a pixel sees, the sampler along each order, moved weights."""

import numpy as np
import pytest
from truths import (
    all_inputs,
    chi_square,
    in_channels,
    naive_draw_along,
    randomize,
    sees,
    total_probability,
)

from tfgen import LocallyMaskedPixelCNN, MaskedPixelCNN
from tfgen.autoregressive import s_curve_orders

SIZES = {"num_features": 6, "num_output_features": 6, "num_layers": 2, "first_kernel_size": 3}


def shuffled(height, width, count, seed=0):
    generator = np.random.default_rng(seed)
    return [generator.permutation(height * width) for _ in range(count)]


def locally_masked(event_shape, pixel_orders=None, levels=2, scale=0.5, **sizes):
    sizes = {**SIZES, **sizes}
    return randomize(
        LocallyMaskedPixelCNN.default(event_shape, pixel_orders, levels, **sizes), scale
    )


def reachable(order, height, width):
    """`[pixel, pixel]`, whether a chain of neighbours, each earlier than the last, leads there."""
    reached = np.zeros((height * width, height * width), bool)
    rank = np.argsort(order)
    for pixel in order:
        for other in range(height * width):
            near = max(abs(pixel // width - other // width), abs(pixel % width - other % width)) < 2
            if near and rank[other] < rank[pixel]:
                reached[pixel] |= reached[other]
                reached[pixel, other] = True
    return reached


@pytest.mark.parametrize(
    ("event_shape", "levels", "count"), [((2, 3, 1), 2, 3), ((1, 2, 3), 2, 2), ((2, 2, 1), 3, 1)]
)
def test_probabilities_of_all_inputs_sum_to_one(event_shape, levels, count):
    model = locally_masked(event_shape, shuffled(*event_shape[:2], count), levels)
    np.testing.assert_allclose(total_probability(model), 1, rtol=1e-5)


@pytest.mark.parametrize("event_shape", [(3, 4, 1), (2, 3, 2)])
def test_a_pixel_sees_what_its_neighbours_lead_to_and_nothing_later(event_shape):
    height, width, channels = event_shape
    orders = [*shuffled(height, width, 2), *s_curve_orders(height, width)[[0, 3, 5]]]
    wide = {"num_features": 24, "num_output_features": 24, "num_layers": height * width}
    model = locally_masked(event_shape, orders, scale=0.2, **wide)
    for k, order in enumerate(orders):
        field = reachable(order, height, width)
        logits = lambda x, k=k: model.conditionals(x, component=k).distribution.logits
        np.testing.assert_array_equal(sees(model, logits), in_channels(field, channels))
        before = np.argsort(order)[:, None] > np.argsort(order)
        # Along an S-curve there is no blind spot.
        assert (field == before).all() or (k < 2 and not (field & ~before).any())


def test_in_raster_order_it_is_the_masked_pixel_cnn():
    """Two ways to compute one density: local masks, and a kernel that is masked once for all."""
    for event_shape in ((5, 4, 1), (3, 3, 3)):
        model = locally_masked(event_shape, first_kernel_size=5)
        twin = MaskedPixelCNN.default(event_shape, **{**SIZES, "first_kernel_size": 5})
        twin.set_weights(model.get_weights())
        x = np.random.default_rng(0).integers(0, 2, (9, *event_shape)).astype("float32")
        np.testing.assert_allclose(model.log_prob(x), twin.log_prob(x), rtol=1e-5)


def test_the_density_is_the_mean_over_the_orders_and_each_order_s_is_that_of_the_turned_image():
    """A raster path from the lower right corner is a raster path through the turned image."""
    orders = [np.arange(6), np.arange(6)[::-1]]
    model, x = locally_masked((2, 3, 1), orders), all_inputs((2, 3, 1), 2)
    each = [model.conditionals(x, component=k).log_prob(x).numpy() for k in range(2)]
    assert np.abs(each[0] - each[1]).max() > 0.1
    expected = np.logaddexp(*each) - np.log(2)
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-4)
    turned = locally_masked((2, 3, 1))
    turned.set_weights([w[::-1, ::-1] if w.ndim == 4 else w for w in model.get_weights()])
    np.testing.assert_allclose(turned.log_prob(x[:, ::-1, ::-1]), each[1], rtol=1e-4)


@pytest.mark.parametrize(
    ("event_shape", "levels", "first_kernel_size"),
    [((3, 4, 1), 2, 3), ((2, 3, 3), 4, 5), ((1, 1, 1), 2, 7), ((5, 1, 1), 17, 3)],
)
def test_each_activation_computed_once_draws_what_whole_passes_draw(
    event_shape, levels, first_kernel_size
):
    height, width, channels = event_shape
    paths = [*shuffled(height, width, 2), *s_curve_orders(height, width)[4:5]]
    model = locally_masked(event_shape, paths, levels, first_kernel_size=first_kernel_size)
    count, size = 9, height * width * channels
    generator = np.random.default_rng(3)
    uniforms = generator.random((count, size), "float32")
    values = np.arange(levels, dtype="float32") / np.float32(levels - 1)
    component = np.arange(count, dtype="int32") % 3
    # Each example keeps another number of the first dimensions of its order.
    given = np.arange(size) < np.arange(count)[:, None] * size // (2 * count)
    kept = np.zeros((count, size), "float32")
    np.put_along_axis(kept, model.orders[component], given.astype("float32"), axis=1)
    x = kept * generator.choice(values, (count, size)).astype("float32")
    expected = naive_draw_along(model, uniforms, x, kept, component)
    np.testing.assert_array_equal(model.draw_along(uniforms, x, kept, component), expected)


def test_samples_follow_log_prob():
    model, inputs = locally_masked((2, 2, 1), shuffled(2, 2, 3), 3), all_inputs((2, 2, 1), 3)
    probabilities = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    assert chi_square(model.sample(20_000, seed=3).numpy(), inputs, probabilities, 3) > 1e-3


def test_an_order_that_begins_with_the_given_pixels_completes_them_exactly():
    """The right column of an image from its left one's: raster order refuses, another does not."""
    raster = locally_masked((2, 2, 1), scale=1.0)
    mask = np.array([[1, 0], [1, 0]])[..., None]
    x = np.tile(np.float32([[1, 0.3], [0, np.nan]])[..., None], (4000, 1, 1, 1))
    with pytest.raises(ValueError, match="each order of the ensemble: LocallyMaskedPixelCNN"):
        raster.complete(x, mask)
    by_column = LocallyMaskedPixelCNN.default((2, 2, 1), [(0, 2, 1, 3)], **SIZES)
    by_column.set_weights(raster.get_weights())
    completed = by_column.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, :, 0], x[:, :, 0])
    inputs = all_inputs((2, 2, 1), 2)
    inputs = inputs[(inputs[:, :, 0] == x[0, :, 0]).all(axis=(1, 2))]
    joint = np.exp(by_column.log_prob(inputs).numpy().astype("float64"))
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3


@pytest.mark.parametrize(("height", "width"), [(4, 5), (1, 3), (3, 1), (1, 1)])
def test_s_curves_go_from_neighbour_to_neighbour_through_all_pixels(height, width):
    orders = s_curve_orders(height, width)
    np.testing.assert_array_equal(np.sort(orders, axis=1), [np.arange(height * width)] * 8)
    rows, columns = np.divmod(orders, width)
    steps = np.abs(np.diff(rows, axis=1)) + np.abs(np.diff(columns, axis=1))
    np.testing.assert_array_equal(steps, np.ones_like(steps))
    corners = {(i, j) for i in (0, height - 1) for j in (0, width - 1)}
    assert set(zip(rows[:, 0], columns[:, 0], strict=True)) == corners
    if min(height, width) > 1:
        assert len({tuple(order) for order in orders}) == 8


@pytest.mark.parametrize(
    "pixel_orders",
    [[], [(0, 1, 2)], [(0, 1, 2, 2)], [(0, 1, 2, 3), (1, 2, 3, 4)], [(0.5, 1, 2, 3)]],
)
def test_orders_that_are_no_permutations_are_refused(pixel_orders):
    with pytest.raises(ValueError, match="pixel_orders.*Received:"):
        LocallyMaskedPixelCNN.default((2, 2, 1), pixel_orders)


def test_events_that_are_no_images_are_refused():
    with pytest.raises(ValueError, match="model of images. Received"):
        LocallyMaskedPixelCNN(event_shape=(4,))
