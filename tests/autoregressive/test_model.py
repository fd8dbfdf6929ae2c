"""What all models of the wing owe: masks, policies, blocks of samples, losses that draw."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from truths import all_inputs, randomize

import tfgen
from tfgen.autoregressive.masks import without_late
from tfgen.conditions import Captions, Classes

LAYERED = {
    "MADE": lambda: tfgen.MADE.default((6,), hidden=(32, 32)),
    "DeepNADE": lambda: tfgen.DeepNADE.default((6,), hidden=(32, 32)),
    "RowLSTM": lambda: tfgen.RowLSTM.default((4, 4, 1), num_layers=1),
    "DiagonalBiLSTM": lambda: tfgen.DiagonalBiLSTM.default((4, 4, 1), num_layers=1),
    "PixelCNN": lambda: tfgen.PixelCNN.default((4, 4, 1), num_layers=2, condition=Classes(2)),
    "PixelCNN: captions": lambda: tfgen.PixelCNN.default(
        (4, 4, 1), num_layers=2, condition=Captions(("red", "seven"), 3)
    ),
    "MaskedPixelCNN": lambda: tfgen.MaskedPixelCNN.default((4, 4, 1), num_layers=1),
    "LocallyMaskedPixelCNN": lambda: tfgen.LocallyMaskedPixelCNN.default((4, 4, 1), num_layers=1),
    "PixelCNNPlusPlus": lambda: tfgen.PixelCNNPlusPlus.default(
        (4, 4, 1), num_features=8, num_blocks=1, num_resolutions=2
    ),
}


@pytest.mark.parametrize("name", LAYERED)
def test_a_model_keeps_its_precision_where_another_policy_reigns(name, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = randomize(LAYERED[name](), 0.3)
    finally:
        keras.config.set_dtype_policy("float32")
    x = np.random.default_rng(0).integers(0, 2, (5, *model.event_shape)).astype("float32")
    y = {"PixelCNN": [0, 1, 1, 0, 1], "PixelCNN: captions": ["red", "seven", "", "a", "red red"]}
    condition = {"condition": y[name]} if name in y else {}
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    log_prob = model.log_prob(x, **condition).numpy()
    np.testing.assert_array_equal(twin.log_prob(x, **condition), log_prob)
    model.set_weights(model.get_weights())
    exact = randomize(LAYERED[name](), 0.3)
    exact.set_weights(model.get_weights())
    assert not np.array_equal(exact.log_prob(x, **condition), log_prob)


def test_a_mask_of_a_graph_is_checked_where_it_is_known():
    model = randomize(tfgen.NADE.default((4,), num_hidden=3))
    x = tf.constant(all_inputs((4,), 2))

    @tf.function
    def with_constant(x):
        return model.complete(x, [1, 0, 0, 1], seed=0)

    with pytest.raises(ValueError, match="raster order.*keeps dimension 3 after a drawn one"):
        with_constant(x)

    @tf.function(input_signature=[tf.TensorSpec((None, 4)), tf.TensorSpec((None, 4))])
    def complete(x, mask):
        return model.complete(x, mask, seed=0)

    mask = np.tile(np.float32([1, 1, 0, 0]), (16, 1))
    np.testing.assert_array_equal(complete(x, mask), model.complete(x, mask, seed=0))
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected a mask"):
        complete(x, np.roll(mask, 1, axis=1))


@pytest.mark.parametrize(
    "mask",
    [
        [0.5, 0, 0, 0],
        [1, np.nan, 0, 0],
        [2, 1, 0, 0],
        [1, -1, 0, 0],
        ["1", "1", "0", "0"],
        [[1, 0, 0, 0]],
        [1, 1, 0],
        [None, 1, 0, 0],
        [[1], [1, 0]],
    ],
)
def test_a_mask_that_is_none_is_refused(mask):
    model = tfgen.NADE.default((4,), num_hidden=3)
    with pytest.raises(ValueError, match="expected mask.*Received: "):
        model.complete(np.ones((2, 4), "float32"), mask)


def test_masks_of_every_kind_that_say_the_same_do_the_same():
    model = randomize(tfgen.NADE.default((4,), num_hidden=3))
    x, mask = np.ones((8, 4), "float32"), np.array([1, 1, 0, 0])
    expected = model.complete(x, mask, seed=0)
    for same in (mask == 1, mask.astype("float64"), tf.constant(mask, tf.uint8), [mask] * 8):
        np.testing.assert_array_equal(model.complete(x, same, seed=0), expected)


@pytest.mark.parametrize("wrong", [[1, 0.5, 0, 0], [1, np.nan, 0, 0], [1, 0, 1, 0]])
def test_a_bad_mask_that_a_graph_does_not_know_gives_an_error_or_nan(wrong):
    model = randomize(tfgen.NADE.default((4,), num_hidden=3))
    x, masks = tf.ones((2, 4)), tf.constant([[1, 1, 0, 0], wrong], tf.float32)
    complete = lambda x, mask: model.complete(x, mask, seed=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected.*mask"):
        tf.function(complete)(x, masks)
    found = tf.function(complete, jit_compile=True)(x, masks)
    np.testing.assert_array_equal(np.isnan(found), np.repeat([[False], [True]], 4, axis=1))
    np.testing.assert_array_equal(found[0, :2], [1, 1])


def test_a_graph_scores_what_is_off_the_support():
    model = randomize(tfgen.NADE.default((2, 2, 1), num_hidden=3, levels=3))
    x = np.repeat(all_inputs((2, 2, 1), 3)[[70]], 6, axis=0)
    x[1, 0, 0], x[2, 1, 1], x[3, 1, 0], x[4, 0, 1] = 0.25, 1.5, np.nan, np.inf
    expected = np.full(6, model.log_prob(x[:1])[0])
    expected[[1, 2, 3, 4]] = -np.inf, -np.inf, np.nan, -np.inf
    scores = tf.function(model.log_prob, input_signature=[tf.TensorSpec((None, 2, 2, 1))])
    for function in (scores, model.distribution().log_prob):
        np.testing.assert_allclose(function(x), expected, rtol=1e-6)


def test_log_prob_goes_through_blocks_by_default():
    model, seen = randomize(tfgen.FVSBN.default((3,))), []
    conditionals = model.conditionals
    model.conditionals = lambda x, given: seen.append(x.shape[0]) or conditionals(x, given)
    x = np.tile(all_inputs((3,), 2), (75, 1))
    tf.config.run_functions_eagerly(True)
    try:
        in_blocks = model.log_prob(x)
        at_once = model.log_prob(x, batch_size=None)
    finally:
        tf.config.run_functions_eagerly(False)
    assert seen == [256, 256, 88, 600]
    np.testing.assert_allclose(in_blocks, at_once, rtol=1e-6)


@pytest.mark.parametrize("x", [np.ones((2, 4), int), np.ones((2, 5), "float32"), np.ones(4)])
def test_completion_refuses_what_is_no_batch_of_examples(x):
    model = tfgen.NADE.default((4,), num_hidden=3)
    with pytest.raises(ValueError, match="expected x.*Received: "):
        model.complete(x, [1, 1, 0, 0])


def test_samples_in_blocks_have_seeds_of_their_own():
    model = randomize(tfgen.NADE.default((8,), num_hidden=3), 0.1)
    samples = model.sample(10, seed=3, batch_size=4).numpy()
    np.testing.assert_array_equal(model.sample(10, seed=3, batch_size=4), samples)
    assert samples.shape == (10, 8) and len(np.unique(samples, axis=0)) > 4


@pytest.mark.parametrize(
    "make",
    [
        lambda: tfgen.DeepNADE.default((6,), hidden=(4, 4)),
        lambda: tfgen.MADE.default((6,), hidden=(5,), num_orders=3),
    ],
    ids=["DeepNADE", "MADE"],
)
def test_losses_that_draw_draw_from_the_seed_they_are_given(make):
    model, x = randomize(make()), tf.constant(all_inputs((6,), 2))
    loss = lambda seed: model.negative_log_likelihood((x,), tf.constant((0, seed)), True)
    losses = [float(loss(seed)["negative_log_prob"]) for seed in (1, 1, 2, 3, 4, 5)]
    assert losses[0] == losses[1] and len(set(losses)) > 1
    model.compile()
    one, other = (model.evaluate(x, batch_size=10, verbose=0) for _ in range(2))
    assert one == other


def test_a_completable_mask_keeps_what_no_drawn_dimension_comes_before():
    kept = np.ones((2, 3, 1), "float32")
    kept[0, 2] = 0
    raster = tfgen.NADE.default((2, 3, 1), num_hidden=2).completable(kept)
    np.testing.assert_array_equal(raster[..., 0], [[1, 1, 0], [0, 0, 0]])
    any_mask = tfgen.DeepNADE.default((2, 3, 1), hidden=(4,))
    np.testing.assert_array_equal(any_mask.completable(kept), kept)
    with pytest.raises(ValueError, match="mask.*Received: "):
        any_mask.completable(kept[0])
    # By the second order 1 and 0 go with 3, and with 1 goes 2, by the first one.
    orders = np.array([[1, 2, 0, 3], [2, 3, 1, 0]])
    np.testing.assert_array_equal(without_late(np.array([1, 1, 1, 0], bool), orders), [False] * 4)
    np.testing.assert_array_equal(without_late(np.ones(4, bool), orders), [True] * 4)
