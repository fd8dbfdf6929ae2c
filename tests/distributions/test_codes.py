"""Codes: their layout, what they refuse, and the bound on the mutual information."""

import itertools
import math

import numpy as np
import pytest

from tfgen.distributions import (
    CategoricalCode,
    Code,
    CodedNoise,
    GaussianMixture,
    StandardNormal,
    UniformCode,
)

CODE = Code((CategoricalCode(3), UniformCode(2)))


def test_codes_are_drawn_from_their_prior():
    codes = CODE.prior().sample(3000, seed=(0, 1))
    category, numbers = CODE.split(codes)
    assert codes.shape == (3000, 5) and CODE.dim == 5 and CODE.num_params == 7
    np.testing.assert_array_equal(CODE.check(codes, 3000), codes)
    # Five standard errors of a share of a third, and of means and squares of uniform numbers.
    np.testing.assert_allclose(np.mean(category, axis=0), 1 / 3, atol=5 * 0.0087)
    np.testing.assert_allclose(np.mean(numbers, axis=0), 0, atol=5 * 0.0106)
    np.testing.assert_allclose(np.mean(np.square(numbers), axis=0), 1 / 3, atol=5 * 0.0055)
    assert CODE.entropy == pytest.approx(math.log(3) + 2 * math.log(2))


def test_noise_and_code_stand_side_by_side():
    prior = CodedNoise(GaussianMixture([[9.0, 9.0]], 0.1), CODE)
    z = prior().sample(50, seed=(0, 2))
    noise, codes = prior.split(z)
    assert prior.dim == 7 and z.shape == (50, 7)
    np.testing.assert_allclose(noise, np.full((50, 2), 9.0), atol=0.6)
    CODE.check(codes, 50)


def test_the_bound_is_the_mutual_information_where_q_is_the_posterior():
    """Every pair of a noisy channel from 3 codes to 4 symbols, as often as it occurs."""
    counts = np.array([[4, 2, 1, 1], [1, 5, 1, 1], [2, 2, 2, 2]])
    joint = counts / counts.sum()
    of_x = joint.sum(axis=0)
    information = np.sum(joint * np.log(joint / (of_x / 3)))
    pairs = [(c, x) for c, x in itertools.product(range(3), range(4)) for _ in range(counts[c, x])]
    codes = np.eye(3, dtype="float32")[[c for c, _ in pairs]]
    posterior = np.log(joint / of_x).astype("float32")
    code = Code(CategoricalCode(3))
    exact = code.information(codes, posterior.T[[x for _, x in pairs]])
    np.testing.assert_allclose(exact, [information], rtol=1e-5)
    # Any other Q is below by E[KL(p(c | x) || Q(c | x))], and a Q that knows nothing at 0.
    other = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    log_q = other - np.log(np.exp(other).sum(axis=0))
    gap = np.sum(joint * (posterior - log_q))
    found = code.information(codes, other.T[[x for _, x in pairs]])
    np.testing.assert_allclose(found, [information - gap], rtol=1e-4)
    np.testing.assert_allclose(code.information(codes, np.zeros_like(codes)), [0], atol=1e-6)


def test_the_bound_of_numbers_is_a_normal_log_density_and_their_entropy():
    codes = np.array([[0.5, -1.0], [-0.25, 0.0]], "float32")
    mean, log_deviation = np.array([[0.4, -0.5], [0.0, 0.1]]), np.array([[-1, 0.3], [0.2, -0.4]])
    params = np.concatenate([mean, log_deviation], axis=1).astype("float32")
    z = (codes - mean) / np.exp(log_deviation)
    log_q = np.sum(-0.5 * z**2 - log_deviation - 0.5 * np.log(2 * np.pi), axis=1)
    code = Code(UniformCode(2))
    np.testing.assert_allclose(
        code.information(codes, params), [np.mean(log_q) + 2 * np.log(2)], rtol=1e-5
    )
    np.testing.assert_allclose(code.mean(params), mean, rtol=1e-6)


def test_means_are_probabilities_and_means():
    params = np.array([[1.0, 2.0, 3.0, 0.25, -0.5, 0.0, 0.0]], "float32")
    shares = np.exp([1.0, 2.0, 3.0]) / np.exp([1.0, 2.0, 3.0]).sum()
    np.testing.assert_allclose(CODE.mean(params), [[*shares, 0.25, -0.5]], rtol=1e-5)


def test_sweeps_show_the_first_part_in_rows_and_the_second_in_columns():
    rows, columns, codes = CODE.sweeps(14)
    grid = np.reshape(codes, (rows, columns, 5))
    assert grid.shape == (3, 4, 5)
    for category, row in enumerate(grid):
        np.testing.assert_array_equal(row[:, :3], [np.eye(3)[category]] * 4)
        np.testing.assert_array_equal(row[:, 3:], [[-1, 0], [1, 0], [0, -1], [0, 1]])
    rows, columns, codes = Code((UniformCode(1), CategoricalCode(2))).sweeps(2)
    np.testing.assert_array_equal(codes, [[-1, 1, 0], [1, 1, 0]])
    assert (rows, columns) == (2, 1)
    assert Code(CategoricalCode(20)).sweeps(64)[:2] == (10, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (([0, 3], [[0.0, 0.0]] * 2), "values from 0 to 2.*Received: 3"),
        (([-1], [[0.0, 0.0]]), "values from 0 to 2.*Received: -1"),
        (([0.5], [[0.0, 0.0]]), "integers.*Received: float32"),
        (([0], [[0.0, 1.5]]), r"floats \[n, 2\] in \[-1, 1\].*Received: 1.5"),
        (([0], [[0.0]]), r"floats \[n, 2\].*Received: float32, shape \(1, 1\)"),
        (([0, 1], [[0.0, 0.0]]), "as many values of each part. Received: 2, 1"),
        (([0],), "values of 2 parts. Received: 1 of them"),
    ],
)
def test_values_that_no_code_has_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        CODE.join(*values)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 4), "float32"), r"codes \[2, 5\].*shape \(2, 4\)"),
        (np.float32([[1, 0, 0, 0, 0]] * 3), r"codes \[2, 5\].*shape \(3, 5\)"),
        (np.float32([1, 1, 0, 0, 0]), "CategoricalCode.*Received: 1"),
        (np.float32([0, 0, 0, 0, 0]), "CategoricalCode.*Received: 0"),
        (np.float32([1, 0, 0, 0, -1.5]), "UniformCode.*Received: -1.5"),
        (np.float32([1, 0, 0, 0, np.nan]), "UniformCode.*Received: nan"),
        (np.int32([1, 0, 0, 0, 0]), "codes.*Received: int32"),
    ],
)
def test_codes_are_met_at_the_door(codes, message):
    with pytest.raises(ValueError, match=message):
        CODE.check(codes, 2)
    one = CODE.join([2], [[0.5, -1.0]])
    np.testing.assert_array_equal(CODE.check(one[0], 3), np.repeat(one, 3, axis=0))


def test_values_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"parts such as .*Received: \(\)"):
        Code(())
    with pytest.raises(ValueError, match="parts such as .*Received: "):
        Code((StandardNormal(2),))
    with pytest.raises(ValueError, match="at least 2. Received: 1"):
        CategoricalCode(1)
    with pytest.raises(ValueError, match="weight to be 0 or more.*Received: -1"):
        UniformCode(1, weight=-1)
    with pytest.raises(ValueError, match="code to be a Code. Received: "):
        CodedNoise(StandardNormal(2), CategoricalCode(3))
    with pytest.raises(ValueError, match="prior without weights. Received: 3"):
        CodedNoise(3, CODE)
