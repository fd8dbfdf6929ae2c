"""The judging classifier: trained on real images, named with its accuracy, kept in a file."""

import keras
import numpy as np
import pytest

from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import extract, features, load_judge, train_judge


@pytest.fixture(scope="module")
def digits():
    return (load_arrays("digits", split, labels=True) for split in ("train", "test"))


@pytest.fixture(scope="module")
def judge(digits):
    return train_judge(*digits, data="digits", num_features=16)


def test_it_knows_the_digits_and_says_how_well(judge):
    x, y = load_arrays("digits", "test", labels=True)
    accuracy = np.mean(judge.classify(x, batch_size=100) == y)
    assert judge.test_accuracy == accuracy > 0.95
    assert (judge.num_train, judge.num_test) == (1442, len(y))
    assert judge.description == (
        f"classifier of digits, {100 * accuracy:.2f}% of {len(y)} test images right, 16 features"
    )
    assert features.description_of(judge) == judge.description


def test_features_are_what_the_logits_are_made_of(judge):
    x = load_arrays("digits", "test")[:20]
    found = extract(judge, x, batch_size=7)
    logits = judge.network.get_layer("logits")(found)
    np.testing.assert_array_equal(np.argmax(logits, axis=-1), judge.classify(x))
    assert (judge.event_shape, judge.num_features, judge.num_classes) == ((8, 8, 1), 16, 10)


def test_a_judge_is_kept_in_a_file(judge, tmp_path):
    judge.save(tmp_path / "judge.keras")
    again = load_judge(tmp_path / "judge.keras")
    x = load_arrays("digits", "test")[:20]
    np.testing.assert_array_equal(again(x), judge(x))
    assert again.description == judge.description
    assert (again.num_train, again.data) == (1442, "digits")


def test_what_is_no_judge_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="expected the file of a judge.* Received: .*nothing.keras"
    ):
        load_judge(tmp_path / "nothing.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="Received: .*other.keras, a Sequential"):
        load_judge(tmp_path / "other.keras")


def test_bad_images_and_labels_are_refused(judge):
    x, y = np.zeros((4, 8, 8, 1), "float32"), np.zeros(4, int)
    with pytest.raises(ValueError, match="expected x of shape .*8, 8, 1.* Received: "):
        judge(np.zeros((4, 9, 8, 1), "float32"))
    with pytest.raises(ValueError, match="at least one example. Received: "):
        judge.classify(x[:0])
    for train, test in (
        ((x[..., 0], y), (x, y)),
        ((x, y.astype(float)), (x, y)),
        ((x, y), (x, y[:3])),
        ((x, y), (x[:, :7], y)),
        ((x, y - 1), (x, y)),
    ):
        with pytest.raises(ValueError, match="expected .* Received: "):
            train_judge(train, test, data="none")


def test_any_callable_gives_features():
    images = np.random.default_rng(0).random((5, 4, 4, 1), "float32")
    found = extract(lambda x: x[:, ::2], images, batch_size=2)
    np.testing.assert_array_equal(found, images[:, ::2].reshape(5, 8))

    def edges(x):
        return x.sum()

    assert features.description_of(edges) == "edges"
    with pytest.raises(ValueError, match=r"features \[5, d\] of 5 images. Received: shape \(\)"):
        extract(edges, images)
    with pytest.raises(ValueError, match="finite. Received: "):
        extract(lambda x: x + np.inf, images)
    with pytest.raises(ValueError, match="at least one image. Received: "):
        extract(edges, images[:0])
