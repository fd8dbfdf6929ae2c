"""Networks through which a penalty's gradient passes, and those that are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgen.layers import GroupNormalization, SyncBatchNormalization
from tfgen.losses import R1, Drift, GradientPenalty, SumOfPenalties

GRADIENT_PENALTIES = [GradientPenalty(), R1(), SumOfPenalties((Drift(), R1()))]


def critic(*middle, policy="float32"):
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((8, 8, 1))
        h = layers.Conv2D(4, 3, padding="same", activation="leaky_relu")(inputs)
        for layer in middle:
            h = layer()(h)
        h = layers.Conv2D(3, 3, strides=2, activation="tanh")(h)
        outputs = layers.Reshape(())(layers.Dense(1)(layers.Flatten()(h)))
        return keras.Model(inputs, outputs)
    finally:
        keras.config.set_dtype_policy("float32")


PASSING = {
    "nearest": (layers.UpSampling2D,),
    "transposed": (lambda: layers.Conv2DTranspose(4, 3, strides=2),),
    "pooling": (layers.MaxPooling2D, lambda: layers.AveragePooling2D(2, 1)),
    "normalization": (layers.LayerNormalization, lambda: layers.GroupNormalization(2)),
    "ours": (lambda: GroupNormalization(1), lambda: layers.Dropout(0.5)),
}


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_networks_through_which_it_passes_are_taken(name, policy):
    network = critic(*PASSING[name], policy=policy)
    before = network.get_weights()
    R1().check(network)
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Resized(layers.Layer):
    def call(self, x):
        return tf.image.resize(x, (6, 6))

    def compute_output_shape(self, shape):
        return (shape[0], 6, 6, shape[3])


class HalfResized(layers.Layer):
    """Two branches, of which one lets the second gradient pass."""

    def call(self, x):
        return x + tf.image.resize(tf.image.resize(x, (4, 4)), (8, 8))


STOPPING = {
    "bilinear": lambda: layers.UpSampling2D(interpolation="bilinear"),
    "resizing": lambda: layers.Resizing(6, 6),
    "tf.image.resize": Resized,
    "one of two branches": HalfResized,
    "stopped": lambda: layers.Lambda(tf.stop_gradient),
}


@pytest.mark.parametrize("name", STOPPING)
def test_networks_that_stop_it_are_refused_by_name(name):
    network = critic(STOPPING[name])
    for penalty in GRADIENT_PENALTIES:
        with pytest.raises(ValueError, match="through which the gradient of .* passes.*Received: "):
            penalty.check(network)
    Drift().check(network)


@pytest.mark.parametrize("kind", [layers.BatchNormalization, SyncBatchNormalization])
def test_batch_normalization_is_refused(kind):
    network = critic(kind)
    for penalty in GRADIENT_PENALTIES:
        with pytest.raises(ValueError, match="without batch normalization.*Received: .*batch"):
            penalty.check(network)
    Drift().check(network)


def test_weights_that_start_at_zero_hide_nothing():
    network = critic(lambda: layers.UpSampling2D(interpolation="bilinear"))
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    with pytest.raises(ValueError, match="passes"):
        GradientPenalty().check(network)
    passing = critic(layers.UpSampling2D)
    passing.set_weights([np.zeros_like(w) for w in passing.get_weights()])
    GradientPenalty().check(passing)
