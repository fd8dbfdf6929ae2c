"""What a diffusion model with a known schedule can say of p(x): a lower bound of its logarithm."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.core import example_seeds
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.bound import variational_bound
from tfgen.diffusion.model import DiffusionModel


class BoundedModel(DiffusionModel):
    """`elbo`, for `DDPM`."""

    density = "bound"

    def elbo(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_terms: int | None = None,
        batch_size: int | None = 256,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """The variational bound, -(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Eq. 5).

        L_0 is the discretized Gaussian of Eq. 13 where the model has `levels`, otherwise a
        Gaussian density. An unbiased estimate (see `variational_bound`): fewer terms are faster
        and noisier. Each example has draws of its own, so that `batch_size` changes nothing.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            num_terms: evaluations of the denoiser for each example, in 1..T; None for all T.
            batch_size: examples evaluated at a time; None for all.
            seed: as in `sample`.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples, `num_terms` is not in 1..T, `seed` is no seed,
                or a bad condition.
        """
        x = self.check(x)
        num_terms = self.schedule.num_steps if num_terms is None else num_terms
        if not 1 <= num_terms <= self.schedule.num_steps:
            raise ValueError(
                f"expected num_terms in 1..{self.schedule.num_steps}. Received: {num_terms!r}"
            )
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        bound = lambda x, seeds, given: self._elbo(x, num_terms, seeds, given)
        return in_batches(bound, batch_size, x, seeds, given)

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _elbo(self, x, num_terms, seeds, given):
        return variational_bound(self, x, num_terms, seeds=seeds, given=given)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`elbo` of all terms, beside those of the parent."""

        def elbo(x, seed, condition=None):
            return {"elbo": self.elbo(x, seed=seed, condition=condition)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        return {**super().signatures(), "elbo": (elbo, [x, seed, *self.condition_specs()])}
