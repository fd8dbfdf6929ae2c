"""MADE, the masked autoencoder for distribution estimation (Germain et al., 2015)."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive import made_loops
from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.level_features import to_features
from tfgen.autoregressive.made_degrees import random_degrees, units_by_degree
from tfgen.autoregressive.marginal_start import MarginalStart
from tfgen.autoregressive.order_ensemble import OrderEnsemble, random_orders, random_state
from tfgen.core import Adam
from tfgen.core.size_checks import check_parts, check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.distributions import LaplaceWeights, WeightPrior, levels_head
from tfgen.layers import MaskedDense

tfd = tfp.distributions


class MADE(MarginalStart, OrderEnsemble):
    """A perceptron that connects each output only to the inputs before it: one pass, no loop.

    Each hidden unit has a degree m from 1 to D - 1, at least the least one of the layer below. It
    sees the units below whose degree is at most its own, and dimensions count by their rank in the
    order; the d-th dimension's logits see the units whose degree is below d (Germain et al. 2015,
    Eq. 12-13). The paper says by masks of the weights what is connected. With several orders and
    draws of the degrees the density is the mean of those of all pairs, and each training step
    takes one pair at random (their sections 4.2 and 4.3).

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        hidden: widths of the hidden layers, one or more; rectified linear units.
        num_masks: draws of the hidden units' degrees for each order.
        num_orders: orders of the dimensions: raster order, then random ones.
        levels: values of each dimension; level k is read as k / (levels - 1).
        direct: whether inputs are also connected to outputs directly.
        seed: int, decides orders and degrees.
        weight_prior: of the hidden layers' W and V, a penalty that is divided by the number of
            training examples (see `PenalizedModel`); None for none.
        direct_prior: of the direct connections' weights, as `weight_prior`.
        marginal_start: whether the first `fit` starts the logits' bias at the frequencies of its
            examples (see `MarginalStart`).
    Raises:
        ValueError: no hidden layers, a size below 1, fewer than two levels, or a bad seed.

    Example:
        >>> model = MADE.default((2, 2, 1), hidden=(8, 8), num_orders=2)
        >>> model.orders
        array([[0, 1, 2, 3],
               [2, 3, 1, 0]], dtype=int32)
        >>> x = model.sample(5, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([5, 2, 2, 1]), TensorShape([5]))
    """

    paper = "Germain et al. 2015"

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        hidden: Sequence[int] = (500, 500),
        num_masks: int = 1,
        num_orders: int = 1,
        levels: int = 2,
        direct: bool = True,
        direct_prior: WeightPrior | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        check_parts(num_masks=num_masks, num_orders=num_orders)
        self.hidden = check_size_list(hidden, "hidden", least=1)
        self.num_masks = num_masks
        self.num_orders = num_orders
        self.levels = levels
        self.direct = direct
        self.direct_prior = direct_prior
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
        policy = self.dtype_policy
        self.hidden_layers = [
            MaskedDense(width, "relu", name=f"hidden_{i}", dtype=policy)
            for i, width in enumerate(self.hidden)
        ]
        self.output_layer = MaskedDense(self._width, name="output", dtype=policy)
        for layer, inputs in zip(
            (*self.hidden_layers, self.output_layer), (self._width, *self.hidden), strict=True
        ):
            layer.build((None, inputs))
        self.direct_layer = None
        if direct:
            self.direct_layer = MaskedDense(
                self._width, use_bias=False, name="direct", dtype=policy
            )
            self.direct_layer.build((None, self._width))
            self._give_prior(direct_prior, self.direct_layer.kernel)
        self._give_prior(
            self.weight_prior, *(layer.kernel for layer in (*self.hidden_layers, self.output_layer))
        )

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        hidden: Sequence[int] = (500, 500),
        num_masks: int = 1,
        num_orders: int = 1,
        levels: int = 2,
        weight_prior: WeightPrior | None = LaplaceWeights(0.25),
        direct_prior: WeightPrior | None = LaplaceWeights(0.33),
        **kwargs: Any,
    ) -> Self:
        """Two hidden layers and direct connections, as the paper's best model of binary digits.

        The paper regularises by drawing orders and masks and by stopping early, 30 epochs after
        the best one on validation data, and chooses their numbers there; its updates are Adagrad's
        or Adadelta's, by batches of 100. The priors of the weights, that of the direct ones as
        `FVSBN` has it, and Adam are ours, and by default there is one order, so that `complete`
        takes any mask that is a beginning of raster order.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            hidden: widths of the hidden layers; the paper's best are 8,000 each.
            num_masks: draws of the hidden units' degrees for each order; the paper's best is 32.
            num_orders: number of orders.
            levels: number of values of each dimension.
            weight_prior: of the hidden layers' weights, or None.
            direct_prior: of the direct connections' weights, or None.
            **kwargs: the constructor's other arguments.
        """
        return cls(
            event_shape=event_shape,
            hidden=hidden,
            num_masks=num_masks,
            num_orders=num_orders,
            levels=levels,
            weight_prior=weight_prior,
            direct_prior=direct_prior,
            **kwargs,
        )

    @property
    def _logits_bias(self):
        return self.output_layer.bias

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": Adam(3e-3)}

    def conditionals(
        self,
        x: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
        component: int | tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """p_k(x_d | what comes before x_d in order k) for all d: one pass.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            given: None, MADE has no condition.
            training: not used, the network is the same in both.
            component: k, int or int32 scalar: order i with its draw j of the degrees is
                i * num_masks + j; None where there is one.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        features = to_features(tf.reshape(x, (-1, self._size)), self.levels)
        features = tf.reshape(features, (-1, self._width))
        component = self.read_component(component)
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

    def _num_idle_weights(self):
        """What no component's masks let through, or what ends in units that nothing reads."""
        ranks = np.repeat(self._ranks, self.head.num_params, axis=1)
        layers = [ranks, *self._degrees]
        masks = [a[:, :, np.newaxis] <= b[:, np.newaxis] for a, b in itertools.pairwise(layers)]
        masks.append(layers[-1][:, :, np.newaxis] < ranks[:, np.newaxis])
        read, num_idle = np.ones_like(ranks, bool), 0
        # From the top down: a unit is read where one that sees it is.
        for mask in reversed(masks):
            acts = mask & read[:, np.newaxis]
            num_idle += np.sum(~acts.any(axis=0)) + np.sum(~read.any(axis=0))
            read = acts.any(axis=2)
        if self.direct:
            num_idle += np.sum(~(ranks[:, :, np.newaxis] < ranks[:, np.newaxis]).any(axis=0))
        return int(num_idle)

    @compiled_draw
    def draw_along(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        component: tf.Tensor,
        given: tf.Tensor | None = None,
    ) -> tf.Tensor:
        shape = (self._size, self.head.num_params, -1)
        first, *upper = self.hidden_layers
        direct = tf.reshape(self.direct_layer.kernel, shape) if self.direct else None
        return made_loops.draw(
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
