"""The VampPrior: a mixture of the encoder's own posteriors (Tomczak & Welling, 2018)."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import check_array
from tfgen.core.size_checks import check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.layers.configured_layer import ConfiguredLayer

tfd = tfp.distributions


class VampPrior(ConfiguredLayer, Prior):
    """p(z) = 1/K sum_k q(z | u_k): the posteriors of K pseudo-inputs, which are learned.

    Tomczak & Welling (2018), Eq. 9. Before its first step `fit` makes the pseudo-inputs K of the
    training examples, drawn by the model's seed; until then, and for data that can be read once
    only, they are near 0.05 (the start in the authors' programs). Those of images are clipped to
    [0, 1] on their way into the encoder.

    Args:
        event_shape: shape of one x.
        dim: size of z.
        num_pseudo_inputs: K, at least 1.
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(
        self, event_shape: ShapeLike, dim: int, num_pseudo_inputs: int = 500, **kwargs: Any
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        check_sizes(dim=dim, num_pseudo_inputs=num_pseudo_inputs)
        self.event_shape = check_size_list(event_shape, "event_shape", least=1)
        self.dim = dim
        self.num_pseudo_inputs = num_pseudo_inputs
        start = keras.initializers.RandomNormal(0.05, 0.01)
        shape = (num_pseudo_inputs, *self.event_shape)
        self.pseudo_inputs = self.add_weight(shape, start, name="pseudo_inputs")
        self.built = True

    @property
    def encodes(self) -> tuple[int, ...]:
        return self.event_shape

    def adapt(self, x: np.ndarray, seed: int) -> None:
        """Makes the pseudo-inputs training examples: K different ones, where there are so many.

        Args:
            x: `[num_examples, *event_shape]`, at least one.
            seed: which ones.
        """
        x = check_array(x, self.event_shape, name="x").numpy()
        order = np.random.default_rng(seed).permutation(len(x))
        self.pseudo_inputs.assign(x[np.resize(order, self.num_pseudo_inputs)])

    def __call__(
        self, encode: Callable[[tf.Tensor], tfd.Distribution] | None = None
    ) -> tfd.MixtureSameFamily:
        """The distribution: event shape `[dim]`, float32.

        Args:
            encode: `x -> q(z | x)` of the model.
        Raises:
            ValueError: no `encode`.
        """
        if encode is None:
            raise ValueError(
                "expected the encoder of a model, of which a VampPrior is made."
                f" Received: encode={encode!r}"
            )
        u = tf.convert_to_tensor(self.pseudo_inputs)
        u = tf.clip_by_value(u, 0.0, 1.0) if len(self.event_shape) == 3 else u
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.zeros([self.num_pseudo_inputs])), encode(u)
        )
