import keras
import numpy as np
import pytest

import tfgen
from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import extract, frechet_distance, precision_recall
from tfgen.networks import DenseNetworks
from tfgen.training import FidelityMonitor, History, read_history


def rows(x):
    return np.asarray(x)[:, ::2, ::2]


def gan():
    keras.utils.set_random_seed(0)
    model = tfgen.GAN.default((8, 8, 1), latent_dim=2, hidden=(8,))
    model.compile()
    return model


@pytest.fixture(scope="module")
def digits():
    return load_arrays("digits", "train")[:300], load_arrays("digits", "test")[:60]


def test_every_second_epoch_has_the_figures_of_its_samples(digits, tmp_path):
    x, test = digits
    model, plain = gan(), gan()
    kept = {}

    class Keep(FidelityMonitor):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            kept[epoch + 1] = np.asarray(model.sample(60, seed=5))

    monitor = Keep(rows, test, figures=(frechet_distance, precision_recall), every=2, seed=5)
    callbacks = [monitor, History(tmp_path / "history.csv")]
    history = model.fit(x, epochs=5, batch_size=100, verbose=0, callbacks=callbacks).history
    expected = [frechet_distance(extract(rows, test), extract(rows, kept[e])) for e in (2, 4)]
    np.testing.assert_allclose(history["frechet_distance"], expected, rtol=1e-6)
    assert len(history["recall"]) == 2
    table = read_history(tmp_path / "history.csv")
    assert [row["epoch"] for row in table if "precision" in row] == [2, 4]
    assert table[1]["frechet_distance"] == pytest.approx(expected[0])
    # Whoever looks on changes nothing.
    plain.fit(x, epochs=5, batch_size=100, verbose=0)
    for weight, other in zip(model.weights, plain.weights, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_bad_arguments_are_refused(digits):
    with pytest.raises(ValueError, match="every.* Received: 0"):
        FidelityMonitor(rows, digits[1], every=0)
    with pytest.raises(ValueError, match="num_samples.* Received: 0"):
        FidelityMonitor(rows, digits[1], num_samples=0)
    model = tfgen.Autoencoder.default((8, 8, 1), 2, DenseNetworks((8,)))
    model.compile()
    with pytest.raises(ValueError, match="draws samples. Received: Autoencoder"):
        model.fit(np.rint(digits[0]), verbose=0, callbacks=[FidelityMonitor(rows, digits[1])])
