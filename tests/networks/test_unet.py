"""The denoisers: U-Net for images, residual perceptron for vectors."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Attributes, Captions, Classes, Vector
from tfgen.layers import SelfAttention
from tfgen.networks import denoising_mlp, unet

TINY = {"base_channels": 4, "multipliers": (1, 2), "dropout": 0.0}


def scrambled(model):
    """The model with every weight drawn anew, so that the zero initial ones matter."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(scale=0.3, size=w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def tiny():
    return scrambled(unet((7, 6, 2), **TINY))


def batch(shape, num=2):
    return tf.random.stateless_normal((num, *shape), [0, 1])


@pytest.mark.parametrize(
    "model", [unet((8, 8, 1), **TINY), denoising_mlp((5,), 8, 1, 4)], ids=["unet", "mlp"]
)
def test_untrained_output_is_zero(model):
    output = model([batch(model.input_shape[0][1:]), tf.constant([0.001, 0.9])])
    np.testing.assert_array_equal(output, tf.zeros_like(output))


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 9, 3), (1, 1, 1)])
@pytest.mark.parametrize("patch_size", [1, 2])
def test_every_size_comes_back_as_it_was(shape, patch_size):
    model = unet(shape, 4, (1, 1, 1), patch_size=patch_size)
    assert model.output_shape == (None, *shape)


def test_every_pixel_sees_every_pixel(tiny):
    """Attention and the coarse grid make the receptive field the whole image."""
    x = batch((7, 6, 2), 1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        corner = tiny([x, tf.constant([0.003])])[0, 0, 0, 0]
    assert np.all(tape.gradient(corner, x).numpy() != 0)


def test_time_matters_to_the_trained_network(tiny):
    x = batch((7, 6, 2))
    early, late = (tiny([x, tf.fill([2], time)]) for time in (0.001, 0.002))
    assert np.all(np.abs(early - late) > 1e-6)


def modulations(model):
    """The layers that turn time and condition into scale and shift."""
    return [layer for layer in model.layers if layer.name.startswith("modulate_")]


@pytest.mark.parametrize("acting", ["scale", "shift", "neither"])
def test_time_acts_by_scale_and_by_shift_and_in_no_other_way(tiny, acting):
    before = tiny.get_weights()
    for layer in modulations(tiny):
        kernel, bias = layer.get_weights()
        of_scale = np.arange(len(bias)) < len(bias) // 2
        kept = {"scale": of_scale, "shift": ~of_scale, "neither": False}[acting]
        layer.set_weights([kernel * kept, bias * kept])
    try:
        early, late = (tiny([batch((7, 6, 2)), tf.fill([2], time)]) for time in (0.001, 0.9))
    finally:
        tiny.set_weights(before)
    # Two levels of a block down and two up, two blocks in the middle, and the network's last.
    assert len(modulations(tiny)) == 2 * (1 + 2) + 2 + 1
    assert np.all(np.abs(early - late) > 1e-6) == (acting != "neither")
    assert np.any(early != late) == (acting != "neither")


CAPTIONS = Captions(("red", "blue"), length=2)


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (Classes(3), [0, 2]),
        (Vector(2), [[0.5, -1.0], [0.5, 1.0]]),
        (Attributes(("old", "long")), [[1, 0], [1, 1]]),
        (CAPTIONS, ["red blue", "blue red"]),
    ],
    ids=["classes", "vector", "attributes", "captions"],
)
@pytest.mark.parametrize("make", [unet, denoising_mlp])
def test_every_condition_acts_on_every_value_and_nothing_adds_nothing(make, condition, values):
    shape, sizes = ((4, 3, 1), TINY) if make is unet else ((5,), {"width": 8, "time_dim": 4})
    model = scrambled(make(shape, **sizes, condition=condition))
    of_given = model.get_layer("of_given")
    x, time = tf.repeat(batch(shape, 1), 2, axis=0), tf.fill([2], 0.5)
    given = condition.encode(condition.tokens(values))
    one, other = model([x, time, given])
    assert np.all(np.abs(one - other) > 1e-6)
    free = model([x, time, condition.nothing(2)])
    of_given.set_weights([np.zeros_like(each) for each in of_given.get_weights()])
    np.testing.assert_array_equal(model([x, time, given]), free)


@pytest.mark.parametrize(
    ("condition", "given"),
    [(Classes(50), np.eye(50)), (Vector(50), np.random.default_rng(0).normal(size=(50, 50)))],
)
def test_a_condition_is_read_with_variance_one_at_the_start(condition, given):
    keras.utils.set_random_seed(0)
    model = denoising_mlp((5,), 100, 1, 4, condition=condition)
    read = model.get_layer("of_given")(given.astype("float32"))
    np.testing.assert_allclose(np.mean(np.square(read)), 1, atol=0.1)


def test_several_resolutions_attend():
    model = unet((8, 8, 1), 4, (1, 1, 1), attention_at=(0, 2))
    lengths = [each.positions.shape[0] for each in model.layers if isinstance(each, SelfAttention)]
    # A block down and two up at 8x8; the same and the middle at 2x2.
    assert sorted(lengths) == [4] * 4 + [64] * 3


@pytest.mark.parametrize("patch_size", [1, 2])
def test_several_outputs_stand_side_by_side(patch_size):
    sizes = {**TINY, "multipliers": (1,), "patch_size": patch_size}
    two, one = (unet((5, 4, 3), **sizes, num_outputs=num) for num in (2, 1))
    scrambled(two)
    # The last kernel and its bias: of a transposed convolution the channels stand before.
    cut = [
        w if w.shape == own.shape else w[tuple(slice(s) for s in own.shape)]
        for w, own in zip(two.get_weights(), one.get_weights(), strict=True)
    ]
    one.set_weights(cut)
    inputs = [batch((5, 4, 3)), tf.constant([0.1, 0.9])]
    assert two(inputs).shape == (2, 5, 4, 6)
    np.testing.assert_allclose(two(inputs)[..., :3], one(inputs), rtol=1e-5, atol=1e-6)


def test_examples_do_not_mix(tiny):
    x, t = batch((7, 6, 2), 3), tf.constant([0.1, 0.5, 0.9])
    together = tiny([x, t])
    alone = tf.concat([tiny([x[i : i + 1], t[i : i + 1]]) for i in range(3)], 0)
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)


def test_unet_is_rebuilt_from_its_configuration(tiny):
    copy = keras.models.clone_model(tiny)
    copy.set_weights(tiny.get_weights())
    inputs = [batch((7, 6, 2)), tf.constant([0.1, 0.2])]
    np.testing.assert_array_equal(copy(inputs), tiny(inputs))


class GroupNormalization(keras.layers.GroupNormalization):
    """Keras's layer, and then scale and shift."""

    def build(self, inputs_shape, scale_and_shift_shape=None):
        super().build(inputs_shape)

    def call(self, inputs, scale_and_shift=None):
        normalized = super().call(inputs)
        if scale_and_shift is None:
            return normalized
        scale, shift = tf.split(scale_and_shift[:, None, None], 2, axis=-1)
        return normalized * (1 + scale) + shift

    def compute_output_shape(self, inputs_shape, scale_and_shift_shape=None):
        return inputs_shape


def test_it_is_the_network_of_keras_s_layers_and_loads_their_weights(tiny, monkeypatch, tmp_path):
    module = importlib.import_module("tfgen.networks.unet")
    monkeypatch.setattr(module, "GroupNormalization", GroupNormalization)
    slow = unet((7, 6, 2), **TINY)
    slow.set_weights(tiny.get_weights())
    slow.save_weights(tmp_path / "slow.weights.h5")
    monkeypatch.undo()
    fast = unet((7, 6, 2), **TINY)
    fast.load_weights(tmp_path / "slow.weights.h5")
    inputs = [batch((7, 6, 2)), tf.constant([0.001, 0.9])]
    np.testing.assert_array_equal(fast(inputs), tiny(inputs))
    np.testing.assert_allclose(fast(inputs), slow(inputs), rtol=1e-4, atol=1e-4)


def test_paper_network_has_the_papers_size():
    # Ho et al. (2020), appendix B: 35.7 million parameters on CIFAR-10.
    model = unet((32, 32, 3), 128, (1, 2, 2, 2), 2, attention_at=(1,))
    scales = sum(layer.count_params() // 2 for layer in modulations(model))
    last = modulations(model)[-1].count_params() // 2
    places = sum(
        tf.size(each.positions).numpy() for each in model.layers if isinstance(each, SelfAttention)
    )
    # The paper's adds the time, knows no places, and its last normalization is not adaptive.
    np.testing.assert_allclose(model.count_params() - scales - last - places, 35.7e6, rtol=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda: unet((8, 8)),
        lambda: unet((8, 8, 1), base_channels=3),
        lambda: unet((8, 8, 1), multipliers=()),
        lambda: unet((8, 8, 1), multipliers=(1, 0)),
        lambda: unet((8, 8, 1), num_blocks=0),
        lambda: unet((8, 8, 1), patch_size=0),
        lambda: unet((8, 8, 1), num_heads=3),
        lambda: unet((8, 8, 1), num_outputs=0),
        lambda: unet((8, 8, 1), attention_at=(3,)),
        lambda: denoising_mlp((8, 8, 1)),
        lambda: denoising_mlp((8,), width=0),
        lambda: denoising_mlp((8,), num_blocks=0),
    ],
)
def test_impossible_sizes_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
