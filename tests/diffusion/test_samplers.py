"""Samplers with the exact denoiser of Gaussian data, whose answers are known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import split_seed
from tfgen.diffusion import DDIM, LinearSchedule, ancestral, ddim
from tfgen.diffusion.predictions import Start
from tfgen.diffusion.process import forward, normal, posterior_mean, posterior_variance

MEAN, STDDEV = 0.5, 0.3
SEED = tf.constant([0, 7])


def exact_denoiser(schedule):
    """E[x_0 | x_t] of x_0 ~ N(MEAN, STDDEV^2), and the noise that goes with it."""

    def denoise(xt, t):
        alpha_bar = schedule.alpha_bar(t)
        signal = tf.sqrt(alpha_bar)
        gain = tf.cast(signal * STDDEV**2 / (alpha_bar * STDDEV**2 + 1 - alpha_bar), xt.dtype)
        x0 = MEAN + gain * (xt - tf.cast(signal, xt.dtype) * MEAN)
        return Start().x0_and_noise(x0, xt, alpha_bar)

    return denoise


def exact_reverse(schedule, variance=None):
    """p(x_{t-1} | x_t) of the exact denoiser; the variance is beta_tilde by default."""
    denoise = exact_denoiser(schedule)

    def p(xt, t):
        mean = posterior_mean(schedule, xt, denoise(xt, t)[0], t)
        return normal(mean, variance(t) if variance else posterior_variance(schedule, t, t - 1))

    return p


def compiled(sampler, *args, **kwargs):
    return tf.function(lambda: sampler(*args, **kwargs), jit_compile=False)()


def test_ancestral_moments_are_the_datas():
    schedule = LinearSchedule(1000)
    x0 = compiled(ancestral, exact_reverse(schedule), [4000, 2], 1000, seed=SEED)
    # The fixed variance is right as the steps become small: what is left is sampling error.
    np.testing.assert_allclose(tf.reduce_mean(x0), MEAN, atol=4 * STDDEV / 8000**0.5)
    np.testing.assert_allclose(tf.math.reduce_std(x0), STDDEV, rtol=0.04)


def test_ancestral_with_the_exact_reverse_variance_has_exact_moments_at_few_steps():
    schedule = LinearSchedule(12)

    def variance(t):
        # var[x_{t-1} | x_t] = beta_tilde + (weight of x_0)^2 var[x_0 | x_t].
        alpha_bar, previous = schedule.alpha_bar(t), schedule.alpha_bar(t - 1)
        left = STDDEV**2 * (1 - alpha_bar) / (alpha_bar * STDDEV**2 + 1 - alpha_bar)
        weight = tf.sqrt(previous) * schedule.beta(t) / (1 - alpha_bar)
        return posterior_variance(schedule, t, t - 1) + weight**2 * left

    p = exact_reverse(schedule, variance)
    # The last step takes the mean, which lacks var[x_0 | x_1].
    alpha_bar = schedule.alpha_bar(1).numpy()
    lacking = STDDEV**2 * (1 - alpha_bar) / (alpha_bar * STDDEV**2 + 1 - alpha_bar)
    x0 = compiled(ancestral, p, [20000, 2], 12, seed=SEED)
    np.testing.assert_allclose(tf.reduce_mean(x0), MEAN, atol=4 * STDDEV / 40000**0.5)
    np.testing.assert_allclose(
        tf.math.reduce_variance(x0), STDDEV**2 - lacking, rtol=4 * (2 / 40000) ** 0.5
    )


def probability_flow_error(num_steps):
    """Distance of DDIM's x_0 from the exact solution, which keeps the standard score of x_T."""
    schedule = LinearSchedule(1000)
    x0 = compiled(ddim, exact_denoiser(schedule), schedule, [50, 2], num_steps=num_steps, seed=SEED)
    x_T = tf.random.stateless_normal([50, 2], split_seed(SEED, 2)[1])
    alpha_bar = tf.cast(schedule.alpha_bar(1000), tf.float32)
    score = (x_T - tf.sqrt(alpha_bar) * MEAN) / tf.sqrt(alpha_bar * STDDEV**2 + 1 - alpha_bar)
    return float(tf.reduce_max(tf.abs(x0 - (MEAN + STDDEV * score))))


def test_ddim_converges_to_the_probability_flow_at_first_order():
    """DDIM is Euler's method (Song et al. 2021, 4.3): a quarter of the error in 4x the steps."""
    errors = np.array([probability_flow_error(n) for n in (40, 160, 640)])
    order = np.log(errors[:-1] / errors[1:]) / np.log(4)
    np.testing.assert_allclose(order, 1, atol=0.1)


def test_ddim_with_full_noise_and_all_steps_is_ancestral_sampling_step_by_step():
    """Eq. 12 at eta = 1 has the mean and variance of q(x_{t-1} | x_t, x_0)."""
    schedule = LinearSchedule(30)
    denoise = exact_denoiser(schedule)
    seed, initial_seed = split_seed(SEED, 2)
    xt = tf.random.stateless_normal([5, 2], initial_seed)
    for t in range(30, 0, -1):
        noise = tf.random.stateless_normal(
            [5, 2], tf.random.experimental.stateless_fold_in(seed, t)
        )
        mean = posterior_mean(schedule, xt, denoise(xt, t)[0], t)
        xt = mean + tf.cast(tf.sqrt(posterior_variance(schedule, t, t - 1)), tf.float32) * noise
    drawn = compiled(ddim, denoise, schedule, [5, 2], num_steps=30, eta=1.0, seed=SEED)
    np.testing.assert_allclose(drawn, xt, atol=2e-5)


def test_constrained_region_follows_the_forward_process_and_ends_at_its_values():
    schedule = LinearSchedule(20)
    known = tf.constant([[0.25, -0.5]])
    seen = []

    def keep_first(xt, t, seed):
        seen.append(int(t))
        first = tf.constant([[True, False]])
        return tf.where(first, forward(schedule, known, t).sample(seed=seed), xt)

    x0 = ancestral(exact_reverse(schedule), [1, 2], 20, seed=SEED, constrain=keep_first)
    assert seen == list(range(20, -1, -1))
    assert x0[0, 0] == 0.25


@pytest.mark.parametrize("sampler", ["ancestral", "ddim"])
def test_eager_and_compiled_samples_are_the_same(sampler):
    schedule = LinearSchedule(8)

    def draw():
        if sampler == "ancestral":
            return ancestral(exact_reverse(schedule), [3, 2], 8, seed=SEED)
        return ddim(exact_denoiser(schedule), schedule, [3, 2], num_steps=4, eta=0.5, seed=SEED)

    np.testing.assert_allclose(draw(), tf.function(draw, jit_compile=False)(), atol=1e-6)


def test_sampler_values_are_checked_and_saved():
    sampler = DDIM(num_steps=20, eta=0.5)
    assert DDIM.from_config(sampler.get_config()) == sampler
    assert (
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(sampler))
        == sampler
    )
    for bad in ({"num_steps": 0}, {"num_steps": 2.5}, {"eta": 1.5}, {"eta": -0.1}):
        with pytest.raises(ValueError, match="Received: "):
            DDIM(**bad)
