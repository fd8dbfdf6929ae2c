"""Precision, recall, density and coverage against their definitions by sorting, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.evaluation.fidelity import density_coverage, neighbours, prdc, precision_recall


def by_sorting(real, fake, k):
    """As the package prdc has it: all distances, sorted."""
    distances = lambda a, b: np.linalg.norm(a[:, None] - b[None], axis=-1)
    real_radii = np.sort(distances(real, real), axis=1)[:, k]
    fake_radii = np.sort(distances(fake, fake), axis=1)[:, k]
    across = distances(real, fake)
    return {
        "precision": (across <= real_radii[:, None]).any(axis=0).mean(),
        "recall": (across <= fake_radii).any(axis=1).mean(),
        "density": (across <= real_radii[:, None]).sum(axis=0).mean() / k,
        "coverage": (across.min(axis=1) <= real_radii).mean(),
    }


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(1, 5),
    st.sampled_from([1, 2, 7, 300]),
    st.floats(0.1, 10),
    st.floats(-1e3, 1e3),
)
def test_all_four_are_what_sorting_gives(seed, k, dim, scale, mean):
    random = np.random.default_rng(seed)
    real = mean + random.normal(size=(random.integers(k + 1, 60), dim))
    fake = mean + scale * random.normal(size=(random.integers(k + 1, 60), dim))
    # A few copies: points on the surfaces of balls, and balls of radius 0.
    fake[: len(fake) // 4] = fake[0]
    real[:2], fake[-1] = real[0], real[-1]
    expected = by_sorting(real, fake, k)
    found = prdc(real, fake, k)
    assert found == pytest.approx(expected, abs=1e-9)
    assert list(found) == ["precision", "recall", "density", "coverage"]
    assert precision_recall(real, fake, k) == (found["precision"], found["recall"])
    assert density_coverage(real, fake, k) == (found["density"], found["coverage"])


def test_blocks_change_nothing(monkeypatch):
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(41, 5)), random.normal(0.3, 0.8, size=(29, 5))
    whole = prdc(real, fake, 4)
    monkeypatch.setattr(neighbours, "_ROWS", 7)
    assert prdc(real, fake, 4) == whole == pytest.approx(by_sorting(real, fake, 4), abs=1e-9)


def test_a_line_by_hand():
    real = np.arange(5.0)[:, None]
    # Each real ball of the nearest neighbour has radius 1; the fakes' have 0.5, 0.5 and 97.5,
    # so that 2.5 reaches 2 and 3, and 100 reaches 3 and 4.
    fake = np.array([[2.0], [2.5], [100.0]])
    assert precision_recall(real, fake, k=1) == (2 / 3, 3 / 5)
    # 2 lies in the balls of 1, 2 and 3, on whose surfaces it is; 2.5 in those of 2 and 3.
    assert density_coverage(real, fake, k=1) == (5 / 3, 3 / 5)
    # The same set has what it can have; one image again and again has little recall.
    assert precision_recall(real, real, k=1) == (1, 1)
    assert precision_recall(real, np.zeros((9, 1)), k=3) == (1, 1 / 5)


def test_a_far_outlier_inflates_recall_and_not_coverage():
    random = np.random.default_rng(1)
    real, fake = random.normal(size=(2, 50, 2))
    fake[:2] = [[-1e4, -1e4], [1e4, 1e4]]
    fake[2:] *= 1e-3
    assert (
        precision_recall(real, fake, 1).recall > 0.95 > precision_recall(real, fake[2:], 1).recall
    )
    assert density_coverage(real, fake, 1).coverage < 0.2


@pytest.mark.parametrize("k", [0, 1.5, 5, True])
def test_bad_k_is_refused(k):
    with pytest.raises(ValueError, match="expected .*k.* Received: "):
        prdc(np.eye(5), np.eye(5), k)
    # Density and coverage need no balls about generated images.
    assert density_coverage(np.eye(5), np.zeros((1, 5)), 3).coverage == 1
