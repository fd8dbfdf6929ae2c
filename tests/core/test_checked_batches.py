"""Batches of generators and `PyDataset`s, as data sets and arrays are read."""

import keras
import numpy as np
import pytest

from tfgen import VAE
from tfgen.conditions import Captions, Classes
from tfgen.networks import DenseNetworks

TEXTS = np.array(["a red one", "a blue two", "", "red"] * 3)


class Batches(keras.utils.PyDataset):
    """Batches of four, in order."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays
        self.epochs = []

    def __len__(self):
        return len(self.arrays[0]) // 4

    def __getitem__(self, index):
        return tuple(array[4 * index :][:4] for array in self.arrays)

    def on_epoch_end(self):
        self.epochs.append(len(self.epochs))


def binary():
    return np.random.default_rng(0).integers(0, 2, (12, 6)).astype("float32")


def model(condition):
    keras.utils.set_random_seed(0)
    made = VAE.default((6,), latent_dim=2, architecture=DenseNetworks((4,)), condition=condition)
    made.compile()
    return made


@pytest.mark.parametrize(
    ("condition", "y"),
    [
        (None, None),
        (Classes(3), np.arange(12) % 3),
        (Captions.from_corpus(TEXTS), TEXTS),
        (Captions.from_corpus(TEXTS), TEXTS.astype(object)),
    ],
    ids=["none", "classes", "texts", "objects"],
)
def test_they_train_and_evaluate_as_arrays_do(condition, y):
    arrays = (binary(),) if y is None else (binary(), y)
    one, other, third = (model(condition) for _ in range(3))
    one.fit(*arrays, batch_size=4, shuffle=False, verbose=0)
    batches = Batches(*arrays)
    other.fit(batches, shuffle=False, validation_data=Batches(*arrays), verbose=0)
    assert batches.epochs
    third.fit((batches[i] for i in range(3)), shuffle=False, verbose=0)
    for a, b, c in zip(one.get_weights(), other.get_weights(), third.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(c, a, rtol=1e-5, atol=1e-6)
    found = other.evaluate(Batches(*arrays), verbose=0)
    np.testing.assert_allclose(found, other.evaluate(*arrays, batch_size=4, verbose=0), rtol=1e-5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((binary() * 255, np.arange(12) % 3), "batch's x in"),
        ((binary() + np.nan, np.arange(12) % 3), "batch's x to be finite"),
        ((binary() * 0.4, np.arange(12) % 3), "batch's x on 2 levels"),
        ((binary(), np.arange(12)), "batch's y to be classes from 0 to 2"),
        ((binary(),), "expected y"),
        ((binary(), np.arange(12) % 3, np.ones(12)), "no sample_weight"),
    ],
)
def test_bad_values_are_found_as_they_come(arrays, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        model(Classes(3)).fit(Batches(*arrays), verbose=0)
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        model(Classes(3)).evaluate(Batches(*arrays), verbose=0)


def test_what_is_no_condition_is_refused():
    for condition in (3, "classes", Classes):
        with pytest.raises(ValueError, match="such as Classes.*Received: "):
            VAE.default((6,), condition=condition)
