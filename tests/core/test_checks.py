import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import check_array, check_seed, check_spec, fold_in, split_seed

IMAGES = np.full((3, 2, 2, 1), 0.5, "float32")


def test_good_images_come_back_as_float32():
    checked = check_array(IMAGES.astype("float64"), (2, 2, 1))
    assert checked.dtype == tf.float32
    np.testing.assert_array_equal(checked, IMAGES)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (IMAGES[0], r"shape \[batch, 2, 2, 1\]"),
        (IMAGES[..., 0], r"shape \[batch, 2, 2, 1\]"),
        (np.repeat(IMAGES, 3, axis=-1), r"shape \[batch, 2, 2, 1\]"),
        (IMAGES[:0], "at least one example"),
        ((IMAGES * 255).astype("uint8"), "astype\\('float32'\\) / 255"),
        (IMAGES > 0, "floating point"),
        (IMAGES * np.nan, "finite"),
        (IMAGES * np.inf, "finite"),
        (IMAGES - 1, r"in \[0, 1\]"),
        (IMAGES + 1, r"in \[0, 1\]"),
        ([[0.5], [0.5, 0.5]], "array"),
    ],
)
def test_bad_images_are_met_with_what_was_expected_and_received(x, message):
    with pytest.raises(ValueError, match=message) as error:
        check_array(x, (2, 2, 1))
    assert "Received:" in str(error.value)


def test_vectors_of_continuous_models_take_any_finite_value():
    x = np.array([[-5.0, 7.0]], "float32")
    np.testing.assert_array_equal(check_array(x, (2,)), x)


@pytest.mark.parametrize("levels", [2, 3, 17, 256])
def test_every_level_passes_and_values_between_levels_do_not(levels):
    x = (np.arange(levels, dtype="float32") / (levels - 1))[:, None]
    check_array(x, (1,), levels=levels)
    with pytest.raises(ValueError, match=f"on {levels} levels"):
        check_array(x[:1] + 0.5 / (levels - 1), (1,), levels=levels)


def test_in_a_graph_the_static_shape_is_checked():
    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32)])
    def graph(x):
        return check_array(x, (2,))

    with pytest.raises(ValueError, match=r"shape \[batch, 2\]"):
        graph.get_concrete_function()


def test_specs_of_data_sets_are_checked():
    check_spec(tf.TensorSpec((None, 2, 2, 1), tf.float32), (2, 2, 1))
    with pytest.raises(ValueError, match="one tensor"):
        check_spec((tf.TensorSpec((None, 2), tf.float32),), (2,))
    with pytest.raises(ValueError, match="uint8"):
        check_spec(tf.TensorSpec((None, 2), tf.uint8), (2,))


def test_an_int_seed_is_a_pair():
    np.testing.assert_array_equal(check_seed(7), [0, 7])
    np.testing.assert_array_equal(check_seed((3, 7)), [3, 7])


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, True, (1, 2, 3), "7", None])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="Received:"):
        check_seed(seed)


def test_split_and_folded_seeds_differ():
    seed = check_seed(1)
    seeds = [*split_seed(seed, 3), *(fold_in(seed, step) for step in range(3)), seed]
    assert len({tuple(np.array(s)) for s in seeds}) == len(seeds)
