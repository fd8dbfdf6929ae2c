"""The running average of a network's weights, as a network."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_rate


class RunningAverage(keras.layers.Layer):
    """A network with the running average of another one's weights.

    average <- decay average + (1 - decay) weight after each update of the network, where the n-th
    update takes min(decay, (1 + n) / (10 + n)): a plain average would hold on to the initial
    weights for 1 / (1 - decay) updates; a young one looks back over about a tenth of the updates
    so far. Statistics (BatchNorm's) are averaged like weights; other states are copied.

    Args:
        network: built Keras model or layer. It stays the caller's: it is neither tracked nor saved
            a second time.
        decay: in [0, 1).
    Raises:
        ValueError: `decay` is out of range, or the network has no weights yet.
    """

    def __init__(self, network: keras.layers.Layer, decay: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Whatever the network does about precision, it does by itself.
        self.autocast = False
        check_rate(decay, "the decay of an average")
        if not network.built:
            raise ValueError(
                f"expected a network that is built. Received: {type(network).__name__}"
                f" {network.name!r}, without weights"
            )
        self.decay = decay
        # Hidden, because Keras would track the network as a part of this layer.
        self._averaged = _Untracked(network)
        self._averages = [self._copy_of(v) for v in network.trainable_variables]
        self._states = [self._copy_of(v) for v in network.non_trainable_variables]
        self.built = True

    def _copy_of(self, variable):
        copy = self.add_weight(
            shape=variable.shape,
            dtype=variable.dtype,
            initializer="zeros",
            trainable=False,
            name=variable.path.replace("/", "_"),
        )
        copy.assign(variable)
        return copy

    @property
    def network(self) -> keras.layers.Layer:
        """The network whose weights are averaged."""
        return self._averaged.layer

    def update(self, num_updates: tf.Tensor, moved: tf.Tensor | bool = True) -> None:
        """Takes in the network's weights.

        Args:
            num_updates: n, integer scalar, the updates of the network before the latest one.
            moved: boolean scalar; where it is false nothing changes (a step that only accumulated
                its gradient).
        """
        n = tf.cast(num_updates, tf.float32)
        decay = tf.minimum(self.decay, (1 + n) / (10 + n))
        network = self.network
        pairs = [
            *zip(self._averages, network.trainable_variables, strict=True),
            *zip(self._states, network.non_trainable_variables, strict=True),
        ]
        share = tf.where(moved, 1 - decay, 0.0)
        for average, variable in pairs:
            value = tf.convert_to_tensor(variable)
            if value.dtype.is_floating:
                average.assign_sub(tf.cast(share, value.dtype) * (average - value))
            else:
                average.assign(tf.where(moved, value, average))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the network computes with the averaged weights; the arguments are its own."""
        outputs, _ = self.network.stateless_call(self._averages, self._states, *args, **kwargs)
        return outputs


class _Untracked:
    """Hides a layer from Keras's attribute tracking."""

    def __init__(self, layer):
        self.layer = layer
