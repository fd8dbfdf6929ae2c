"""The denoisers: U-Net for images, residual perceptron for vectors."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

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


def test_it_is_the_network_of_keras_s_layers_and_loads_their_weights(tiny, monkeypatch, tmp_path):
    module = importlib.import_module("tfgen.networks.unet")
    monkeypatch.setattr(module, "GroupNormalization", keras.layers.GroupNormalization)
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
    np.testing.assert_allclose(model.count_params(), 35.7e6, rtol=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda: unet((8, 8)),
        lambda: unet((8, 8, 1), base_channels=3),
        lambda: unet((8, 8, 1), multipliers=()),
        lambda: unet((8, 8, 1), multipliers=(1, 0)),
        lambda: unet((8, 8, 1), num_blocks=0),
        lambda: unet((8, 8, 1), patch_size=0),
        lambda: unet((8, 8, 1), attention_at=(3,)),
        lambda: denoising_mlp((8, 8, 1)),
        lambda: denoising_mlp((8,), width=0),
        lambda: denoising_mlp((8,), num_blocks=0),
    ],
)
def test_impossible_sizes_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
