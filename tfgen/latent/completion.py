"""Examples with missing parts, completed by a latent-variable model."""

import abc
from typing import Any

import tensorflow as tf

from tfgen.core import Configured, check_count, check_spec, fold_in, split_seed
from tfgen.core.checks import check_mask
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.latent.model import LatentModel
from tfgen.latent.posterior_sampling import HMC, check_evaluable


class Completion(Configured, abc.ABC):
    """How the missing part of x is drawn."""

    @abc.abstractmethod
    def fill(
        self, model: LatentModel, x: tf.Tensor, kept: tf.Tensor, given: Any, seed: tf.Tensor
    ) -> tf.Tensor:
        """Draws x where it is not kept, without checks.

        Args:
            model: one with `log_joint`.
            x: `[batch, *event_shape]`, 0 where it is not kept.
            kept: bool, of that shape.
            given: what the networks read of the conditions, `[batch, ...]`.
            seed: int32 `(2,)`.
        Returns:
            Of the shape of x, which stays as it is where it is kept.
        """


class PseudoGibbs(Completion):
    """Alternates z ~ q(z | x) and x_missing ~ p(x | z)  (Rezende et al. 2014, Appendix F).

    Exact in the limit where q(z | x) is p(z | x), and near it by as much as q is; it starts from
    x_missing of a draw of the model.

    Args:
        num_steps: alternations.
    """

    def __init__(self, num_steps: int = 100) -> None:
        self.num_steps = check_count(num_steps, "num_steps")

    def fill(
        self, model: LatentModel, x: tf.Tensor, kept: tf.Tensor, given: Any, seed: tf.Tensor
    ) -> tf.Tensor:
        return _alternate(model, x, kept, given, tf.constant(self.num_steps), seed)


class FromPosterior(Completion):
    """Draws z ~ p(z | x_kept) by Hamiltonian Monte Carlo, then x_missing ~ p(x | z).

    Exact in the limit of a long chain, whatever q is: p(x | z) is independent over dimensions, so
    that log p(x_kept | z) is a sum over those that are kept.

    Args:
        sampler: how the chains move; each is as long as its burn-in.
    """

    def __init__(self, sampler: HMC = HMC()) -> None:
        self.sampler = sampler

    def fill(
        self, model: LatentModel, x: tf.Tensor, kept: tf.Tensor, given: Any, seed: tf.Tensor
    ) -> tf.Tensor:
        start_seed, walk_seed, x_seed = split_seed(seed, 3)
        z = model.prior_distribution().sample((1, x.shape[0]), seed=start_seed)
        z = _from_posterior(model, z, x, kept, given, self.sampler, walk_seed)
        return tf.where(kept, x, model.p(z, given).sample(seed=x_seed))


def complete(
    model: LatentModel,
    x: ArrayLike,
    mask: ArrayLike,
    *,
    condition: ArrayLike | None = None,
    method: Completion = PseudoGibbs(),
    seed: SeedLike | None = None,
) -> tf.Tensor:
    """Draws the masked-out dimensions of x, about from p(x_masked | x_kept).

    Args:
        model: one that can say log p(z, x), such as `VAE`.
        x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels; whatever stands where
            the mask is 0 is not looked at.
        mask: 1 where x is kept and 0 where it is drawn, `[batch, *event_shape]` or `event_shape`.
        condition: for a model that has one: one for each example, or one for all.
        method: `PseudoGibbs()`, fast, or `FromPosterior()`, exact in its limit.
        seed: int or int32 `(2,)` tensor; None for the model's own generator.
    Returns:
        `[batch, *event_shape]`, x where the mask is 1; images in [0, 1].
    Raises:
        ValueError: a bad model, mask, x or condition.

    Example:
        >>> model = tfgen.VAE.default((4, 4, 1), latent_dim=2)
        >>> x, mask = tf.round(model.sample(3, seed=0)), np.zeros((4, 4, 1))
        >>> mask[:2] = 1  # The upper half is kept.
        >>> bool(tf.reduce_all(complete(model, x, mask, seed=0)[:, :2] == x[:, :2]))
        True
    """
    check_evaluable(model)
    x = tf.convert_to_tensor(x)
    check_spec(tf.TensorSpec(x.shape, x.dtype), model.event_shape)
    kept = tf.broadcast_to(check_mask(mask, x.shape), tf.shape(x))
    x = model.check(tf.where(kept, x, tf.zeros_like(x)))
    given = model.read_condition(condition, tf.shape(x)[0])
    return model.in_range(method.fill(model, x, kept, given, model.seed_or_next(seed)))


@tf.function(reduce_retracing=True, autograph=False)
def _alternate(model, x, kept, given, num_steps, seed):
    start_seed, z_seed, x_seed = split_seed(seed, 3)

    def decoded(z, seed):
        return tf.where(kept, x, model.p(z, given).sample(seed=seed))

    def step(t, full):
        z = model.q(full, given).sample(seed=fold_in(z_seed, t))
        return t + 1, tf.ensure_shape(decoded(z, fold_in(x_seed, t)), x.shape)

    z = model.prior_distribution().sample(tf.shape(x)[0], seed=start_seed)
    start = tf.ensure_shape(decoded(z, fold_in(x_seed, num_steps)), x.shape)
    # One after the other: TensorFlow's fused bfloat16 convolutions crash otherwise.
    return tf.while_loop(lambda t, _: t < num_steps, step, [0, start], parallel_iterations=1)[1]


@tf.function(jit_compile=True, autograph=False)
def _from_posterior(model, z, x, kept, given, sampler, seed):
    axes = list(range(-len(model.event_shape), 0))

    def log_density(z):
        log_prob = model.p(z, given).distribution.log_prob(x)
        known = tf.reduce_sum(tf.where(kept, log_prob, 0.0), axis=axes)
        return model.prior_distribution().log_prob(z) + known

    return sampler.draw(z, log_density, 1, seed)[0, 0]
