"""The autoencoder against losses by hand and the principal subspace, and classifiers on it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import Autoencoder
from tfgen.distributions import Bernoulli, Normal
from tfgen.latent import GaussianNoise, MaskingNoise
from tfgen.networks import DenseNetworks

SEED = tf.constant([0, 5])


def small(**kwargs):
    keras.utils.set_random_seed(1)
    arguments = {"latent_dim": 3, "architecture": DenseNetworks((8,))} | kwargs
    return Autoencoder.default((4, 4, 1), **arguments)


def images(count=9):
    return np.random.default_rng(0).integers(0, 2, (count, 4, 4, 1)).astype("float32")


@pytest.mark.parametrize("training", [False, True])
def test_the_loss_is_the_likelihood_of_x_at_the_code_of_the_corrupted_x(training):
    corruption = MaskingNoise(0.5)
    model, x = small(corruption=corruption), images()
    logits = model.decoder(model.encoder(corruption(tf.constant(x), SEED))).numpy()
    by_hand = np.sum(np.logaddexp(0, logits) - x * logits, axis=(1, 2, 3)).mean()
    found = model.distortion((tf.constant(x),), SEED, training)
    np.testing.assert_allclose(found["distortion"], by_hand, rtol=1e-5)
    clean = small().distortion((tf.constant(x),), SEED, training)["distortion"]
    assert abs(clean - by_hand) > 1e-3


def test_validation_draws_the_corruption_and_public_methods_do_not():
    """Validation twice alike is the contract's."""
    denoising, plain, x = small(corruption=MaskingNoise(0.5)), small(), images()
    np.testing.assert_array_equal(denoising.encode(x), plain.encode(x))
    np.testing.assert_array_equal(denoising.reconstruct(x), plain.reconstruct(x))
    np.testing.assert_array_equal(denoising(x), plain(x))
    for model in (denoising, plain):
        model.compile()
    assert denoising.evaluate(x, verbose=0) != plain.evaluate(x, verbose=0)


def test_a_corruption_may_leave_the_levels():
    model, x = small(corruption=GaussianNoise(0.3), likelihood=Bernoulli()), images()
    model.compile()
    model.fit(x, epochs=1, verbose=0)
    assert np.isfinite(model.evaluate(x, verbose=0)).all()


def test_the_principal_subspace_is_the_minimum_of_a_linear_autoencoder():
    """Baldi & Hornik (1989): its squared error is the variance off that subspace."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 5)) @ rng.normal(size=(5, 5))
    x = (x - x.mean(axis=0)).astype("float32")
    model = Autoencoder.default(
        (5,), latent_dim=2, architecture=DenseNetworks(()), likelihood=Normal(scale=1.0)
    )
    _, singular, axes = np.linalg.svd(x, full_matrices=False)
    minimum = [axes[:2].T, np.zeros(2), axes[:2], np.zeros(5)]
    model.set_weights(minimum)
    np.testing.assert_allclose(
        np.sum((model.reconstruct(x) - x) ** 2), np.sum(singular[2:] ** 2), rtol=1e-4
    )
    with tf.GradientTape() as tape:
        least = model.distortion((tf.constant(x),), SEED, True)["distortion"]
    for gradient in tape.gradient(least, model.trainable_variables):
        np.testing.assert_allclose(gradient, 0, atol=1e-4)
    for _ in range(10):
        model.set_weights([w + 0.1 * rng.normal(size=w.shape) for w in minimum])
        assert model.distortion((tf.constant(x),), SEED, True)["distortion"] > least


def test_a_preview_shows_source_and_reconstruction_side_by_side():
    x, model = images(8), small()
    grid = model.preview((x,), seed=2).numpy()
    assert grid.shape == (4, 4, 4, 4, 1)
    np.testing.assert_array_equal(grid[:, ::2].reshape(x.shape), x)
    np.testing.assert_allclose(grid[:, 1::2].reshape(x.shape), model.reconstruct(x), atol=1e-6)
    denoising = small(corruption=GaussianNoise(0.5))
    grid = denoising.preview((x,), seed=2).numpy()
    corrupted = denoising.corruption(tf.constant(x), tf.constant([0, 2]))
    assert grid.shape == (4, 6, 4, 4, 1)
    np.testing.assert_array_equal(grid[:, ::3].reshape(x.shape), x)
    np.testing.assert_array_equal(grid[:, 1::3].reshape(x.shape), np.clip(corrupted, 0, 1))
    restored = denoising.decode(denoising.encoder(corrupted))
    np.testing.assert_allclose(grid[:, 2::3].reshape(x.shape), restored, atol=1e-6)


def test_a_classifier_reads_the_code_or_the_hidden_layer_before_it():
    model, x = small(), images()
    hidden, output = (model.encoder.get_layer(name) for name in ("hidden_0", "output"))
    of_hidden = np.maximum(x.reshape(9, -1) @ np.array(hidden.kernel) + hidden.bias, 0)
    features = {"hidden": of_hidden, "code": of_hidden @ np.array(output.kernel) + output.bias}
    for from_, expected in features.items():
        classifier = model.classifier(4, from_=from_)
        kernel, bias = (np.array(v) for v in classifier.trainable_weights)
        logits = expected @ kernel + bias
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(classifier(x), softmax, rtol=1e-4)


@pytest.mark.parametrize("trainable", [False, True])
def test_training_a_classifier_leaves_the_autoencoder_as_it_is(trainable, tmp_path):
    model, x, y = small(), images(), np.arange(9) % 3
    before, states = model.get_weights(), [w.trainable for w in model.weights]
    classifier = model.classifier(3, from_="hidden", trainable=trainable)
    encoder = classifier.get_layer("features")
    assert len(encoder.trainable_weights) == (2 if trainable else 0)
    features = encoder.get_weights()
    classifier.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    classifier.fit(x, y, epochs=2, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(features, encoder.get_weights(), strict=True)]
    assert all(moved) if trainable else not any(moved)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [w.trainable for w in model.weights] == states
    classifier.save(tmp_path / "classifier.keras")
    twin = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_array_equal(twin(x), classifier(x))
    # What is frozen stays so after a reload.
    assert len(twin.trainable_weights) == len(classifier.trainable_weights)
    twin.fit(x, y, verbose=0)


def test_training_the_autoencoder_on_leaves_a_classifier_as_it_is():
    model, x = small(), images()
    classifier = model.classifier(3)
    before = classifier(x)
    model.compile()
    model.fit(x, verbose=0)
    np.testing.assert_array_equal(classifier(x), before)


def test_wrong_classifiers_and_networks_are_refused():
    with pytest.raises(ValueError, match="num_classes.*Received: 0"):
        small().classifier(0)
    with pytest.raises(ValueError, match="from_.*Received: 'output'"):
        small().classifier(3, from_="output")
    model = small()
    with pytest.raises(ValueError, match="decoder.*Received: "):
        Autoencoder(encoder=model.encoder, decoder=model.decoder, likelihood=Normal())
