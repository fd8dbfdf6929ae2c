"""The values of data sets, which are seen as they are read, and of arrays: one rule."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tfgen
from tfgen.core.checks import all_valid, are_valid, check_array, is_bounded

BAD = {
    "8 bits": (255.0, "from 0 to 255, 0 of them"),
    "NaN": (np.nan, "1 of them"),
    "negative": (-0.5, "from -0.5 to"),
    "off the levels": (0.5, "from 0 to 0.5, 0 of them"),
}


def model():
    made = tfgen.FVSBN.default((3,))
    made.compile()
    return made


def batches(value=0.0):
    x = np.zeros((6, 3), "float32")
    x[4, 1] = value
    return tf.data.Dataset.from_tensor_slices(x).batch(2)


@pytest.mark.parametrize("name", BAD)
def test_bad_values_of_a_data_set_are_refused_while_it_is_read(name):
    value, found = BAD[name]
    made, expected = (
        model(),
        rf"^expected the data set's x on 2 levels, .*Received: a batch .*{found}.*infinity$",
    )
    for use in (
        lambda: made.fit(batches(value), verbose=0),
        lambda: made.fit(batches(), validation_data=batches(value), verbose=0),
        lambda: made.evaluate(batches(value), verbose=0),
        lambda: made.predict(batches(value), verbose=0),
    ):
        with pytest.raises(ValueError, match=expected):
            use()


def test_other_errors_of_a_data_set_stay_what_they_are():
    def fails(x):
        with tf.control_dependencies([tf.debugging.Assert(False, ["a check of somebody else"])]):
            return tf.identity(x)

    with pytest.raises(tf.errors.InvalidArgumentError, match="a check of somebody else"):
        model().fit(batches().map(fails), verbose=0)


def test_a_data_set_of_unknown_rank_is_read():
    x = np.ones((4, 3), "float32")
    unknown = tf.data.Dataset.from_generator(
        lambda: iter([x]), output_signature=tf.TensorSpec(None, tf.float32)
    )
    one, other = model(), model()
    one.fit(unknown, verbose=0)
    other.fit(x, batch_size=4, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@settings(deadline=None)
@given(
    arrays(
        np.float32,
        (3, 2),
        elements=st.one_of(
            st.sampled_from([0.0, 0.25, 0.5, 1.0, 0.2501, 0.25003, np.nan, np.inf, -np.inf, -0.0]),
            # TensorFlow's kernels take subnormal numbers for 0.
            st.floats(-2, 2, width=32, allow_subnormal=False),
        ),
    ),
    st.sampled_from([None, 2, 5, 256]),
)
def test_a_graph_finds_the_examples_that_arrays_are_refused_for(x, levels):
    bounded = is_bounded((2,), levels)
    valid = are_valid(tf.constant(x), levels, bounded).numpy()
    # Also where it stands in the midst of many others.
    many = np.concatenate([np.zeros((50, 2), "float32"), x, np.ones((150, 2), "float32")])
    assert all_valid(tf.constant(many), levels, bounded).numpy() == valid.all()
    for example, is_valid in zip(x, valid, strict=True):
        if is_valid:
            check_array(example[np.newaxis], (2,), levels=levels)
        else:
            with pytest.raises(ValueError, match="expected x "):
                check_array(example[np.newaxis], (2,), levels=levels)
