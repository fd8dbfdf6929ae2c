"""The features of InceptionV3, trained on ImageNet."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.core import check_array
from tfgen.core.typing import ArrayLike

_SIDE = 299


class InceptionFeatures:
    """2,048 features of Keras's InceptionV3, as a function of images.

    The weights are Keras's own, and images are enlarged by TensorFlow's bilinear resizing: figures
    are not to be compared with published ones, which are of the network of 2015.

    Args:
        weights: "imagenet", which Keras downloads once; the path of a file of weights; None for
            random ones.
    Raises:
        ValueError: the weights cannot be had.

    Attributes:
        description: what results call it.
    """

    description = "InceptionV3 of Keras, trained on ImageNet, 2048 features"

    def __init__(self, weights: str | None = "imagenet") -> None:
        try:
            self._network = keras.applications.InceptionV3(
                include_top=False, pooling="avg", weights=weights, input_shape=(_SIDE, _SIDE, 3)
            )
        except Exception as error:  # whatever the network, the disk and HDF5 raise
            said = " ".join(str(error).split())[:300]
            raise ValueError(
                "expected the weights of InceptionV3, which Keras downloads or keeps in"
                " ~/.keras/models; without them a judge does, which `tfgen judge` trains."
                f" Received: {weights} ({type(error).__name__}: {said})"
            ) from error

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """Features, float32 `[n, 2048]`.

        Args:
            images: `[n, height, width, 1 or 3]`, float32 in [0, 1].
        """
        shape = np.shape(images)[1:]
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise ValueError(
                "expected images [n, height, width, 1 or 3]. Received: shape"
                f" {tuple(np.shape(images))}"
            )
        x = tf.image.resize(check_array(images, shape, name="images"), (_SIDE, _SIDE))
        if shape[-1] == 1:
            x = tf.repeat(x, 3, axis=-1)
        return self._network(2 * x - 1, training=False).numpy()
