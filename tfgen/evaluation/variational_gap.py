"""What a variational posterior costs: by its family, and by an encoder that serves all x."""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from tfgen.core import GenerativeModel, check_count, check_seed, fold_in, split_seed
from tfgen.core.size_checks import check_positive
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.distributions import sample_and_log_prob
from tfgen.evaluation.estimators import Estimator, ImportanceWeighted, check_method

# Draws of z at once, in the estimates of the bounds: bounds their memory.
_DRAWS_A_STEP = 50


class VariationalGap(NamedTuple):
    """log p(x) - ELBO = approximation + amortization, for each example, `[batch]`, in nats.

    Attributes:
        log_prob: log p(x), as the estimator finds it.
        elbo: the bound with q(z | x) as the encoder gives it.
        local_elbo: the bound with q*, the best of q's family for x alone.
        approximation: log_prob - local_elbo, KL(q* || p(z | x)): what the family costs.
        amortization: local_elbo - elbo: what it costs that one encoder serves all x.
    """

    log_prob: tf.Tensor
    elbo: tf.Tensor
    local_elbo: tf.Tensor
    approximation: tf.Tensor
    amortization: tf.Tensor


def variational_gap(
    model: GenerativeModel,
    x: ArrayLike,
    *,
    condition: ArrayLike | None = None,
    estimator: Estimator = ImportanceWeighted(5000),
    num_steps: int = 1000,
    learning_rate: float = 0.05,
    num_draws: int = 1000,
    seed: SeedLike = 0,
) -> VariationalGap:
    """Splits log p(x) - ELBO into its two causes (Cremer et al. 2018, Eq. 4 and section 4.2).

    The parameters of q, the encoder's outputs, are optimised for each x by itself. Where that finds
    less than the best, its cost counts as the family's.

    Args:
        model: one with `posterior_params`, `posterior` and `log_joint`, such as `VAE`.
        x: `[batch, *event_shape]`, float32; images in [0, 1]. All of them at once: some hundreds.
        condition: for a model that has one: one for each example, or one for all.
        estimator: of log p(x).
        num_steps: of the optimisation.
        learning_rate: of Adam at its start, from which it falls to 0 like a cosine.
        num_draws: of z, the same for both bounds.
        seed: of all draws.
    Returns:
        `VariationalGap`, `[batch]` each; estimates, which may be negative where the cost is small.
    Raises:
        ValueError: a model without an encoder's parameters, bad x, conditions or numbers.

    Example:
        >>> model = tfgen.VAE.default((4,), latent_dim=2)
        >>> x = tf.round(model.sample(3, seed=0))
        >>> found = variational_gap(model, x, num_steps=20, num_draws=50)
        >>> total = found.approximation + found.amortization
        >>> np.allclose(total, found.log_prob - found.elbo, atol=1e-5)
        True
    """
    check_method("its gap", model, "posterior_params")
    estimator.kind(model)
    for name, number in {"num_steps": num_steps, "num_draws": num_draws}.items():
        check_count(number, name)
    check_positive(learning_rate, "learning_rate")
    x = model.check(x)
    given = model.read_condition(condition, tf.shape(x)[0])
    fit_seed, draw_seed, log_prob_seed = split_seed(check_seed(seed), 3)
    log_prob = estimator(model, x, condition=condition, seed=log_prob_seed)
    params = tf.cast(model.posterior_params(x, given), tf.float32)
    elbo = _elbo(model, params, x, given, num_draws, draw_seed)
    local = _fitted(model, params, x, given, num_steps, tf.constant(learning_rate), fit_seed)
    local_elbo = _elbo(model, local, x, given, num_draws, draw_seed)
    return VariationalGap(log_prob, elbo, local_elbo, log_prob - local_elbo, local_elbo - elbo)


def _mean_bound(model, params, x, given, num_draws, seed):
    """E_q[log p(x, z) - log q(z)] by `num_draws` draws, `[batch]`."""
    draws = tf.random.stateless_normal((num_draws, tf.shape(x)[0], model.latent_dim), seed)
    z, log_q = sample_and_log_prob(model.posterior(params), draws)
    return tf.reduce_mean(model.log_joint(z, x, given) - log_q, axis=0)


@tf.function(reduce_retracing=True, autograph=False)
def _elbo(
    model: Any, params: tf.Tensor, x: tf.Tensor, given: Any, num_draws: int, seed: tf.Tensor
) -> tf.Tensor:
    size = min(num_draws, _DRAWS_A_STEP)
    steps = -(-num_draws // size)
    total = tf.while_loop(
        lambda step, _: step < steps,
        lambda step, total: (
            step + 1,
            total + _mean_bound(model, params, x, given, size, fold_in(seed, step)),
        ),
        [0, tf.zeros(tf.shape(x)[:1])],
        parallel_iterations=1,
    )[1]
    return total / steps


@tf.function(reduce_retracing=True, autograph=False)
def _fitted(
    model: Any,
    params: tf.Tensor,
    x: tf.Tensor,
    given: Any,
    num_steps: int,
    learning_rate: tf.Tensor,
    seed: tf.Tensor,
    num_draws: int = 10,
    decays: tuple[float, float] = (0.9, 0.99),
) -> tf.Tensor:
    """The parameters of q that maximise the bound of each x, by Adam (Kingma & Ba 2015, Alg. 1)."""

    def step(t, params, mean, square):
        with tf.GradientTape() as tape:
            tape.watch(params)
            bound = _mean_bound(model, params, x, given, num_draws, fold_in(seed, t))
        gradient = tape.gradient(bound, params)
        mean += (1 - decays[0]) * (gradient - mean)
        square += (1 - decays[1]) * (gradient**2 - square)
        done = tf.cast(t, tf.float32) + 1
        unbiased_mean = mean / (1 - decays[0] ** done)
        unbiased_square = square / (1 - decays[1] ** done)
        rate = learning_rate * (1 + tf.cos(math.pi * done / num_steps)) / 2
        params += rate * unbiased_mean / (tf.sqrt(unbiased_square) + 1e-8)
        return t + 1, params, mean, square

    zeros = tf.zeros_like(params)
    start = [0, params, zeros, zeros]
    return tf.while_loop(lambda t, *_: t < num_steps, step, start, parallel_iterations=1)[1]
