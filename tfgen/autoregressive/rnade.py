"""RNADE, the real-valued neural autoregressive density estimator (Uria et al., 2013)."""

import math
from statistics import NormalDist
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.penalized_model import PenalizedModel
from tfgen.autoregressive.rnade_loops import draw, sweep
from tfgen.core import Adam, first_examples
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.distributions import ContinuousMixture, NormalMixture, NormalWeights, WeightPrior
from tfgen.layers import Standardize

tfd = tfp.distributions

# Small: the conditionals begin as the output bias has them.
_OUTPUT_LIMIT = 0.02
_SPREAD = 0.6


class RNADE(PenalizedModel):
    """A density of real values whose conditionals are mixtures, their weights shared as NADE's.

    p(x_d | x_<d) = head(b_d + V_d h_d),  h_d = relu(rho_d a_d),  a_1 = c,  a_{d+1} = a_d + x_d W_d
    (Uria, Murray & Larochelle 2013). rho_d, learned, rescales a sum that grows with d.
    With a layer `standardize` all of this is about z = standardize(x), and the density of x has the
    layer's Jacobian; x may then have any units. The first `fit` adapts the layer to its training
    examples (see `adapt`). Densities are in nats, and of x. `log_prob` has a gradient by x, so that
    Hamiltonian Monte Carlo runs on `distribution()`.

    Events are vectors of any finite values. Images are refused: theirs are levels in [0, 1], of
    which the mixtures have an unknown part of their mass outside; draws that are clipped would not
    follow the density, and the density of levels has no bound. Models with `levels` have neither
    defect. The paper's image patches are standardised vectors.

    Args:
        event_shape: `(d,)`.
        num_hidden: H, the hidden units.
        head: a `ContinuousMixture`: `NormalMixture(k)` and `LaplaceMixture(k)` are the paper's.
        standardize: a `Standardize` layer of this event shape; None to read x as it is.
        weight_prior: of W and V (see `PenalizedModel`).
    Raises:
        ValueError: events that are no vectors, no hidden units, another head, or a layer of another
            event shape.

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
        standardize: Standardize | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        if len(self.event_shape) != 1 or not self.event_shape[0] > 0:
            raise ValueError(
                "expected event_shape (d,): RNADE is a density of real vectors. Images are for a"
                " model with levels, such as NADE or PixelCNNPlusPlus."
                f" Received: {self.event_shape}"
            )
        check_sizes(num_hidden=num_hidden)
        self.num_hidden = num_hidden
        if not isinstance(head, ContinuousMixture):
            raise ValueError(
                "expected head to be a mixture of densities, as NormalMixture(10)."
                f" Received: {head!r}"
            )
        self.head = head
        if standardize is not None and standardize.event_shape != self.event_shape:
            raise ValueError(
                f"expected standardize to be a Standardize({self.event_shape})."
                f" Received: {standardize!r}"
            )
        self.standardize = standardize
        self._size = math.prod(self.event_shape)
        shape = (self._size, head.num_params, num_hidden)
        limit = max(self._size, num_hidden) ** -0.5

        def uniform(limit, number):
            return keras.initializers.RandomUniform(-limit, limit, seed=self.order_seed + number)

        self.input_weights = self.add_weight(shape[::2], uniform(limit, 0), name="input_weights")
        self.scales = self.add_weight(shape[:1], "ones", name="scales")
        self.hidden_bias = self.add_weight(shape[2:], uniform(limit, 1), name="hidden_bias")
        self.output_weights = self.add_weight(
            shape, uniform(_OUTPUT_LIMIT, 2), name="output_weights"
        )
        self.output_bias = self.add_weight(shape[:2], "zeros", name="output_bias")
        self._give_prior(self.weight_prior, self.input_weights, self.output_weights)
        # Components that began equal would move alike.
        self.output_bias.assign(np.tile(_near_normal(head.num_components), (self._size, 1)))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        num_hidden: int = 50,
        head: ContinuousMixture | None = None,
        standardize: Standardize | None = None,
        weight_prior: WeightPrior | None = NormalWeights(0.13),
        **kwargs: Any,
    ) -> Self:
        """50 hidden units and mixtures of 10 normals, of standardised data.

        The paper standardises each dimension by itself, trains by gradient descent with a rate that
        falls and with weight decay, and chooses sizes and decay by validation; its authors'
        programs decay W alone, start with small weights and spread the components over the data.
        The regressions that `Standardize` takes away, the start at a standard normal, the decay of
        V and Adam are ours; the epoch is chosen as in `tfgen train --patience`.

        Args:
            event_shape: `(d,)`.
            num_hidden: number of hidden units.
            head: the mixture of one dimension; None for `NormalMixture(10)`.
            standardize: None for `Standardize(event_shape)`.
            weight_prior: of W and V (see `PenalizedModel`).
            **kwargs: the constructor's other arguments.
        """
        return cls(
            event_shape=event_shape,
            num_hidden=num_hidden,
            head=NormalMixture(10) if head is None else head,
            standardize=Standardize(event_shape) if standardize is None else standardize,
            weight_prior=weight_prior,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": Adam(1e-3)}

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) for all d: one sweep over the dimensions.

        Args:
            x: `[batch, *event_shape]`, float32, any finite value.
            given: None, RNADE has no condition.
            training: not used, RNADE is the same in both.
        Returns:
            `tfd.Independent` over the event, of `tfd.MixtureSameFamily` conditionals; where x is
            standardised, each a `tfd.TransformedDistribution` of it.
        """
        x = tf.convert_to_tensor(x)
        z = x if self.standardize is None else self.standardize(x)
        params = sweep(tf.transpose(tf.reshape(z, (-1, self._size))), *self._parameters())
        of_z = self.head(tf.reshape(params, (-1, self._size * params.shape[-1])))
        if self.standardize is None:
            return of_z
        bijector = self.standardize.conditional_bijector(x)
        return tfd.Independent(tfd.TransformedDistribution(of_z.distribution, bijector), 1)

    def _num_idle_weights(self):
        """The last dimension's W: none comes after it."""
        return math.prod(self.input_weights.shape[1:])

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        z = x
        if self.standardize is not None:
            # Right where x is kept: the kept dimensions come first, and z_d asks for no later one.
            z = self.standardize(x)
        arrays = tf.transpose(uniforms, (1, 0, 2)), tf.transpose(z), tf.transpose(mask)
        drawn = tf.transpose(draw(*arrays, self.head, *self._parameters()))
        if self.standardize is None:
            return drawn
        return tf.where(mask > 0, x, self.standardize.inverse(drawn))

    def adapt(self, x: ArrayLike) -> None:
        """Adapts the layer `standardize` to examples: the statistics that the density then has.

        `fit` does so with its training examples (of a data set with the first 10,000) unless it
        was done before, or a step was made. From a generator, which is read once only, it
        takes none: then call this before. What is adapted to is saved with the weights.

        Args:
            x: `[num_examples, *event_shape]`, float32, any finite value.
        Raises:
            ValueError: the model has no such layer, or a bad x (see `check_array`).
        """
        if self.standardize is None:
            raise ValueError(
                "expected a model with a layer to adapt, as RNADE.default has it."
                " Received: standardize=None"
            )
        self.standardize.adapt(self.check(x).numpy())

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """Adapts to the training examples, once (see `adapt`), and counts them."""
        super().prepare(x, tokens)
        if self.standardize is None or self.standardize.adapted or int(self.steps_seen.numpy()):
            return
        examples = first_examples(x)
        if examples is not None:
            self.adapt(examples)

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


def _near_normal(num_components):
    """Parameters under which a mixture of normals is close to the standard normal, `[P]`.

    The locations are its quantiles, drawn together; the scales make up for it.
    """
    places = (np.arange(num_components) + 0.5) / num_components
    locs = _SPREAD * np.array([NormalDist().inv_cdf(place) for place in places])
    raw = math.log(math.expm1(math.sqrt(1 - np.mean(locs**2))))
    return np.concatenate([0 * locs, locs, 0 * locs + raw])
