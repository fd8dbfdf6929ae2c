"""Networks with a condition: the last of their inputs, which says nothing where it is zero."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Attributes, CaptionedVector, Captions, Classes, SmallImage, Vector
from tfgen.networks import (
    ConvolutionalNetworks,
    GatedDenseNetworks,
    ResidualNetworks,
    condition_features,
    dcgan_discriminator,
    dcgan_generator,
    denoising_mlp,
    mlp,
    unet,
)

NETWORKS = {
    "mlp": (lambda **c: mlp((2, 3), (4,), (2,), **c), [(2, 3)]),
    "generator": (lambda **c: dcgan_generator(3, (8, 9, 1), 2, **c), [(3,)]),
    "discriminator": (lambda **c: dcgan_discriminator((8, 9, 2), 2, **c), [(8, 9, 2)]),
    "unet": (lambda **c: unet((6, 5, 1), 4, (1, 2), dropout=0.0, **c), [(6, 5, 1), ()]),
    "convolutional encoder": (
        lambda **c: ConvolutionalNetworks((2, 3)).encoder((8, 9, 1), 2, **c),
        [(8, 9, 1)],
    ),
    "residual decoder": (
        lambda **c: ResidualNetworks((2, 3), hidden=(4,)).decoder(3, (8, 9, 2), **c),
        [(3,)],
    ),
    "gated encoder": (lambda **c: GatedDenseNetworks((4,)).encoder((2, 3), 2, **c), [(2, 3)]),
    "denoising_mlp": (lambda **c: denoising_mlp((5,), 8, 2, 4, **c), [(5,), ()]),
}
CAPTIONS = Captions(("red", "blue", "seven"), length=4)
CONDITIONS = {
    "classes": (Classes(3), [2, 0, 1]),
    "vector": (Vector(2), [[0.5, -1.0], [2.0, 0.0], [-0.5, 1.0]]),
    "attributes": (Attributes(("old", "long")), [[1, 0], [0, 1], [1, 1]]),
    "captions": (CAPTIONS, ["red seven", "seven blue", "blue"]),
}
every_network = pytest.mark.parametrize(("make", "shapes"), NETWORKS.values(), ids=NETWORKS.keys())
# Networks read floats, or words.
both_kinds = pytest.mark.parametrize("kind", ["classes", "captions"])


@pytest.fixture
def set_policy():
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


def scrambled(network):
    """The network with every weight drawn anew, variances positive."""
    random = np.random.default_rng(0)
    draw = lambda w: np.abs(random.normal(size=w.shape)) + (0.1 if w.ndim == 1 else 0.0)
    sign = lambda w: np.where(random.normal(size=w.shape) < 0, -1, 1) if w.ndim > 1 else 1
    network.set_weights([0.5 * draw(w) * sign(w) for w in network.get_weights()])
    return network


def named_anew(make, **arguments):
    """The network, its layers numbered from the first one, so that equal ones have equal names."""
    keras.backend.clear_session()
    return make(**arguments)


def inputs_of(shapes):
    random = np.random.default_rng(1)
    batch = [tf.constant(random.normal(size=(3, *shape)), tf.float32) for shape in shapes if shape]
    return batch + [tf.constant([0.001, 0.04, 0.9])] * (() in shapes)


def given_of(condition, values):
    return condition.encode(condition.tokens(values))


@every_network
@both_kinds
def test_the_condition_is_the_last_input_and_matters(make, shapes, kind):
    condition, values = CONDITIONS[kind]
    network = scrambled(make(condition=condition))
    *others, given = network.inputs
    assert [tuple(each.shape[1:]) for each in others] == shapes
    assert (given.name, given.dtype) == ("given", condition.given_spec.dtype.name)
    assert given.shape[1:] == condition.given_spec.shape[1:]
    batch = inputs_of(shapes)
    rows = [given_of(condition, [values[k]] * 3) for k in range(3)]
    outputs = [network([*batch, row]).numpy() for row in rows]
    assert outputs[0].shape == make()([*batch] if len(batch) > 1 else batch[0]).shape
    for one in range(3):
        for other in range(one):
            assert np.all(np.any(np.reshape(outputs[one] != outputs[other], (3, -1)), axis=1))


@every_network
@both_kinds
def test_no_condition_is_the_network_without_one(make, shapes, kind):
    """The same weights, those that read the condition left out, give the same numbers."""
    condition, _ = CONDITIONS[kind]
    network, plain = scrambled(named_anew(make, condition=condition)), named_anew(make)
    weights = {w.path: w.numpy() for w in network.weights}
    for own in plain.weights:
        own.assign(weights[own.path][tuple(slice(size) for size in own.shape)])
    assert network.count_params() > plain.count_params()
    batch = inputs_of(shapes)
    expected = plain(batch if len(batch) > 1 else batch[0])
    found = network([*batch, condition.nothing(3)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@every_network
@both_kinds
def test_gradients_reach_the_condition_s_weights_under_xla(make, shapes, kind):
    condition, values = CONDITIONS[kind]
    network, batch = scrambled(make(condition=condition)), inputs_of(shapes)
    given = given_of(condition, values)

    # XLA takes 20 s to compile the U-Net, which reads the condition as the perceptron does.
    @tf.function(jit_compile=network.name != "unet")
    def gradients(given):
        with tf.GradientTape() as tape:
            y = network([*batch, given])
            value = tf.reduce_sum(y * tf.random.stateless_normal(tf.shape(y), (0, 1)))
        found = tape.gradient(value, network.trainable_weights)
        return [tf.convert_to_tensor(each) for each in found]

    at_condition, at_nothing = gradients(given), gradients(condition.nothing(3))
    reading = 0
    for weight, found, nothing in zip(
        network.trainable_weights, at_condition, at_nothing, strict=True
    ):
        assert np.isfinite(found).all()
        path = set(weight.path.split("/"))
        if {"of_given", "words", "embedding"} & path:
            assert np.any(found) and not np.any(nothing)
            reading += 1
    first = next(w for w in network.trainable_weights if "words" not in w.path.split("/"))
    assert reading or first.shape[0] > make().trainable_weights[0].shape[0]


@every_network
@both_kinds
def test_a_network_reloads(make, shapes, kind, tmp_path):
    condition, values = CONDITIONS[kind]
    network, batch = scrambled(make(condition=condition)), inputs_of(shapes)
    batch.append(given_of(condition, values))
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    rebuilt = keras.Model.from_config(network.get_config())
    rebuilt.set_weights(network.get_weights())
    for copy in (loaded, rebuilt):
        assert copy.inputs[-1].name == "given"
        np.testing.assert_array_equal(copy(batch), network(batch))


@every_network
@pytest.mark.parametrize("kind", [None, "captions"])
@pytest.mark.parametrize(
    ("policy", "other"), [("mixed_bfloat16", "float32"), ("float32", "mixed_bfloat16")]
)
def test_a_network_reloads_under_another_policy(
    make, shapes, kind, policy, other, tmp_path, set_policy
):
    set_policy(policy)
    condition, values = CONDITIONS[kind] if kind else (None, None)
    network, batch = scrambled(make(condition=condition)), inputs_of(shapes)
    if kind:
        batch.append(given_of(condition, values))
    batch = batch if len(batch) > 1 else batch[0]
    expected = network(batch)
    network.save(tmp_path / "network.keras")
    set_policy(other)
    found = keras.models.load_model(tmp_path / "network.keras")(batch)
    np.testing.assert_array_equal(tf.cast(found, tf.float32), tf.cast(expected, tf.float32))


def test_vectors_are_their_own_features():
    for name in ("classes", "vector", "attributes"):
        condition, values = CONDITIONS[name]
        features, given = condition_features(condition), given_of(condition, values)
        np.testing.assert_array_equal(features(given), given)
        assert not features.weights


def test_the_features_of_a_caption_are_its_words_side_by_side():
    features = condition_features(CAPTIONS)
    found = features(given_of(CAPTIONS, ["red seven", "seven red", "", "green"])).numpy()
    [table] = features.get_weights()
    assert table.shape == (5, 32)
    red, seven, unknown, padding = table[2], table[4], table[1], np.zeros(32)
    np.testing.assert_array_equal(found[0], np.concatenate([red, seven, padding, padding]))
    np.testing.assert_array_equal(found[1], np.concatenate([seven, red, padding, padding]))
    np.testing.assert_array_equal(found[2], np.zeros(128))
    np.testing.assert_array_equal(found[3, :32], unknown)
    np.testing.assert_array_equal(features(CAPTIONS.nothing(2)), np.zeros((2, 128)))


def test_the_features_of_a_captioned_vector_are_its_words_and_then_the_vector():
    both = CaptionedVector(CAPTIONS, 2)
    features, words = condition_features(both), condition_features(CAPTIONS)
    words.set_weights(features.get_weights())
    texts, vectors = ["red seven", "seven", ""], np.float32([[0.5, -1.0], [0.0, 0.0], [0.1, 3.0]])
    expected = np.concatenate([words(CAPTIONS.tokens(texts)), vectors], axis=1)
    np.testing.assert_array_equal(features(both.pair(texts, vectors)), expected)
    expected[:, 128:] = 0
    np.testing.assert_array_equal(features(both.pair(texts, None)), expected)
    assert not np.any(features(both.nothing(2)))


def test_half_precision_tells_words_of_large_numbers_apart(set_policy):
    """256 and 257 are one number in bfloat16."""
    set_policy("mixed_bfloat16")
    captions = Captions([f"word{number}" for number in range(300)], length=1)
    network = scrambled(mlp((2,), (), (3,), condition=CaptionedVector(captions, 1)))
    given = network.inputs[1]
    assert given.dtype == "float32"
    found = network([tf.zeros((2, 2)), tf.constant([[256.0, 0.0], [257.0, 0.0]])])
    assert np.all(found[0] != found[1])


def test_the_u_net_reads_an_image_as_further_channels_between_its_pixels():
    """The network is that of x_t and the enlarged image, without the latter's outputs."""
    condition = SmallImage((3, 2, 2))
    sizes = {"base_channels": 4, "multipliers": (1, 2), "dropout": 0.0}
    network = scrambled(named_anew(unet, image_shape=(6, 6, 1), **sizes, condition=condition))
    plain = named_anew(unet, image_shape=(6, 6, 3), **sizes)
    found, wanted = network.get_weights(), plain.get_weights()
    pad = lambda own, full: np.pad(own, [(0, b - a) for a, b in zip(own.shape, full, strict=True)])
    plain.set_weights([pad(own, each.shape) for own, each in zip(found, wanted, strict=True)])
    x, time = inputs_of([(6, 6, 1), ()])
    given = np.random.default_rng(0).uniform(-1, 1, (3, 3, 2, 2)).astype("float32")
    # Pixels stand for their middles, and those at the borders for what is beyond.
    rows, columns = (
        [
            np.interp((np.arange(6) + 0.5) / (6 / size) - 0.5, np.arange(size), unit)
            for unit in np.eye(size)
        ]
        for size in (3, 2)
    )
    enlarged = np.einsum("nijc,iy,jx->nyxc", given, rows, columns).astype("float32")
    given = tf.constant(given)
    expected = plain([tf.concat([x, enlarged], axis=-1), time])[..., :1]
    np.testing.assert_allclose(network([x, time, given]), expected, atol=1e-4)
    assert np.any(network([x, time, condition.nothing(3)]) != expected)


@pytest.mark.parametrize("shape", [(4, 3, 1), (12, 6, 1)])
def test_an_image_that_is_no_part_of_x_is_refused(shape):
    with pytest.raises(ValueError, match="divide 6 and 6. Received: "):
        unet((6, 6, 1), 4, (1,), condition=SmallImage(shape))


def test_an_encoder_s_channel_is_of_the_size_of_pixels():
    """Independent features of variance 1 make a channel of variance 1."""
    encoder = ConvolutionalNetworks((2, 3)).encoder((32, 32, 1), 2, condition=Vector(50))
    kernel = encoder.get_layer("of_given").kernel.numpy()
    assert kernel.shape == (50, 32 * 32)
    given = np.random.default_rng(0).normal(size=(20, 50))
    assert abs(np.std(given @ kernel) - 1) < 0.1
