import keras
import numpy as np
import pytest

from tfgen.evaluation import few_labels, linear_probe, probe_codes


def blobs(n, seed):
    """Images of 4x4 of two classes that differ in one hidden bit: the sign of a product."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 4, 4, 1)).astype("float32")
    return x, (x[:, 0, 0, 0] * x[:, 0, 1, 0] > 0).astype(int)


TRAIN, TEST = blobs(1200, 0), blobs(1000, 1)
CHANCE = 4 * 0.5 / np.sqrt(1000)


def product(x):
    return np.stack([x[:, 0, 0, 0] * x[:, 0, 1, 0], x[:, 1, 1, 0]], axis=1)


def test_a_probe_reads_what_is_linear_in_the_features():
    x, y = TRAIN
    x_test, y_test = TEST
    assert linear_probe((product(x), y), (product(x_test), y_test)) > 0.97
    # Of features in any units: they are standardised.
    scaled = lambda x: product(x) * [1e-4, 1e4]
    assert linear_probe((scaled(x), y), (scaled(x_test), y_test)) > 0.97


def test_codes_are_set_beside_pixels_components_chance_and_an_untrained_encoder():
    figures = probe_codes(product, TRAIN, TEST, untrained=lambda x: x[:, 2, :2, 0])
    assert list(figures) == ["codes", "pixels", "pca", "shuffled", "untrained"]
    assert figures["codes"] > 0.97
    for name in ("pixels", "pca", "untrained"):
        assert abs(figures[name] - 0.5) < CHANCE, name
    # A probe of two directions falls on one of the two sides by chance: far from both labels.
    assert figures["shuffled"] < 0.97
    again = probe_codes(product, TRAIN, TEST, untrained=lambda x: x[:, 2, :2, 0])
    assert again == figures


def test_components_are_as_many_as_a_code_has_numbers():
    """The label is the sign of the widest direction: one component has it, and one suffices."""
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 9)) * np.array([9, *[1] * 8])
    pair = (x[:300], (x[:300, 0] > 0).astype(int)), (x[300:], (x[300:, 0] > 0).astype(int))
    figures = probe_codes(lambda x: x[:, 5:6], *pair)
    assert figures["pca"] > 0.95 > 0.65 > figures["codes"]


def classifier(features):
    """A softmax on features that a function of x gives."""
    x = keras.Input((4, 4, 1))
    outputs = keras.layers.Dense(2, "softmax")(keras.layers.Lambda(features)(x))
    return keras.Model(x, outputs)


def pretrained():
    return classifier(lambda x: 3 * x[:, 0, :1, 0] * x[:, 0, 1:2, 0])


def test_few_labels_do_where_the_features_are_right_and_shuffled_ones_do_not():
    options = {"num_labels": 40, "seeds": range(3), "epochs": 30, "learning_rate": 0.1}
    figures = few_labels(pretrained, TRAIN, TEST, **options)
    assert len(figures["accuracies"]) == 3 and figures["mean"] > 0.9
    np.testing.assert_allclose(figures["mean"], np.mean(figures["accuracies"]))
    np.testing.assert_allclose(figures["standard_deviation"], np.std(figures["accuracies"], ddof=1))
    # A training is its seed's, whatever came before it.
    last = few_labels(pretrained, TRAIN, TEST, **{**options, "seeds": (2,)})
    assert (last["mean"], last["standard_deviation"]) == (figures["accuracies"][2], None)
    chance = few_labels(pretrained, TRAIN, TEST, shuffled=True, **options)
    assert chance["mean"] < 0.75 < figures["mean"]


def test_the_labelled_examples_are_balanced_and_the_same_for_every_classifier():
    seen = []

    class Spy(keras.Model):
        def fit(self, x, y, **kwargs):
            seen.append((x, y))
            return super().fit(x, y, **kwargs)

    def build():
        x = keras.Input((4, 4, 1))
        return Spy(x, keras.layers.Dense(2, "softmax")(keras.layers.Flatten()(x)))

    for _ in range(2):
        few_labels(build, TRAIN, TEST, num_labels=10, seeds=(3, 4), epochs=1)
    (x3, y3), (x4, y4), (x3_again, _), _ = seen
    np.testing.assert_array_equal(np.bincount(y3), [5, 5])
    np.testing.assert_array_equal(np.bincount(y4), [5, 5])
    np.testing.assert_array_equal(x3, x3_again)
    assert np.any(x3 != x4)


def test_what_does_not_fit_is_refused():
    x, y = TRAIN
    with pytest.raises(ValueError, match=r"test to be examples .* \(1000, 4, 4, 1\) and \(3,\)"):
        linear_probe(TRAIN, (TEST[0], y[:3]))
    with pytest.raises(ValueError, match="inverse_penalty to be positive .* Received: 0"):
        linear_probe(TRAIN, TEST, inverse_penalty=0)
    with pytest.raises(ValueError, match="a multiple of 2, .* Received: 5"):
        few_labels(pretrained, TRAIN, TEST, num_labels=5)
    with pytest.raises(ValueError, match="expected 10 examples of each class. Received: "):
        few_labels(pretrained, (x[:9], y[:9]), TEST, num_labels=20)
