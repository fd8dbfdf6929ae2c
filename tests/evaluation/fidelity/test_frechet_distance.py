"""The Frechet distance: closed forms, SciPy's square root of a matrix, moments in one pass."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.evaluation.fidelity import FeatureMoments, frechet_distance


def by_sqrtm(real, fake):
    first, second = (np.cov(each, rowvar=False) for each in (real, fake))
    root = scipy.linalg.sqrtm(first @ second).real
    return np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(first + second - 2 * root)


def with_moments(mean, covariance):
    """2d + 1 rows whose mean and unbiased covariance are exactly these."""
    d = len(mean)
    axes = np.sqrt(d) * np.linalg.cholesky(covariance).T
    return np.concatenate([mean + axes, mean - axes, mean[None]])


def test_of_gaussians_is_the_closed_form():
    # One dimension: (m - m')^2 + (s - s')^2. Covariances that commute: the same along each axis.
    one, other = (
        with_moments(np.array([mean]), np.array([[deviation**2]]))
        for mean, deviation in ((1.0, 2.0), (4.0, 0.5))
    )
    np.testing.assert_allclose(frechet_distance(one, other), 9 + 2.25, rtol=1e-12)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    scales = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.1])
    first, second = (
        with_moments(np.full(3, float(shift)), rotation * scale**2 @ rotation.T)
        for shift, scale in enumerate(scales)
    )
    expected = 3 + np.sum((scales[0] - scales[1]) ** 2)
    np.testing.assert_allclose(frechet_distance(first, second), expected, rtol=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 12), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_is_what_scipy_says(seed, dim, scale, shift):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(dim, dim))
    real = scale * (random.normal(size=(60, dim)) @ mixing) + shift
    fake = scale * random.normal(size=(50, dim)) + shift
    np.testing.assert_allclose(frechet_distance(real, fake), by_sqrtm(real, fake), rtol=1e-6)
    assert frechet_distance(real, real) <= 1e-8 * scale**2 * dim**2


@pytest.mark.parametrize("rows", [(5, 40), (40, 5), (5, 4)], ids=str)
def test_of_covariances_without_an_inverse(rows):
    random = np.random.default_rng(1)
    real, fake = (random.normal(size=(n, 12)) * np.arange(1, 13) for n in rows)
    # SciPy's root of a singular matrix is no better than this.
    np.testing.assert_allclose(frechet_distance(real, fake), by_sqrtm(real, fake), rtol=1e-5)
    np.testing.assert_allclose(
        frechet_distance(real, fake), frechet_distance(fake, real), rtol=1e-10
    )
    # A set and its mirror image share the covariance, whatever its rank.
    np.testing.assert_allclose(
        frechet_distance(real, 2 - real), 4 * np.sum((real.mean(0) - 1) ** 2), rtol=1e-10
    )
    assert frechet_distance(np.ones((3, 2)), np.zeros((2, 2))) == 2
    # Directions in which nothing varies add nothing, not even roots of rounding errors.
    plane = np.linalg.qr(random.normal(size=(12, 2)))[0].T
    low, lower = random.normal(size=(2, 30, 2)) * 100
    np.testing.assert_allclose(
        frechet_distance(low @ plane, lower @ plane), frechet_distance(low, lower), rtol=1e-11
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 2**31), st.floats(-1e6, 1e6)
)
def test_moments_do_not_depend_on_the_cuts(sizes, seed, mean):
    x = mean + np.random.default_rng(seed).normal(size=(sum(sizes) + 1, 3)) * [1e-2, 1, 1e2]
    moments = FeatureMoments().add(x[:1])
    for end in np.cumsum(sizes) + 1:
        moments.add(x[moments.count : end])
    assert moments.count == len(x)
    np.testing.assert_allclose(moments.mean, x.mean(0), rtol=1e-12, atol=1e-12)
    deviations = np.sqrt(np.diag(np.cov(x.T)))
    difference = moments.covariance - np.cov(x.T)
    assert np.all(np.abs(difference) <= 1e-6 * np.outer(deviations, deviations))


def test_moments_in_blocks_are_those_of_the_whole():
    random = np.random.default_rng(2)
    # A mean far from 0 costs sums of squares all their digits; float32 rows are not added as such.
    x = (1e4 + random.normal(size=(9000, 3)) * [1, 5, 0.1]).astype("float32")
    moments, whole = FeatureMoments(), FeatureMoments().add(x)
    for begin, end in ((0, 1), (1, 3), (3, 5000), (5000, 9000)):
        moments.add(x[begin:end])
    for each in (moments, whole):
        assert each.count == 9000
        np.testing.assert_allclose(each.mean, x.mean(0, dtype="float64"), rtol=1e-12)
        np.testing.assert_allclose(each.covariance, np.cov(x.astype("float64").T), rtol=1e-8)
    other = random.normal(size=(100, 3))
    np.testing.assert_allclose(
        frechet_distance(moments, other), frechet_distance(x, other), rtol=1e-12
    )


def test_moments_of_images_are_those_of_their_features():
    images = np.random.default_rng(3).random((10, 2, 2, 1), "float32")
    moments = FeatureMoments.of_images(lambda x: x[..., 0], [images[:7], images[7:]], batch_size=3)
    np.testing.assert_allclose(moments.covariance, np.cov(images.reshape(10, 4).T), atol=1e-7)


@pytest.mark.parametrize(
    ("real", "said"),
    [
        (np.zeros((1, 2)), r"of shape \[n, d\], n at least 1|2 rows of features"),
        (np.zeros(4), r"of shape \[n, d\]"),
        (np.zeros((4, 3)), "same number of features"),
        (np.full((4, 2), np.nan), "finite"),
        (np.full((4, 2), "x"), "numbers"),
    ],
)
def test_bad_features_are_refused(real, said):
    with pytest.raises(ValueError, match=rf"(?s){said}.*Received: "):
        frechet_distance(real, np.ones((4, 2)))


def test_another_width_is_refused():
    with pytest.raises(ValueError, match="expected 2 features, as before. Received: "):
        FeatureMoments().add(np.zeros((3, 2))).add(np.zeros((3, 3)))
