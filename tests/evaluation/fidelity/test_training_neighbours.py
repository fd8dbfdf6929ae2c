"""Nearest training images, and what copying looks like."""

import numpy as np
import pytest

from tfgen.evaluation.fidelity import neighbours, training_neighbours


def test_nearest_are_those_of_a_plain_search(monkeypatch):
    monkeypatch.setattr(neighbours, "_ROWS", 8)
    random = np.random.default_rng(0)
    training, fake, test = (random.random((n, 3, 2, 1)) for n in (30, 21, 19))
    found = training_neighbours(training, fake, test)
    distances = lambda x: np.sqrt(((x[:, None] - training[None]) ** 2).sum((2, 3, 4)))
    np.testing.assert_array_equal(found.indices, distances(fake).argmin(1))
    own, usual = distances(fake).min(1), distances(test).min(1)
    np.testing.assert_allclose(found.distances, own / np.median(usual), rtol=1e-9)
    np.testing.assert_allclose(found.closer, np.mean(own[:, None] < usual))
    np.testing.assert_allclose(found.suspicious, np.mean(own < np.quantile(usual, 0.01)))


@pytest.mark.parametrize("dim", [2, 300])
def test_copies_are_seen_and_fresh_images_are_none(dim):
    random = np.random.default_rng(1)
    training, test, fresh = random.normal(50, 1, size=(3, 300, dim))
    found = training_neighbours(training, fresh, test)
    assert 0.4 < found.closer < 0.6 and found.suspicious < 0.1
    copied = training_neighbours(training, training[:40], test)
    np.testing.assert_array_equal(copied.indices, np.arange(40))
    np.testing.assert_array_equal(copied.distances, 0)
    assert (copied.closer, copied.suspicious) == (1, 1)
    # The same images as the test's are neither closer nor farther; what is like none is farther.
    assert training_neighbours(training, test, test).closer == pytest.approx(0.5, abs=1e-9)
    assert training_neighbours(training, fresh + 50, test).closer == 0


def test_one_value_again_and_again_has_no_scale():
    found = training_neighbours(np.ones((3, 2)), np.ones((2, 2)), np.ones((4, 2)))
    assert (found.closer, found.suspicious, found.distances.tolist()) == (0.5, 0, [0, 0])


def test_bad_features_are_refused():
    for training, fake, test in (
        (np.ones((3, 2)), np.ones((3, 3)), np.ones((3, 2))),
        (np.ones((3, 2)), np.ones((0, 2)), np.ones((3, 2))),
        (np.ones((3, 2)), np.ones((3, 2)), np.full((3, 2), np.inf)),
    ):
        with pytest.raises(ValueError, match="expected .* Received: "):
            training_neighbours(training, fake, test)
