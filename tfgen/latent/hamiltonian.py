"""Hamiltonian Monte Carlo over latent vectors: one transition, and the length of its steps."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

LogDensity = Callable[[tf.Tensor], tf.Tensor]


def transition(
    z: tf.Tensor,
    log_density: LogDensity,
    step_size: tf.Tensor,
    num_leapfrog_steps: int,
    seed: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """One step of Hamiltonian Monte Carlo, which leaves the density as it is (Neal 2011, Fig. 2).

    Nothing is handed on from step to step, so that each may have a density of its own.

    Args:
        z: `[chains, batch, dim]`.
        log_density: up to a constant, `[chains, batch, dim]` to `[chains, batch]`.
        step_size: of the leapfrog steps, `[batch]`, positive.
        num_leapfrog_steps: of a trajectory.
        seed: int32 `(2,)`.
    Returns:
        The next z, and the probability with which each proposal was accepted, `[chains, batch]`.
    """
    kernel = tfp.mcmc.HamiltonianMonteCarlo(
        log_density, step_size[:, tf.newaxis], num_leapfrog_steps
    )
    z, results = kernel.one_step(z, kernel.bootstrap_results(z), seed=seed)
    ratio = results.log_accept_ratio
    # A trajectory that leaves the range of float32 is not accepted.
    ratio = tf.where(tf.math.is_finite(ratio), ratio, -1e9)
    return z, tf.exp(tf.minimum(ratio, 0.0))


def adapted(step_size: tf.Tensor, acceptance: tf.Tensor, target: float, rate: float) -> tf.Tensor:
    """The step size, longer where more was accepted than wanted and shorter where less.

    log step_size + rate (mean acceptance - target)  (Andrieu & Thoms 2008, Eq. 18).

    Args:
        step_size: `[batch]`.
        acceptance: probabilities, `[chains, batch]`.
        target: the acceptance that is wanted.
        rate: of the change.
    """
    return step_size * tf.exp(rate * (tf.reduce_mean(acceptance, axis=0) - target))
