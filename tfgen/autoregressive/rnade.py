"""RNADE, the real-valued neural autoregressive density estimator (Uria et al., 2013)."""

import math
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.autoregressive.rnade_loops import draw, sweep
from tfgen.core import check_count
from tfgen.core.typing import ShapeLike
from tfgen.distributions import ContinuousMixture, NormalMixture

tfd = tfp.distributions


class RNADE(AutoregressiveModel):
    """A density of real values whose conditionals are mixtures, their weights shared as NADE's.

    p(x_d | x_<d) = head(b_d + V_d h_d),  h_d = relu(rho_d a_d),  a_1 = c,  a_{d+1} = a_d + x_d W_d
    (Uria, Murray & Larochelle 2013). rho_d, learned, rescales a sum that grows with d.
    Vectors take any finite value, and want to be standardised; images are in [0, 1], and what is
    drawn outside is clipped. Densities are in nats. `log_prob` has a gradient by x, so that
    Hamiltonian Monte Carlo runs on `distribution()`.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        num_hidden: H, the hidden units.
        head: a `ContinuousMixture`: `NormalMixture(k)` and `LaplaceMixture(k)` are the paper's.
    Raises:
        ValueError: no hidden units, or another head.

    Example:
        >>> import numpy as np
        >>> from tfgen.distributions import LaplaceMixture
        >>> model = RNADE.default((3,), num_hidden=4, head=LaplaceMixture(2))
        >>> x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
        >>> model.log_prob(x).shape, model.sample(5, seed=0).shape
        (TensorShape([8]), TensorShape([5, 3]))
    """

    paper = "Uria, Murray & Larochelle 2013"
    num_uniforms = 2

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        num_hidden: int = 50,
        head: ContinuousMixture = NormalMixture(10),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.num_hidden = check_count(num_hidden, "num_hidden")
        if not isinstance(head, ContinuousMixture):
            raise ValueError(
                "expected head to be a mixture of densities, as NormalMixture(10)."
                f" Received: {head!r}"
            )
        self.head = head
        self._size = math.prod(self.event_shape)
        shape = (self._size, head.num_params, num_hidden)
        limit = max(self._size, num_hidden) ** -0.5

        def uniform(limit, number):
            return keras.initializers.RandomUniform(-limit, limit, seed=self.order_seed + number)

        self.input_weights = self.add_weight(shape[::2], uniform(limit, 0), name="input_weights")
        self.scales = self.add_weight(shape[:1], "ones", name="scales")
        self.hidden_bias = self.add_weight(shape[2:], uniform(limit, 1), name="hidden_bias")
        self.output_weights = self.add_weight(shape, uniform(limit, 2), name="output_weights")
        # Components that began equal would move alike.
        self.output_bias = self.add_weight(shape[:2], uniform(1.0, 3), name="output_bias")

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        num_hidden: int = 50,
        head: ContinuousMixture | None = None,
        **kwargs: Any,
    ) -> Self:
        """50 hidden units and mixtures of 10 normals.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            num_hidden: number of hidden units.
            head: the mixture of one dimension; None for `NormalMixture(10)`.
            **kwargs: the constructor's other arguments.
        """
        head = NormalMixture(10) if head is None else head
        return cls(event_shape=event_shape, num_hidden=num_hidden, head=head, **kwargs)

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": keras.optimizers.Adam(1e-3)}

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) for all d: one sweep over the dimensions.

        Args:
            x: `[batch, *event_shape]`, float32, any finite value; images in [0, 1].
            given: None, RNADE has no condition.
            training: not used, RNADE is the same in both.
        Returns:
            `tfd.Independent` over the event, of `tfd.MixtureSameFamily` conditionals.
        """
        params = sweep(tf.transpose(tf.reshape(x, (-1, self._size))), *self._parameters())
        *grid, channels = self.event_shape
        return self.head(tf.reshape(params, (-1, *grid, channels * params.shape[-1])))

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        low, high = (0.0, 1.0) if len(self.event_shape) == 3 else (-math.inf, math.inf)
        arrays = tf.transpose(uniforms, (1, 0, 2)), tf.transpose(x), tf.transpose(mask)
        return tf.transpose(draw(*arrays, low, high, self.head, *self._parameters()))

    def _parameters(self):
        return tuple(
            tf.convert_to_tensor(weight)
            for weight in (
                self.input_weights,
                self.scales,
                self.hidden_bias,
                self.output_weights,
                self.output_bias,
            )
        )
