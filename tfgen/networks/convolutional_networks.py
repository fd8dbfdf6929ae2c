"""A pair of convolutional networks for images of any size, each the other's mirror."""

import math
from collections.abc import Callable

import keras

from tfgen.core import Condition
from tfgen.core.size_checks import check_odd, check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.networks.architecture import Architecture
from tfgen.networks.condition_features import features_channel, given_input, with_features
from tfgen.networks.conditional_inputs import network_inputs
from tfgen.networks.halving import doubled, halved


class ConvolutionalNetworks(Architecture):
    """Strided convolutions, and transposed ones that undo them, odd sides too.

    Each convolution halves the sides, rounding up; dense layers stand between the smallest grid
    and the vector. The encoder reads a condition as one more channel of the image (see
    `features_channel`), the decoder beside z.

    Args:
        filters: channels of the encoder's grids, largest grid first; the decoder has them in
            reverse.
        hidden: widths of the encoder's dense layers behind the smallest grid.
        kernel_size: of all convolutions, odd.
        activation: of the hidden layers, as `keras.layers.Activation` takes it.
    Raises:
        ValueError: a size is not a positive integer, `kernel_size` is even, or there are no
            filters.
    """

    def __init__(
        self,
        filters: ShapeLike = (32, 64),
        hidden: ShapeLike = (),
        kernel_size: int = 3,
        activation: str | Callable | None = "relu",
    ) -> None:
        self.filters = check_size_list(filters, "filters", least=1)
        self.hidden = check_size_list(hidden, "hidden")
        self.kernel_size = check_odd(kernel_size, "kernel_size")
        self.activation = activation

    def encoder(
        self,
        event_shape: ShapeLike,
        num_outputs: int,
        condition: Condition | None = None,
        name: str = "encoder",
    ) -> keras.Model:
        image_shape = _check_image(event_shape, "event_shape")
        check_sizes(num_outputs=num_outputs)
        h = inputs = keras.Input(image_shape)
        given, features = given_input(condition)
        if condition is not None:
            h = keras.layers.Concatenate()([h, features_channel(features, image_shape)])
        for i, filters in enumerate(self.filters):
            h = keras.layers.Conv2D(
                filters, self.kernel_size, strides=2, padding="same", name=f"down_{i}"
            )(h)
            h = keras.layers.Activation(self.activation)(self._refined(h, f"down_{i}"))
        h = keras.layers.Reshape((math.prod(h.shape[1:]),))(h)
        for i, width in enumerate(self.hidden):
            h = keras.layers.Dense(width, self.activation, name=f"hidden_{i}")(h)
        h = keras.layers.Dense(num_outputs, name="output")(h)
        return keras.Model(network_inputs(inputs, given), h, name=name)

    def decoder(
        self,
        dim: int,
        output_shape: ShapeLike,
        condition: Condition | None = None,
        name: str = "decoder",
    ) -> keras.Model:
        *sides, channels = _check_image(output_shape, "output_shape")
        check_sizes(dim=dim)
        grids = [sides]
        for _ in self.filters:
            grids.append(halved(grids[-1]))
        inputs = keras.Input((dim,))
        given, features = given_input(condition)
        h = with_features(inputs, features)
        for i, width in enumerate(self.hidden[::-1]):
            h = keras.layers.Dense(width, self.activation, name=f"hidden_{i}")(h)
        smallest = (*grids.pop(), self.filters[-1])
        h = keras.layers.Dense(math.prod(smallest), name="grid")(h)
        h = keras.layers.Reshape(smallest)(h)
        for i, filters in reversed(list(enumerate((channels, *self.filters[:-1])))):
            h = keras.layers.Activation(self.activation)(self._refined(h, f"up_{i}"))
            h = doubled(h, grids[i], filters, self.kernel_size, name=f"up_{i}" if i else "output")
        return keras.Model(network_inputs(inputs, given), h, name=name)

    def _refined(self, h: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """What becomes of a hidden grid before its activation."""
        return h


def _check_image(shape, name):
    """The shape of images, as a tuple."""
    shape = check_size_list(shape, name)
    if len(shape) != 3:
        raise ValueError(
            f"expected {name} (height, width, channels) for convolutions. Received: {shape}"
        )
    return shape
