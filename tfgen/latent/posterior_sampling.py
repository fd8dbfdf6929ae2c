"""Draws of p(z | x) and of what follows from it, for models whose p(z) p(x | z) can be evaluated.

Free functions: they know no model's insides, only `log_joint`, `p`, `q` and the prior.
"""

from typing import Any

import tensorflow as tf

from tfgen.core import Configured, check_count, fold_in, split_seed
from tfgen.core.size_checks import check_positive, check_rate
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.latent.hamiltonian import LogDensity, adapted, transition
from tfgen.latent.model import LatentModel

_FIRST_STEP_SIZE = 0.1


class HMC(Configured):
    """Hamiltonian Monte Carlo (Neal 2011), each example with a step size of its own.

    The step size is sought in the burn-in, by ever smaller changes, and is then fixed.

    Args:
        num_burn_in: steps before the first draw.
        num_steps: steps from draw to draw.
        num_leapfrog_steps: of a step.
        acceptance: share of proposals that are to be accepted, in (0, 1).
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(
        self,
        num_burn_in: int = 200,
        num_steps: int = 10,
        num_leapfrog_steps: int = 10,
        acceptance: float = 0.8,
    ) -> None:
        self.num_burn_in = check_count(num_burn_in, "num_burn_in")
        self.num_steps = check_count(num_steps, "num_steps")
        self.num_leapfrog_steps = check_count(num_leapfrog_steps, "num_leapfrog_steps")
        self.acceptance = check_positive(check_rate(acceptance, "acceptance"), "acceptance")

    def draw(
        self, z: tf.Tensor, log_density: LogDensity, num_samples: int, seed: tf.Tensor
    ) -> tf.Tensor:
        """Draws of a density, from several chains at once; for compiled code.

        Args:
            z: where the chains start, `[chains, batch, dim]`.
            log_density: up to a constant, `[chains, batch, dim]` to `[chains, batch]`.
            num_samples: draws of each chain, an int.
            seed: int32 `(2,)`.
        Returns:
            `[num_samples, chains, batch, dim]`.
        """

        def step(t, z, size, samples):
            z, accepted = transition(
                z, log_density, size, self.num_leapfrog_steps, fold_in(seed, t)
            )
            # Robbins and Monro's decay lets the size settle (Andrieu & Thoms 2008, section 4.2).
            rate = tf.where(t < self.num_burn_in, (1.0 + tf.cast(t, tf.float32)) ** -0.6, 0.0)
            # The last of the steps that lead to a draw stays in its place.
            row = tf.maximum(0, (t - self.num_burn_in) // self.num_steps)
            samples = tf.tensor_scatter_nd_update(samples, [[row]], z[tf.newaxis])
            return t + 1, z, adapted(size, accepted, self.acceptance, rate), samples

        total = self.num_burn_in + num_samples * self.num_steps
        size, samples = tf.fill(z.shape[1:2], _FIRST_STEP_SIZE), tf.zeros((num_samples, *z.shape))
        return tf.while_loop(lambda t, *_: t < total, step, [0, z, size, samples])[-1]


def sample_posterior(
    model: LatentModel,
    x: ArrayLike,
    num_samples: int = 1,
    *,
    num_chains: int | None = None,
    condition: ArrayLike | None = None,
    sampler: HMC = HMC(),
    seed: SeedLike | None = None,
) -> tf.Tensor:
    """Draws z ~ p(z | x), from the exact posterior, by chains that start at draws of q(z | x).

    Whether they are long enough, several chains of each x can tell: their R-hat (Gelman & Rubin
    1992), `tfp.mcmc.potential_scale_reduction(draws)`, `[batch, dim]`, is near 1 where all found
    the same. Chains that start close together may agree too soon.

    Args:
        model: one with `log_joint`, such as `VAE`.
        x: `[batch, *event_shape]`, float32; images in [0, 1]. All of them at once: some hundreds.
        num_samples: of each chain, its steps: they depend on each other.
        num_chains: of each x, independent of each other but for the length of their steps; None for
            one, and no axis of chains.
        condition: for a model that has one: one for each example, or one for all.
        sampler: how the chains move.
        seed: int or int32 `(2,)` tensor; None for the model's own generator.
    Returns:
        `[num_samples, batch, dim]`, or `[num_samples, num_chains, batch, dim]`, float32.
    Raises:
        ValueError: a model that cannot say log p(z, x), bad x, numbers or conditions.

    Example:
        >>> model = tfgen.VAE.default((4,), latent_dim=2)
        >>> x = tf.round(model.sample(3, seed=0))
        >>> sample_posterior(model, x, 5, sampler=HMC(10, 2), seed=0).shape
        TensorShape([5, 3, 2])
        >>> import tensorflow_probability as tfp
        >>> draws = sample_posterior(model, x, 5, num_chains=4, sampler=HMC(10, 2), seed=0)
        >>> tfp.mcmc.potential_scale_reduction(draws).shape
        TensorShape([3, 2])
    """
    check_evaluable(model)
    check_count(num_samples, "num_samples")
    count = 1 if num_chains is None else check_count(num_chains, "num_chains")
    x = model.check(x)
    given = model.read_condition(condition, tf.shape(x)[0])
    start_seed, walk_seed = split_seed(model.seed_or_next(seed), 2)
    z = model.q(x, given).sample(count, seed=start_seed)
    draws = _posterior_draws(model, z, x, given, num_samples, sampler, walk_seed)
    return draws[:, 0] if num_chains is None else draws


@tf.function(jit_compile=True, autograph=False)
def _posterior_draws(
    model: Any, z: tf.Tensor, x: tf.Tensor, given: Any, num_samples: int, sampler: Any, seed: Any
) -> tf.Tensor:
    return sampler.draw(z, lambda z: model.log_joint(z, x, given), num_samples, seed)


def sample_predictive(
    model: LatentModel,
    x: ArrayLike,
    num_samples: int = 1,
    *,
    condition: ArrayLike | None = None,
    sampler: HMC = HMC(),
    seed: SeedLike | None = None,
) -> tf.Tensor:
    """Draws x' ~ p(x' | x) = int p(x' | z) p(z | x) dz: more of what x came from.

    Args:
        model, x, num_samples, condition, sampler, seed: as for `sample_posterior`.
    Returns:
        `[num_samples, batch, *event_shape]`, float32; images in [0, 1].
    Raises:
        ValueError: as for `sample_posterior`.
    """
    z_seed, x_seed = split_seed(model.seed_or_next(seed), 2)
    z = sample_posterior(model, x, num_samples, condition=condition, sampler=sampler, seed=z_seed)
    given = model.read_condition(condition, z.shape[1])
    return model.in_range(model.p(z, given).sample(seed=x_seed))


def check_evaluable(model: Any) -> None:
    """Checks that a model can say log p(z, x).

    Raises:
        ValueError: it cannot.
    """
    if not hasattr(model, "log_joint"):
        raise ValueError(
            "expected a latent-variable model that can say log p(z, x), such as a VAE."
            f" Received: a {type(model).__name__}"
        )
