"""Batch normalization of all replicas' examples: Keras's on one device, the same on two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import SyncBatchNormalization


def example(offset=0.0, shape=(6, 3, 2, 4)):
    return (np.random.default_rng(0).normal(size=shape) + offset).astype("float32")


def built(kind, **options):
    layer = kind(**options)
    layer.build((None, 3, 2, 4))
    layer.gamma.assign([1.0, 2.0, 3.0, 4.0])
    layer.beta.assign([0.1, 0.2, 0.3, 0.4])
    return layer


@pytest.mark.parametrize("jit_compile", [None, False, True])
def test_on_one_device_it_is_keras_s_layer(jit_compile):
    def train(layer, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            value = tf.reduce_sum(tf.tanh(y) * example())
        return y, tape.gradient(value, [x, *layer.trainable_variables])

    results = []
    for kind in (SyncBatchNormalization, keras.layers.BatchNormalization):
        layer = built(kind, momentum=0.8, epsilon=1e-4)
        run = train if jit_compile is None else tf.function(train, jit_compile=jit_compile)
        results.append([*tf.nest.flatten(run(layer, tf.constant(example(3.0)))), *layer.variables])
        results[-1].append(layer(example()))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_layer_is_rebuilt_from_its_configuration():
    layer = SyncBatchNormalization(momentum=0.8, epsilon=1e-4, center=False, name="norm")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(copy) is SyncBatchNormalization
    assert copy.get_config() == layer.get_config()
    assert (copy.momentum, copy.center, copy.name) == (0.8, False, "norm")


TWO_REPLICAS = """
import keras, numpy as np, tensorflow as tf

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(
    ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
)
from tfgen.layers import SyncBatchNormalization

cases = np.load("cases.npz")
for k, first in enumerate(cases["firsts"]):
    with strategy.scope():
        layer = SyncBatchNormalization(momentum=0.8)
        layer.build(cases["x"].shape[1:])
        layer.gamma.assign([1.0, 2.0, 3.0, 4.0])

    def of_replicas(array):
        parts = tf.constant(array[:first]), tf.constant(array[first:])
        return strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    def train(x, weights):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            value = tf.reduce_sum(tf.tanh(y) * weights)
        return y, *tape.gradient(value, [x, layer.gamma.value, layer.beta.value])

    run = tf.function(lambda *inputs: strategy.run(train, inputs))
    results = run(of_replicas(cases["x"][k]), of_replicas(cases["weights"]))
    y, dx, dgamma, dbeta = (each.values for each in results)
    means, variances = (each.value.values for each in layer.non_trainable_variables)
    np.savez(
        f"found_{k}.npz", y=np.concatenate(y), dx=np.concatenate(dx), dgamma=sum(dgamma),
        dbeta=sum(dbeta), means=np.stack(means), variances=np.stack(variances),
    )
"""
# Examples of the first replica, of six; and where they lie.
CASES = [(3, 0.0), (4, 0.0), (5, 1000.0), (6, 0.0)]


def test_on_two_replicas_it_is_the_layer_on_the_whole_batch(python, tmp_path):
    """Also of parts of unequal sizes, an empty one among them, and far from zero."""
    weights = np.random.default_rng(1).normal(size=(6, 3, 2, 4)).astype("float32")
    examples = np.stack([example(offset) for _, offset in CASES])
    firsts = [first for first, _ in CASES]
    np.savez(tmp_path / "cases.npz", x=examples, weights=weights, firsts=firsts)
    python("-c", TWO_REPLICAS)
    for k, (_, offset) in enumerate(CASES):
        found = np.load(tmp_path / f"found_{k}.npz")
        # The equations in float64: y = gamma (x - mean) / sqrt(variance + epsilon) + beta.
        x = tf.constant(examples[k], tf.float64)
        gamma, beta = tf.constant([1.0, 2.0, 3.0, 4.0], tf.float64), tf.zeros(4, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch([x, gamma, beta])
            mean, variance = tf.nn.moments(x, (0, 1, 2))
            y = gamma * (x - mean) / tf.sqrt(variance + 1e-3) + beta
            value = tf.reduce_sum(tf.tanh(y) * weights)
        dx, dgamma, dbeta = tape.gradient(value, [x, gamma, beta])
        # float32 leaves 6e-5 of a number of the size of the offset.
        atol = 1e-5 + 1e-6 * offset
        for name, wanted in {"y": y, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}.items():
            np.testing.assert_allclose(found[name], wanted, rtol=1e-4, atol=atol, err_msg=name)
        for replica in range(2):
            np.testing.assert_allclose(found["means"][replica], 0.2 * mean, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(found["variances"][replica], 0.8 + 0.2 * variance, rtol=1e-5)
