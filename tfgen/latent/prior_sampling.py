"""Models that draw x by way of a prior of its code."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.core import SamplingModel, split_seed
from tfgen.distributions import Prior
from tfgen.latent.encoding_model import EncodingModel


class PriorSamplingModel(EncodingModel, SamplingModel):
    """An encoding model with a prior p(z): x ~ p(x | z), z ~ p(z).

    A family supplies `draw_prior`, and stores `prior`.
    """

    prior: Prior

    @property
    def latent_dim(self) -> int:
        return self.prior.dim

    @abc.abstractmethod
    def draw_prior(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws z ~ p(z), or of p(z) given the conditions where it depends on them.

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int32 `(2,)`.
            given: what networks read of the conditions, `[num_samples, ...]`; None without any.
        Returns:
            `[num_samples, latent_dim]`, float32.
        """

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws z from the prior, then x ~ p(x | z)."""
        return self._generate(tf.cast(num_samples, tf.int32), seed, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, num_samples, seed, given):
        z_seed, x_seed = split_seed(seed, 2)
        z = self.draw_prior(num_samples, z_seed, given)
        of_codes = given if self.codes_take_condition else None
        return self.in_range(self.p(z, of_codes).sample(seed=x_seed))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        return {**SamplingModel.signatures(self), **EncodingModel.signatures(self)}
