"""Solvers with the exact denoiser of Gaussian data, in float64, against answers that are known."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, counted

from tfgen.core import example_seeds
from tfgen.diffusion.denoiser import Denoised
from tfgen.diffusion.solvers import ancestral, ddim, dpm_solver_pp_2m, heun
from tfgen.diffusion.variances import forward_variance, learned_variance, posterior_variance

DATA = Gaussian([0.5, -1.0], [[1.0, 0.6], [0.6, 0.5]])
SEED = tf.constant([0, 7])
SOLVERS = {"ancestral": ancestral, "ddim": ddim, "heun": heun, "2m": dpm_solver_pp_2m}


def grid(num_steps, first=10.0, last=0.1):
    """Levels in equal ratios, then 0."""
    return np.append(np.geomspace(first, last, num_steps), 0.0)


def noisy(num=4, sigma=10.0):
    return np.random.default_rng(0).normal(size=(num, 2)) * sigma


def compiled(solver, *args, **kwargs):
    return tf.function(
        lambda: solver(*args, **kwargs), jit_compile=False, autograph=False
    )().numpy()


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("heun", 2), ("2m", 2)])
def test_order_of_convergence_to_the_probability_flow(name, order):
    """Down to the last level; the step from there to 0 is the denoiser, and of first order."""
    x = noisy()
    exact = DATA.start(DATA.flow(x, 10.0, 0.1), 0.1)
    solve = tf.function(
        lambda sigmas: SOLVERS[name](DATA.denoise, tf.constant(x), sigmas),
        input_signature=[tf.TensorSpec((None,), tf.float64)],
        jit_compile=False,
        autograph=False,
    )
    errors = [np.abs(solve(grid(n)) - exact).max() for n in (41, 81, 161)]
    found = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(found, order, atol=0.12)
    assert errors[-1] < (0.05 if order == 1 else 0.002)


@pytest.mark.parametrize(
    ("name", "per_step", "less"),
    [("ancestral", 1, 0), ("ddim", 1, 0), ("heun", 2, 1), ("2m", 1, 0)],
)
def test_evaluations_of_the_denoiser(name, per_step, less):
    for num_steps in (1, 2, 7):
        denoise, count = counted(DATA.denoise)
        compiled(SOLVERS[name], denoise, noisy(), grid(num_steps), seed=SEED)
        assert int(count) == per_step * num_steps - less


def draws(i, x, seed=SEED):
    seed = tf.random.experimental.stateless_fold_in(seed, i)
    return tf.random.stateless_normal(x.shape, seed, dtype=tf.float64).numpy()


def plain_ancestral(x, sigmas):
    """Ho et al. (2020), Algorithm 2, in the paper's own scale."""
    alpha_bars = 1 / (1 + sigmas**2)
    xt = x * np.sqrt(alpha_bars[0])
    for i, sigma in enumerate(sigmas[:-1]):
        alpha_bar, previous = alpha_bars[i : i + 2]
        beta = 1 - alpha_bar / previous
        noise = (xt / np.sqrt(alpha_bar) - DATA.start(xt / np.sqrt(alpha_bar), sigma)) / sigma
        xt = (xt - beta / np.sqrt(1 - alpha_bar) * noise) / np.sqrt(1 - beta)
        xt = xt + np.sqrt((1 - previous) / (1 - alpha_bar) * beta) * draws(i, x)
    return xt


def plain_ddim(x, sigmas, eta=0.5):
    """Song et al. (2021), Eq. 12 and 16, in the paper's own scale."""
    alphas = 1 / (1 + sigmas**2)
    xt = x * np.sqrt(alphas[0])
    for i, sigma in enumerate(sigmas[:-1]):
        alpha, previous = alphas[i : i + 2]
        start = DATA.start(xt / np.sqrt(alpha), sigma)
        noise = (xt - np.sqrt(alpha) * start) / np.sqrt(1 - alpha)
        sd = eta * np.sqrt((1 - previous) / (1 - alpha)) * np.sqrt(1 - alpha / previous)
        xt = np.sqrt(previous) * start + np.sqrt(1 - previous - sd**2) * noise + sd * draws(i, x)
    return xt


def plain_heun(x, sigmas):
    """Karras et al. (2022), Algorithm 1."""
    for t, s in zip(sigmas[:-1], sigmas[1:], strict=True):
        slope = (x - DATA.start(x, t)) / t
        after = x + (s - t) * slope
        if s > 0:
            slope = slope / 2 + (after - DATA.start(after, s)) / s / 2
        x = x + (s - t) * slope
    return x


def plain_2m(x, sigmas):
    """Lu et al. (2022b), Algorithm 2, in the paper's own scale and notation."""
    alphas = 1 / np.sqrt(1 + sigmas**2)
    noises, lambdas = sigmas * alphas, -np.log(np.maximum(sigmas, 1e-300))
    x, before = x * alphas[0], None
    for i in range(1, len(sigmas)):
        last = DATA.start(x / alphas[i - 1], sigmas[i - 1])
        ahead, h = last, lambdas[i] - lambdas[i - 1]
        if 1 < i < len(sigmas) - 1:
            r = (lambdas[i - 1] - lambdas[i - 2]) / h
            ahead = (1 + 1 / (2 * r)) * last - 1 / (2 * r) * before
        x = noises[i] / noises[i - 1] * x - alphas[i] * np.expm1(-h) * ahead
        before = last
    return x


@pytest.mark.parametrize(
    ("solver", "plain"),
    [
        (ancestral, plain_ancestral),
        (functools.partial(ddim, eta=0.5), plain_ddim),
        (functools.partial(ddim, eta=0.0), functools.partial(plain_ddim, eta=0.0)),
        (heun, plain_heun),
        (dpm_solver_pp_2m, plain_2m),
    ],
    ids=["ancestral", "ddim", "deterministic ddim", "heun", "2m"],
)
def test_solver_is_the_papers_loop(solver, plain):
    sigmas = np.array([20.0, 7.0, 3.0, 2.9, 0.8, 0.05, 0.0])
    found = compiled(solver, DATA.denoise, noisy(), sigmas, seed=SEED)
    np.testing.assert_allclose(found, plain(noisy(), sigmas), rtol=1e-9)


def test_ddim_with_full_noise_is_ancestral_sampling():
    """Song et al. (2021), below Eq. 16."""
    one, other = (
        compiled(solver, DATA.denoise, noisy(), grid(9), seed=SEED)
        for solver in (functools.partial(ddim, eta=1.0), ancestral)
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_solver_goes_on_from_the_middle_of_a_grid():
    sigmas = grid(9)
    for solver, plain in (
        (functools.partial(ddim, eta=0.0), functools.partial(plain_ddim, eta=0.0)),
        (heun, plain_heun),
    ):
        middle = noisy()
        for t, s in zip(sigmas[:3], sigmas[1:4], strict=True):
            if solver is heun:
                middle = plain_heun(middle, np.array([t, s]))
            else:
                middle = DATA.start(middle, t) * (1 - s / t) + middle * s / t
        rest = compiled(solver, DATA.denoise, middle, sigmas[3:])
        np.testing.assert_allclose(rest, plain(noisy(), sigmas), rtol=1e-9)


def test_ancestral_with_the_exact_reverse_variance_has_exact_moments_at_few_steps():
    mean, variance = 0.5, 0.09
    data = Gaussian([mean], [[variance]])

    def exact(t, s, share):
        # var[x_s | x_t] = the posterior's + (weight of x_0)^2 var[x_0 | x_t].
        left = variance * t**2 / (variance + t**2)
        return posterior_variance(t, s) + tf.square(1 - tf.square(s / t)) * left

    sigmas = grid(8, 20.0, 0.05)
    x = data.at(20.0).rvs(40000, random_state=0)[:, None]
    x0 = compiled(ancestral, data.denoise, x, sigmas, seed=SEED, variance=exact)
    # The last step takes the mean, which lacks var[x_0 | x].
    kept = variance - variance * 0.05**2 / (variance + 0.05**2)
    np.testing.assert_allclose(x0.mean(), mean, atol=4 * (kept / 40000) ** 0.5)
    np.testing.assert_allclose(x0.var(), kept, rtol=4 * (2 / 40000) ** 0.5)


def test_a_learned_variance_lies_between_its_two_limits():
    t, s = tf.constant(2.0, tf.float64), tf.constant(0.5, tf.float64)
    share = tf.constant([0.0, 0.25, 1.0], tf.float64)
    low, high = posterior_variance(t, s), forward_variance(t, s)
    np.testing.assert_allclose(low, 0.25 * (4 - 0.25) / 4)
    np.testing.assert_allclose(high, (4 - 0.25) * 1.25 / 5)
    expected = [low, low**0.75 * high**0.25, high]
    np.testing.assert_allclose(learned_variance(t, s, share), expected, rtol=1e-12)

    def denoise(x, sigma):
        return Denoised(DATA.denoise(x, sigma).start, tf.ones_like(x) * [0.0, 1.0])

    one, other, both = (
        compiled(ancestral, denoise, noisy(), [3.0, 1.0, 0.0], seed=SEED, variance=variance)
        for variance in (posterior_variance, forward_variance, learned_variance)
    )
    # One step of noise, and then the denoiser, which mixes the dimensions.
    gain = DATA.start(np.eye(2), 1.0) - DATA.start(np.zeros((2, 2)), 1.0)
    first, second = (
        np.linalg.solve(gain.T, (both - one).T),
        np.linalg.solve(gain.T, (both - other).T),
    )
    np.testing.assert_allclose(first[0], 0, atol=1e-12)
    np.testing.assert_allclose(second[1], 0, atol=1e-12)


@pytest.mark.parametrize("solver", [ancestral, functools.partial(ddim, eta=0.7)])
def test_with_a_seed_for_each_example_the_others_do_not_matter(solver):
    seeds, x = example_seeds(SEED, 5), tf.constant(noisy(5))
    whole = compiled(solver, DATA.denoise, x, grid(4), seed=seeds)
    parts = [
        compiled(solver, DATA.denoise, x[rows], grid(4), seed=seeds[rows])
        for rows in (slice(0, 2), slice(2, 5))
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-12)
    assert len(np.unique(whole)) == whole.size


@pytest.mark.parametrize("name", SOLVERS)
def test_eager_and_compiled_are_the_same_in_float32_with_levels_of_a_graph(name):
    x, sigmas = tf.constant(noisy(), tf.float32), tf.constant(grid(6))
    eager = SOLVERS[name](DATA.denoise, x, sigmas, seed=SEED)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 2), tf.float32),
            tf.TensorSpec((None,), tf.float64),
        ],
        jit_compile=False,
    )
    def graph(x, sigmas):
        return SOLVERS[name](DATA.denoise, x, sigmas, seed=SEED)

    assert eager.dtype == tf.float32
    np.testing.assert_allclose(graph(x, sigmas), eager, atol=1e-5)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_watcher_sees_every_step_and_last_the_sample(name):
    seen = []
    watch = lambda *step: seen.append([each.numpy() for each in step])
    sigmas = grid(3)
    x0 = compiled(SOLVERS[name], DATA.denoise, noisy(), sigmas, seed=SEED, watch=watch)
    assert [int(i) for i, _, _ in seen] == [0, 1, 2]
    np.testing.assert_array_equal([sigma for _, sigma, _ in seen], sigmas[1:])
    np.testing.assert_array_equal(seen[-1][2], x0)
    assert np.all(seen[0][2] != x0)


@pytest.mark.parametrize("sigmas", [[0.0], [1.0, 0.5], [1.0, 1.0, 0.0], [[1.0, 0.0]]])
def test_levels_that_do_not_decrease_to_zero_are_refused(sigmas):
    with pytest.raises(ValueError, match="decrease to 0.*Received: "):
        ddim(DATA.denoise, tf.zeros((1, 2)), sigmas)
