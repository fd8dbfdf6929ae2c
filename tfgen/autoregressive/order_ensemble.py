"""Models of several orders: a mean of densities, each a product along an order of its own."""

import abc
import math
from numbers import Integral
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.distributions import invert_categorical

tfd = tfp.distributions


class OrderEnsemble(AutoregressiveModel):
    """p(x) = (1/K) sum_k p_k(x),  p_k(x) = prod_t p_k(x_{o_k(t)} | x_{o_k(1)}, ..., x_{o_k(t-1)}).

    An ensemble over orders (Uria et al. 2014). A mean of normalised densities is normalised, so
    `log_prob` and `sample` are exact. A family sets `orders`, and supplies the conditionals and the
    sampler of each component.

    Attributes:
        orders: int32 `[K, D]`, the dimensions in the order in which component k generates them.
    """

    orders: np.ndarray
    _order_name = "each order of the ensemble"

    @abc.abstractmethod
    def conditionals(
        self,
        x: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
        component: int | tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """The distributions p_k(x_d | what comes before x_d in order k) of all the dimensions.

        A family reads k by `read_component`.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels.
            given: what networks read of the conditions; None for a model without any.
            training: whether layers run as in training.
            component: k, int or int32 scalar. A mean of several densities has no conditionals of
                its own: None will do where there is one component.
        Returns:
            `tfd.Independent` over the event, batch shape `[batch]`, each conditional at the place
            of its own dimension; its `log_prob(x)` is log p_k(x).
        Raises:
            ValueError: no such component, or none named of several.
        """

    @abc.abstractmethod
    def draw_along(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        component: tf.Tensor,
        given: tf.Tensor | None = None,
        *,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Draws the dimensions along the components' orders, by inversion; see `compiled_draw`.

        Args:
            uniforms: `[batch, D]`, float32 in [0, 1), one number for each dimension.
            x: `[batch, D]`, values to keep, flattened.
            mask: `[batch, D]`, 1 where x is kept and 0 where a value is drawn.
            component: int32 `[batch]`, each example's own k.
            given: what networks read of the conditions; None for a model without any.
            batch_size: the most examples of one call, which `compiled_draw` reads.
        Returns:
            `[batch, D]`, float32, the dimensions in raster order.
        """

    @property
    def num_components(self) -> int:
        """K, the number of densities of which p(x) is the mean."""
        return len(self.orders)

    def read_component(self, component: int | tf.Tensor | None) -> int | tf.Tensor:
        """The k of `conditionals`: what is given, or the only one that there is.

        Raises:
            ValueError: no such component, or none named of several.
        """
        count = self.num_components
        if component is None and count == 1:
            return 0
        known = tf.get_static_value(component) if tf.is_tensor(component) else component
        if component is None or (known is not None and not 0 <= known < count):
            raise ValueError(
                f"expected component from 0 to {count - 1}: each of the {count} densities has"
                f" conditionals of its own. Received: {component!r}"
            )
        return component

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        x, given = self.read_inputs(inputs)
        return self._mean_log_prob(x, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _log_prob(self, x, given):
        return self._mean_log_prob(x, given)

    def _mean_log_prob(self, x, given):
        return tfp.math.reduce_logmeanexp(self._component_log_probs(x, given), axis=0)

    def negative_log_likelihood(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x), in nats, the mean over the batch.

        In training it is -log p_k(x) of one component, drawn for the step: on average no less than
        -log p(x), by Jensen's inequality, and equal to it where there is one component.
        """
        x, given = (*batch, None)[:2]
        if training:
            component = tf.random.stateless_uniform(
                (), seed, maxval=self.num_components, dtype=tf.int32
            )
            log_prob = self.conditionals(x, given, True, component).log_prob(x)
        else:
            log_prob = self._mean_log_prob(x, given)
        return {"negative_log_prob": -tf.reduce_mean(log_prob)}

    def draw(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        given: tf.Tensor | None = None,
        *,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Picks a component for each example, and draws along its order.

        Args:
            uniforms: `[batch, D + 1]`, float32 in [0, 1), the last number for the component.
            x, mask: see `draw_along`.
            given, batch_size: see `draw_along`.
        """
        logits = tf.zeros((tf.shape(x)[0], self.num_components))
        component = invert_categorical(logits, uniforms[:, -1])
        return self.draw_along(uniforms[:, :-1], x, mask, component, given, batch_size=batch_size)

    def complete(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Draws the masked-out dimensions of x from p(x_masked | x_kept), exactly.

        Exact means: in every order, each dimension that is kept comes before each one that is
        drawn. The example's component is then drawn by p(k | x_kept), proportional to p_k(x_kept).

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels; whatever stands
                where the mask is 0 is not looked at.
            mask: 1 where x is kept and 0 where it is drawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: for a model that has one: one for each example, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
        Returns:
            `[batch, *event_shape]`, x where the mask is 1.
        Raises:
            ValueError: a mask with a kept dimension after a drawn one in some order, or a bad x.
        """
        return super().complete(x, mask, condition=condition, seed=seed)

    def _uniforms(self, num_samples, seed):
        shape = (num_samples, math.prod(self.event_shape) + 1)
        return tf.random.stateless_uniform(shape, seed)

    def _draw_rest(self, uniforms, x, mask, given):
        images = tf.reshape(x, (-1, *self.event_shape))
        logits = tf.transpose(self._component_log_probs(images, given, mask))
        component = tf.maximum(invert_categorical(logits, uniforms[:, -1]), 0)
        return self.draw_along(uniforms[:, :-1], x, mask, component, given)

    def _mask_orders(self):
        return np.unique(self.orders, axis=0)

    def _component_log_probs(self, x, given, kept=None):
        """log p_k of the kept dimensions of x (of all of them by default), `[K, batch]`."""

        def log_prob(component):
            each = self.conditionals(x, given, component=component).distribution.log_prob(x)
            each = tf.reshape(each, (-1, self.orders.shape[1]))
            return tf.reduce_sum(each if kept is None else tf.where(kept > 0, each, 0.0), axis=1)

        if self.num_components == 1:
            return log_prob(0)[tf.newaxis]
        # One after the other: only one component's activations are in memory.
        components = tf.range(self.num_components)
        return tf.map_fn(
            log_prob, components, fn_output_signature=tf.float32, parallel_iterations=1
        )


def random_orders(num_orders: int, size: int, generator: np.random.RandomState) -> np.ndarray:
    """Raster order, and random permutations.

    Args:
        num_orders: number of orders, at least 1; order 0 is raster order.
        size: D, the number of dimensions.
        generator: a `random_state`.
    Returns:
        int32 `[num_orders, size]`.
    """
    others = [generator.permutation(size) for _ in range(num_orders - 1)]
    return np.stack([np.arange(size), *others]).astype("int32")


def random_state(seed: int) -> np.random.RandomState:
    """NumPy's frozen generator: a saved model finds its orders again under any version of NumPy.

    Args:
        seed: int from 0 to 2^32 - 1.
    Raises:
        ValueError: anything else.
    """
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise ValueError(f"expected seed to be an int from 0 to 2**32 - 1. Received: {seed!r}")
    return np.random.RandomState(seed)
