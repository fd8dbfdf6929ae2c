"""MADE, the masked autoencoder for distribution estimation (Germain et al., 2015)."""

import math

import keras
import numpy as np
import tensorflow as tf

from tfgen.autoregressive.level_features import to_features
from tfgen.autoregressive.made_degrees import random_degrees, units_by_degree
from tfgen.autoregressive.made_loops import draw
from tfgen.autoregressive.order_ensemble import OrderEnsemble, random_orders, random_state
from tfgen.core import check_count
from tfgen.distributions import levels_head
from tfgen.layers import MaskedDense


class MADE(OrderEnsemble):
    """A perceptron whose masks leave each output only the inputs before it: one pass, no loop.

    Each hidden unit has a degree m from 1 to D - 1, at least the least one of the layer below. It
    sees the units below whose degree is at most its own, and dimensions count by their rank in the
    order; the d-th dimension's logits see the units whose degree is below d (Germain et al. 2015,
    Eq. 12-13). With several orders and masks the density is the mean of those of all pairs, and
    each training step takes one pair at random (their sections 4.2 and 4.3).

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        hidden: widths of the hidden layers, one or more; rectified linear units.
        num_masks: draws of the hidden units' degrees for each order.
        num_orders: orders of the dimensions: raster order, then random ones.
        levels: values of each dimension; level k is read as k / (levels - 1).
        direct: whether inputs are also connected to outputs directly.
        seed: int, decides orders and degrees.
    Raises:
        ValueError: no hidden layers, a size below 1, fewer than two levels, or a bad seed.
    """

    paper = "Germain et al. 2015"

    def __init__(
        self,
        *,
        event_shape,
        hidden=(500, 500),
        num_masks=1,
        num_orders=1,
        levels=2,
        direct=True,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.hidden = tuple(check_count(width, "every width of hidden") for width in hidden)
        check_count(len(self.hidden), "the number of hidden layers")
        self.num_masks = check_count(num_masks, "num_masks")
        self.num_orders = num_orders
        self.levels = levels
        self.direct = direct
        self.seed = seed
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)
        self._width = self._size * self.head.num_params
        generator = random_state(seed)
        orders = random_orders(num_orders, self._size, generator)
        self.orders = np.repeat(orders, num_masks, axis=0)
        self._ranks = np.argsort(self.orders, axis=1).astype("int32") + 1
        self._degrees = random_degrees(self.hidden, self.num_components, self._size, generator)
        self._units = tuple(units_by_degree(degrees, self._size) for degrees in self._degrees)
        self.hidden_layers = [
            MaskedDense(width, "relu", name=f"hidden_{i}") for i, width in enumerate(self.hidden)
        ]
        self.output_layer = MaskedDense(self._width, name="output")
        for layer, inputs in zip(
            (*self.hidden_layers, self.output_layer), (self._width, *self.hidden), strict=True
        ):
            layer.build((None, inputs))
        self.direct_layer = None
        if direct:
            self.direct_layer = MaskedDense(self._width, use_bias=False, name="direct")
            self.direct_layer.build((None, self._width))

    @classmethod
    def default(cls, event_shape, hidden=(500, 500), num_masks=1, num_orders=1, levels=2):
        """Two hidden layers and direct connections, as the paper's best model of binary digits.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            hidden: widths of the hidden layers; the paper's best are 8,000 each.
            num_masks: number of draws of the masks for each order; the paper's best is 32.
            num_orders: number of orders.
            levels: number of values of each dimension.
        """
        return cls(
            event_shape=event_shape,
            hidden=hidden,
            num_masks=num_masks,
            num_orders=num_orders,
            levels=levels,
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3)}

    def conditionals(self, x, training=False, component=0):
        """p_k(x_d | what comes before x_d in order k) for all d: one pass.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            training: not used, the network is the same in both.
            component: k = order * num_masks + mask, int or int32 scalar.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        features = to_features(tf.reshape(x, (-1, self._size)), self.levels)
        features = tf.reshape(features, (-1, self._width))
        ranks = tf.repeat(tf.gather(self._ranks, component), self.head.num_params)
        below, h = ranks, features
        for layer, degrees in zip(self.hidden_layers, self._degrees, strict=True):
            degrees = tf.gather(degrees, component)
            h = layer(h, below[:, tf.newaxis] <= degrees)
            below = degrees
        logits = tf.cast(self.output_layer(h, below[:, tf.newaxis] < ranks), tf.float32)
        if self.direct:
            direct = self.direct_layer(features, ranks[:, tf.newaxis] < ranks)
            logits += tf.cast(direct, tf.float32)
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * self.head.num_params)))

    def draw_along(self, uniforms, x, mask, component):
        shape = (self._size, self.head.num_params, -1)
        first, *upper = self.hidden_layers
        direct = tf.reshape(self.direct_layer.kernel, shape) if self.direct else None
        return draw(
            uniforms,
            x,
            mask,
            self.levels,
            component,
            self.orders,
            self._units,
            (tf.reshape(first.kernel, shape), tf.convert_to_tensor(first.bias)),
            tuple(
                (tf.transpose(layer.kernel), tf.convert_to_tensor(layer.bias)) for layer in upper
            ),
            (
                tf.reshape(tf.transpose(self.output_layer.kernel), (*shape[:2], self.hidden[-1])),
                tf.reshape(self.output_layer.bias, shape[:2]),
            ),
            direct,
        )
