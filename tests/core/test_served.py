"""What a SavedModel makes of inputs that no array check has seen."""

import numpy as np
import pytest
import tensorflow as tf
from truths import randomize

import tfgen
from tfgen.conditions import Vector
from tfgen.core.served import served
from tfgen.networks import DenseNetworks

IMAGE = (2, 2, 1)
LEVELS = {"x": [[0.0, 1.0, 1.0], [0.5, 1.0, 0.0], [1.0, np.nan, 0.0], [1.0, 2.0, 0.0]]}


def answers(model, name, **inputs):
    """What the served function gives, in a graph."""
    function, specs = model.signatures()[name]
    graph = tf.function(served(function, specs, model.levels), input_signature=specs)
    return {name: value.numpy() for name, value in graph(*(inputs[s.name] for s in specs)).items()}


@pytest.mark.parametrize("family", ["MarkovChain", "FVSBN", "NADE"])
def test_bad_examples_are_answered_by_nan_and_good_ones_as_ever(family):
    model = getattr(tfgen, family).default((3,))
    x = np.array(LEVELS["x"], "float32")
    (answer,) = answers(model, "log_prob", x=x).values()
    np.testing.assert_array_equal(np.isnan(answer), [False, True, True, True])
    np.testing.assert_allclose(answer[0], model.log_prob(x[:1])[0], rtol=1e-6)


def test_each_floating_output_of_a_bad_example_is_nan():
    model = tfgen.VAE.default(IMAGE, latent_dim=2, architecture=DenseNetworks((3,)))
    x = np.full((3, *IMAGE), 1.0, "float32")
    x[1, 0, 0] = -0.1
    z = np.array([[0.0, 1.0], [np.inf, 0.0]], "float32")
    for name, inputs, bad in (
        ("encode", {"x": x}, [False, True, False]),
        ("reconstruct", {"x": x}, [False, True, False]),
        ("elbo", {"x": x, "seed": (0, 1)}, [False, True, False]),
        ("decode", {"z": z}, [False, True]),
    ):
        for answer in answers(model, name, **inputs).values():
            each = np.isnan(answer.reshape(len(answer), -1))
            np.testing.assert_array_equal(each.all(axis=1), bad)
            np.testing.assert_array_equal(each.any(axis=1), bad)


def test_an_example_with_a_condition_that_is_not_finite_is_answered_by_nan():
    model = tfgen.VAE.default(
        IMAGE, latent_dim=2, architecture=DenseNetworks((3,)), condition=Vector(2)
    )
    condition = np.array([[0.0, 1.0], [np.nan, 0.0]], "float32")
    x = np.ones((2, *IMAGE), "float32")
    (found,) = answers(model, "elbo", x=x, seed=(0, 1), condition=condition).values()
    np.testing.assert_array_equal(np.isnan(found), [False, True])


def test_x_is_looked_at_where_the_mask_keeps_it():
    specs = [tf.TensorSpec((None, 3), tf.float32, name=name) for name in ("x", "mask")]
    kept_sum = served(lambda x, mask: {"sum": tf.reduce_sum(x * mask, axis=1)}, specs, levels=2)
    x = np.array([[1, 0.5, 1], [1, 0.5, 1], [1, 0, 1]], "float32")
    mask = np.array([[1, 0, 1], [1, 1, 0], [1, 0.5, 0]], "float32")
    found = kept_sum(tf.constant(x), tf.constant(mask))["sum"]
    np.testing.assert_array_equal(found, [2, np.nan, np.nan])


def test_a_saved_model_refuses_other_shapes_by_the_name_of_the_input(tmp_path):
    model = tfgen.VAE.default(IMAGE, latent_dim=2, architecture=DenseNetworks((3,)))
    randomize(model)
    model.export(tmp_path / "saved")
    encode = tf.saved_model.load(str(tmp_path / "saved")).signatures["encode"]
    x = np.ones((2, *IMAGE), "float32")
    np.testing.assert_allclose(encode(x=tf.constant(x))["z"], model.encode(x), rtol=1e-6)
    # Each of these has numbers enough for a reshape to take them silently.
    for shape in ((2, 4), (2, 4, 1, 1), (4, 2, 1, 1), (2, 2, 2, 2)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"tensor x .*\[\?,2,2,1\]"):
            encode(x=tf.zeros(shape))
