"""A latent vector in layers, each given those above it."""

from collections.abc import Callable, Sequence

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class TopDown(tfd.Distribution):
    """p(z) = prod_l p(z_l | z_1, ..., z_{l-1}), z = (z_1, ..., z_L), the top layer z_1 first.

    Args:
        dims: size of each layer.
        top: p(z_1), event shape `[dims[0]]`.
        conditionals: for every further layer, `above -> p(z_l | above)`: of the layers above it,
            side by side, `[..., dims[0] + ... ]`, a distribution of batch shape `[...]`.
    """

    def __init__(
        self,
        dims: Sequence[int],
        top: tfd.Distribution,
        conditionals: Sequence[Callable[[tf.Tensor], tfd.Distribution]],
        name: str = "TopDown",
    ) -> None:
        parameters = dict(locals())
        self.dims = tuple(dims)
        self.top = top
        self.conditionals = tuple(conditionals)
        super().__init__(
            dtype=top.dtype,
            reparameterization_type=top.reparameterization_type,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def layers(self, z: tf.Tensor) -> list[tuple[tfd.Distribution, tf.Tensor]]:
        """Each layer's distribution given the layers above it in z, and its part of z.

        Args:
            z: `[..., sum(dims)]`.
        """
        parts = tf.split(z, self.dims, axis=-1)
        found = [(self.top, parts[0])]
        above = parts[0]
        for conditional, part in zip(self.conditionals, parts[1:], strict=True):
            found.append((conditional(above), part))
            above = tf.concat((above, part), axis=-1)
        return found

    def descend(self, draw: Callable[[tfd.Distribution, int], tf.Tensor]) -> tf.Tensor:
        """z, layer by layer: `draw(p(z_l | above), l)`, l from 0, gives the next one."""
        z = draw(self.top, 0)
        for index, conditional in enumerate(self.conditionals, start=1):
            z = tf.concat((z, draw(conditional(z), index)), axis=-1)
        return z

    def _batch_shape(self):
        return self.top.batch_shape

    def _batch_shape_tensor(self, **kwargs):
        return self.top.batch_shape_tensor()

    def _event_shape(self):
        return tf.TensorShape([sum(self.dims)])

    def _event_shape_tensor(self, **kwargs):
        return tf.constant([sum(self.dims)], tf.int32)

    def _sample_n(self, n, seed=None):
        seeds = tf.random.experimental.stateless_split(
            tfp.random.sanitize_seed(seed), len(self.dims)
        )
        # Below the top a distribution has the samples among its batch axes.
        return self.descend(lambda p, layer: p.sample(*(() if layer else (n,)), seed=seeds[layer]))

    def _log_prob(self, z):
        return tf.add_n([p.log_prob(part) for p, part in self.layers(z)])
