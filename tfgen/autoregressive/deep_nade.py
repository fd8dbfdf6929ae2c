"""DeepNADE, trained for all orders of the dimensions at once (Uria, Murray & Larochelle, 2014)."""

import math
from collections.abc import Sequence
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive import deep_nade_loops
from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.level_features import to_features
from tfgen.autoregressive.marginal_start import MarginalStart
from tfgen.autoregressive.order_ensemble import OrderEnsemble, random_orders, random_state
from tfgen.core import Adam, split_seed
from tfgen.core.size_checks import check_parts, check_size_list
from tfgen.core.typing import ArrayLike, SeedLike, ShapeLike
from tfgen.distributions import LaplaceWeights, WeightPrior, levels_head
from tfgen.networks import mlp

tfd = tfp.distributions


class DeepNADE(MarginalStart, OrderEnsemble):
    """One network for the conditionals of every order: p(x_d | x_known) for any known dimensions.

    p(x_d | x_known) = head(b_d + V_d f(relu(a))),  a = c + sum_{j known} (W_j x_j + M_j)
    (Uria et al. 2014: the network reads what is known of x, and which dimensions are). Each order
    has a density of its own; p(x) is the mean of those of `num_orders` orders (EoNADE). Binary
    dimensions enter as they are and leave as one logit; with more levels they enter one-hot and
    leave as a softmax.

    A training step takes one pass. One order of `log_prob` or `sample` takes D passes, for each
    dimension knows more than the last: O(D F) time an example, F the cost of f, O(H^2) for hidden
    layers of H units.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        network: f, the hidden layers above the first: a Keras model, `[batch, H1]` to
            `[batch, H]`, where H1 units are the first hidden layer's.
        num_orders: orders whose densities p(x) is the mean of, random ones: training sees what is
            known at random places, and seldom a beginning of raster order.
        levels: values of each dimension; level k is read as k / (levels - 1).
        seed: int, decides the orders.
        weight_prior: of all matrices, a penalty that is divided by the number of training examples
            (see `PenalizedModel`); None for none.
        marginal_start: whether the first `fit` starts b at the frequencies of its examples (see
            `MarginalStart`).
    Raises:
        ValueError: a network of other ranks, no orders, fewer than two levels, or a bad seed.

    Example:
        >>> import numpy as np
        >>> model = DeepNADE.default((4,), hidden=(8, 8))
        >>> x = np.float32([[1, 0, 1, 0]])
        >>> model.complete(x, [0, 1, 0, 1], seed=0)[0, 1::2].numpy()  # any mask will do
        array([0., 0.], dtype=float32)
        >>> model.log_prob(x).shape, model.sample(3, seed=0).shape
        (TensorShape([1]), TensorShape([3, 4]))
    """

    paper = "Uria et al. 2014"

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        network: keras.Model,
        num_orders: int = 1,
        levels: int = 2,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        shapes = network.input_shape, network.output_shape
        if [len(shape) for shape in shapes] != [2, 2]:
            raise ValueError(
                "expected the network to map [batch, H1] to [batch, H]. Received: "
                f"{shapes[0]} to {shapes[1]}"
            )
        self.event_shape = tuple(event_shape)
        self.network = network
        self.num_orders = num_orders
        self.levels = levels
        self.seed = seed
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)
        check_parts(num_orders=num_orders)
        # Of these the first one is raster order.
        self.orders = random_orders(num_orders + 1, self._size, random_state(seed))[1:]
        D, P, (first, last) = self._size, self.head.num_params, (shape[-1] for shape in shapes)
        limit = lambda inputs, units: math.sqrt(6 / (inputs + units))
        uniform = lambda *size: keras.initializers.RandomUniform(-limit(*size), limit(*size))
        below, above = (D * (P + 1), first), (last, D * P)
        self.input_weights = self.add_weight((D, P, first), uniform(*below), name="input_weights")
        self.known_weights = self.add_weight((D, first), uniform(*below), name="known_weights")
        self.hidden_bias = self.add_weight((first,), "zeros", name="hidden_bias")
        self.output_weights = self.add_weight((D, P, last), uniform(*above), name="output_weights")
        self.output_bias = self.add_weight((D, P), "zeros", name="output_bias")
        outer = (self.input_weights, self.known_weights, self.output_weights)
        between = [w for w in network.trainable_variables if len(w.shape) > 1]
        self._give_prior(self.weight_prior, *outer, *between)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        hidden: Sequence[int] = (500, 500),
        num_orders: int = 1,
        levels: int = 2,
        weight_prior: WeightPrior | None = LaplaceWeights(1.0),
        **kwargs: Any,
    ) -> Self:
        """The paper's model of binary digits: two layers of 500 rectified linear units.

        The paper trains by gradient descent with momentum and weight decay, and averages up to 128
        orders; its authors' programs start at the training set's frequencies, as we do. A Laplace
        prior of the weights and Adam are ours, and there is one order, for the sake of time.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            hidden: widths of the hidden layers, one or more.
            num_orders: number of orders whose densities are averaged.
            levels: number of values of each dimension.
            weight_prior: of the weights, or None.
            **kwargs: the constructor's other arguments.
        """
        hidden = check_size_list(hidden, "hidden", least=1)
        if len(hidden) == 1:
            inputs = keras.Input(hidden)
            network = keras.Model(inputs, keras.layers.Identity()(inputs), name="hidden")
        else:
            network = mlp(hidden[:1], hidden[1:-1], hidden[-1:], "relu", "relu", name="hidden")
        return cls(
            event_shape=event_shape,
            network=network,
            num_orders=num_orders,
            levels=levels,
            weight_prior=weight_prior,
            **kwargs,
        )

    @property
    def _logits_bias(self):
        return self.output_bias

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": Adam(1e-3)}

    def conditionals_from(
        self, x: tf.Tensor, known: tf.Tensor, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_known) of all the dimensions, by one pass; of no use where d is known itself.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels; what is not known is not
                looked at.
            known: `[batch, *event_shape]`, float32, 1 where x is known and 0 elsewhere.
            training: passed on to the network.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` distributions.
        """
        features, known = self._features(x), tf.reshape(known, (-1, self._size))
        h = tf.nn.relu(deep_nade_loops.known_sums(features, known, *self._lower()))
        h = tf.cast(self.network(h, training=training), tf.float32)
        logits = tf.einsum("bh,dph->bdp", h, self.output_weights) + self.output_bias
        return self._distribution(logits)

    def order_agnostic_loss(
        self, x: tf.Tensor, known: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """D / (D - d + 1) times the sum of -log p(x_j | x_known) over the D - d + 1 unknown j.

        With d uniform from 1 to D, and the first d - 1 dimensions of a uniformly random order
        known, its expectation is the mean of -log p_order(x) over all D! orders (Uria et al. 2014).

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            known: `[batch, *event_shape]`, float32, 1 where x is known, 0 somewhere.
            training: passed on to the network.
        Returns:
            `[batch]`, in nats.
        """
        unknown = tf.reshape(1 - known, (-1, self._size))
        each = self.conditionals_from(x, known, training).distribution.log_prob(x)
        total = tf.reduce_sum(unknown * tf.reshape(each, (-1, self._size)), axis=1)
        return -total * self._size / tf.reduce_sum(unknown, axis=1)

    def negative_log_likelihood(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """An unbiased estimate of -log p_order(x), in nats, the mean over all orders and the batch.

        In training and in evaluation alike: one pass, with an order and a number of known
        dimensions drawn for each example (see `order_agnostic_loss`). It is no less, on average,
        than what an ensemble of random orders would have. The exact -log p(x) under this model's
        own orders takes D passes an order, and is `-log_prob(x)`.
        """
        (x,) = batch
        order_seed, number_seed = split_seed(seed, 2)
        num_examples = tf.shape(x)[0]
        shuffled = tf.random.stateless_uniform((num_examples, self._size), order_seed)
        number = tf.random.stateless_uniform(
            (num_examples, 1), number_seed, maxval=self._size, dtype=tf.int32
        )
        ranks = tf.argsort(tf.argsort(shuffled, axis=1), axis=1)
        known = tf.reshape(tf.cast(ranks < number, tf.float32), tf.shape(x))
        return {"negative_log_prob": tf.reduce_mean(self.order_agnostic_loss(x, known, training))}

    def conditionals(
        self,
        x: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
        component: int | tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """p_k(x_d | what comes before x_d in order k) for all d: D passes, one compiled loop.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            given: None, DeepNADE has no condition.
            training: not used: these are the conditionals of the network as it is evaluated.
            component: k, int or int32 scalar; None where there is one.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        order = tf.gather(self.orders, self.read_component(component))
        logits = deep_nade_loops.sweep(self.network, self._features(x), order, *self._parameters())
        return self._distribution(logits)

    @compiled_draw
    def draw_along(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        component: tf.Tensor,
        given: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """See `OrderEnsemble`; the kept dimensions come first, whatever the component's order."""
        order = tf.gather(self.orders, component)
        return deep_nade_loops.draw(
            self.network, uniforms, x, mask, order, self.levels, *self._parameters()
        )

    def complete(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Draws the masked-out dimensions of x given the kept ones, whichever they are.

        They are drawn along an order chosen for each example: the kept dimensions, then the others
        as in the model's first order. The draw is exact for the density of that order. Each order
        has a density of its own, and they agree only as far as training has made them: it is
        p(x_masked | x_kept) of `log_prob` itself where that order is the model's one and only.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels; whatever stands where the
                mask is 0 is not looked at.
            mask: 1 where x is kept and 0 where it is drawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: None, there is no condition.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
        Returns:
            `[batch, *event_shape]`, x where the mask is 1.
        Raises:
            ValueError: a mask of another shape, or a bad x.
        """
        return super().complete(x, mask, condition=condition, seed=seed)

    def _mask_orders(self):
        """None: any mask will do."""
        return ()

    def _draw_rest(self, uniforms, x, mask, given):
        return self.draw_along(uniforms[:, :-1], x, mask, tf.zeros(tf.shape(x)[:1], tf.int32))

    def _features(self, x):
        return to_features(tf.reshape(x, (-1, self._size)), self.levels)

    def _lower(self):
        return _values((self.input_weights, self.known_weights, self.hidden_bias))

    def _parameters(self):
        network = self.network.trainable_variables, self.network.non_trainable_variables
        output = _values((self.output_weights, self.output_bias))
        return tuple(map(_values, network)), self._lower(), output

    def _distribution(self, logits):
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * self.head.num_params)))


def _values(variables):
    return tuple(tf.convert_to_tensor(variable) for variable in variables)
