"""Earlier generated images, for a discriminator to see again."""

from typing import Any

import tensorflow as tf

from tfgen.core.seeds import split_seed
from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class ImagePool(ConfiguredLayer):
    """A store of generated images, some of which it gives in the place of new ones.

    While there is room, an image is stored, and given too. From then on one in two is given and not
    stored; the others each take the place of a stored one, which is given in their stead. What a
    discriminator sees is then less of the generator's latest oscillation. Shrivastava et al.
    (2017), section 2.3; Zhu et al. (2017), section 4.

    The images of a batch are exchanged for different ones; of those beyond `size`, none is. Outside
    of training every image is given as it is, and nothing changes. The store is of weights that are
    saved and do not train, float32 under every policy.

    Args:
        size: images that are stored.
    Input: `[batch, ...]`.
    Output: of the same shape, float32.
    """

    def __init__(self, size: int = 50, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(size=size)
        self.size = size
        # Images must not be rounded to a half-precision compute dtype on their way in.
        self.autocast = False

    def build(self, input_shape: BatchShape) -> None:
        options = {"initializer": "zeros", "trainable": False, "autocast": False}
        shape = (self.size, *input_shape[1:])
        self.images = self.add_weight(shape=shape, dtype="float32", name="images", **options)
        self.count = self.add_weight(shape=(), dtype="int32", name="count", **options)

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return input_shape

    def call(
        self, inputs: tf.Tensor, seed: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """What a discriminator is to see.

        Args:
            inputs: new images.
            seed: of the exchange, int32 `(2,)`; needed in training.
            training: whether images are stored and exchanged.
        """
        inputs = tf.cast(inputs, tf.float32)
        if not training:
            return inputs
        which, where = split_seed(seed, 2)
        batch, places = tf.shape(inputs)[0], tf.range(self.size)
        stored, count = tf.convert_to_tensor(self.images), tf.convert_to_tensor(self.count)

        # The first images fill the room that there is.
        first = places - count
        filled = (first >= 0) & (first < batch)
        stored = _chosen(filled, _rows(inputs, first), stored)

        # The n-th image stands against the place `place_of[n]`: both are permutations.
        image_at = tf.argsort(tf.random.stateless_uniform((self.size,), where))
        place_of = tf.argsort(image_at)
        rank = tf.range(batch)
        exchanged = (rank >= self.size - count) & (rank < self.size)
        exchanged &= tf.random.stateless_uniform((batch,), which) < 0.5
        given = _chosen(exchanged, _rows(stored, _rows(place_of, rank)), inputs)
        replaced = (image_at < batch) & _rows(exchanged, image_at)
        self.images.assign(_chosen(replaced, _rows(inputs, image_at), stored))
        self.count.assign(tf.minimum(self.size, count + batch))
        return given


def _rows(array, indices):
    """The rows of these indices; of those that there are not, any."""
    return tf.gather(array, tf.clip_by_value(indices, 0, tf.shape(array)[0] - 1))


def _chosen(chosen, rows, others):
    return tf.where(tf.reshape(chosen, (-1, *[1] * (rows.shape.rank - 1))), rows, others)
