import numpy as np
import pytest
import tensorflow as tf

from tfgen import FVSBN, MADE, NADE, DeepNADE, Independent

SHAPE = (2, 2, 1)
KINDS = {
    "FVSBN": lambda **k: FVSBN.default(SHAPE, **k),
    "NADE": lambda **k: NADE.default(SHAPE, num_hidden=3, **k),
    "MADE": lambda **k: MADE.default(SHAPE, hidden=(5,), num_orders=2, **k),
    "DeepNADE": lambda **k: DeepNADE.default(SHAPE, hidden=(4, 3), **k),
}


def images(levels, count=30):
    """Images whose first pixel is always 0, which leaves only the pseudo-count to the others."""
    generator = np.random.default_rng(0)
    x = generator.integers(levels, size=(count, *SHAPE)) / (levels - 1)
    x[:, 0, 0] = 0
    return x.astype("float32")


@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_without_hidden_units_it_starts_as_independent_dimensions(kind, levels):
    x, model = images(levels), KINDS[kind](levels=levels)
    independent = Independent.default(SHAPE, levels=levels)
    independent.compile()
    independent.fit(x, verbose=0)
    for weight in model.trainable_variables:
        if weight is not model._logits_bias:
            weight.assign(0 * weight)
    model.prepare(tf.constant(x))
    np.testing.assert_allclose(model.log_prob(x), independent.log_prob(x), rtol=1e-5)


def test_the_first_fit_alone_does_so_and_only_where_the_bias_is_0():
    x = images(2)
    model = KINDS["FVSBN"]()
    model.compile()
    model.prepare(tf.data.Dataset.from_tensor_slices(x).batch(7))
    counted = model.bias.numpy()
    np.testing.assert_allclose(counted[0], np.log(0.5 / 30.5), rtol=1e-5)
    model.prepare(tf.constant(1 - x))
    np.testing.assert_array_equal(model.bias, counted)
    model.fit(x, verbose=0)
    model.bias.assign(0 * model.bias)
    model.prepare(tf.constant(x))
    np.testing.assert_array_equal(model.bias, 0)
    other = KINDS["FVSBN"](marginal_start=False)
    other.prepare(tf.constant(x))
    np.testing.assert_array_equal(other.bias, 0)


def test_a_generator_is_not_looked_at():
    model = KINDS["FVSBN"]()
    batches = (images(2) for _ in range(3))
    model.prepare(batches)
    np.testing.assert_array_equal(model.bias, 0)
    assert len(list(batches)) == 3


def test_examples_off_the_levels_are_refused_before_they_are_counted():
    model = KINDS["FVSBN"]()
    with pytest.raises(ValueError, match="Received: 0.3"):
        model.prepare(tf.data.Dataset.from_tensors(0 * images(2) + 0.3))
