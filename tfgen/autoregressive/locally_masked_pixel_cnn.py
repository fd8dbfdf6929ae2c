"""PixelCNN with locally masked convolutions, in any order of the pixels (Jain et al., 2020)."""

import math
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.masked_network import MaskedNetwork, masked_network
from tfgen.autoregressive.order_ensemble import OrderEnsemble
from tfgen.autoregressive.pixel_orders import check_pixel_orders, visible_pixels
from tfgen.autoregressive.raster_model import check_image_shape, round_up
from tfgen.core import Adam
from tfgen.core.typing import ShapeLike
from tfgen.distributions import invert_levels, levels_head
from tfgen.layers import LocallyMaskedConv2D

tfd = tfp.distributions


class LocallyMaskedPixelCNN(OrderEnsemble):
    """A PixelCNN that generates the pixels in any order, or is the mean over several orders.

    p(x) = (1/K) sum_k prod_t p(x_{o_k(t)} | x_{o_k(<t)}), with the same weights in all orders
    (Jain, Abbeel & Pathak 2020): at each pixel the convolutions hide the pixels that come later in
    the order. Each training step takes one order at random. The network is that of
    `MaskedPixelCNN`, the channels of a pixel come one after the other.

    The weights do not depend on the orders: to complete images exactly, build a model of an order
    in which the given pixels come first, and hand it the trained weights by `set_weights`.

    Args:
        event_shape: `(height, width, channels)`.
        pixel_orders: K permutations of the pixels, each a sequence of row * width + column by the
            time of generation, see `s_curve_orders`; None for raster order alone.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: h, a multiple of the channels.
        num_layers: residual blocks.
        kernel_size: odd, of the locally masked convolutions of the blocks.
        first_kernel_size: odd, of the first convolution.
        num_output_features: features between the blocks and the logits, a multiple of the channels.
    Raises:
        ValueError: events that are no images, orders that are no permutations, or sizes that do
            not fit.

    Example:
        >>> from tfgen.autoregressive import s_curve_orders
        >>> orders = s_curve_orders(3, 3)[:2]
        >>> model = LocallyMaskedPixelCNN.default((3, 3, 1), orders, num_features=4, num_layers=1)
        >>> x = model.sample(3, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([3, 3, 3, 1]), TensorShape([3]))
    """

    paper = "Jain et al. 2020"
    default_batch_size = 16

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        pixel_orders: Sequence[Sequence[int]] | np.ndarray | None = None,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = check_image_shape(event_shape, self)
        height, width, channels = self.event_shape
        self.pixel_orders = pixel_orders
        if pixel_orders is not None:
            self.pixel_orders = check_pixel_orders(pixel_orders, height, width)
        self.levels = levels
        self.head = levels_head(levels)
        self.num_features = num_features
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.num_output_features = num_output_features
        self.first, self.blocks, self.readouts = masked_network(
            LocallyMaskedConv2D,
            self.event_shape[-1],
            num_features=num_features,
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            num_output_features=num_output_features,
            num_outputs=self.head.params_size(self.event_shape),
            dtype=self.dtype_policy,
        )
        paths = np.asarray(self.pixel_orders or [range(height * width)], "int32")
        self._paths = paths
        of_pixel = paths[:, :, np.newaxis] * channels + np.arange(channels, dtype="int32")
        self.orders = of_pixel.reshape(len(paths), -1)
        self._first_sees = visible_pixels(paths, height, width, first_kernel_size)
        self._block_sees = visible_pixels(paths, height, width, kernel_size)
        self.conditionals(tf.zeros((1, *self.event_shape)), component=0)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        pixel_orders: Sequence[Sequence[int]] | np.ndarray | None = None,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> Self:
        """`MaskedPixelCNN.default`'s layers; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            pixel_orders: permutations of the pixels; None for raster order alone.
            levels: values of each channel.
            num_features: h.
            num_layers: residual blocks.
            kernel_size: odd, of the locally masked convolutions of the blocks.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the blocks and the logits.
            **kwargs: the constructor's other arguments.
        """
        features = round_up(
            event_shape[-1], num_features=num_features, num_output_features=num_output_features
        )
        return cls(
            event_shape=event_shape,
            pixel_orders=pixel_orders,
            levels=levels,
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            **features,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam at a constant rate of ours."""
        return {"likelihood": Adam(1e-3)}

    @property
    def _network(self):
        return MaskedNetwork(self.first, self.blocks, self.readouts)

    def conditionals(
        self,
        x: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
        component: int | tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """p_k(x_d | what comes before x_d in order k) for all d: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            given: None, there is no condition.
            training: not used, the network is the same in both.
            component: k, int or int32 scalar; None where there is one.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        height, width, _ = self.event_shape
        component = self.read_component(component)
        first, block = (
            tf.cast(tf.gather(table, component) < height * width, tf.float32)
            for table in (self._first_sees, self._block_sees)
        )
        visible = [
            tf.reshape(seen, (height, width, -1)) for seen in (first, *[block] * self.num_layers)
        ]
        return self.head(self._network.logits(x, *visible))

    def _num_idle_weights(self):
        """Also the offsets at which no pixel sees another in any order."""
        height, width, _ = self.event_shape
        num_idle = super()._num_idle_weights()
        tables = [self._first_sees, *[self._block_sees] * self.num_layers]
        for layer, table in zip(self._network.seeing, tables, strict=True):
            # One of them is the centre, whose mask is the layer's own.
            unseen = np.sum((table == height * width).all(axis=(0, 1))) - 1
            num_idle += int(unseen) * math.prod(layer.kernel.shape[2:])
        return num_idle

    @compiled_draw
    def draw_along(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        component: tf.Tensor,
        given: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """See `OrderEnsemble`. Each pixel costs one column of the network, no more.

        The pixels, and what the blocks' masked convolutions read of them, are kept as they are
        drawn; one more place of zeros stands for what a pixel does not see.
        """
        height, width, channels = self.event_shape
        size, batch = height * width, tf.shape(x)[0]
        uniforms, x, mask = (
            tf.reshape(each, (batch, size, channels)) for each in (uniforms, x, mask)
        )
        examples, paths = tf.range(batch), tf.gather(self._paths, component)
        layers = self._network.seeing

        def body(t, drawn, hidden):
            pixel = paths[:, t]
            place = tf.stack((component, pixel), axis=-1)
            # What the pixel owes to its neighbours that are drawn.
            near = tf.gather_nd(self._first_sees, place)
            image = 2 * tf.gather(drawn, near, batch_dims=1) - 1
            image = tf.where(near[:, :, tf.newaxis] < size, image, 0.0)
            near = tf.gather_nd(self._block_sees, place)
            features = tf.split(tf.gather(hidden, near, batch_dims=1), self.num_layers, axis=-1)
            others = [
                layer.from_others(pixels)
                for layer, pixels in zip(layers, (image, *features), strict=True)
            ]
            # Its own channels, one after the other.
            number, old, kept = (
                tf.gather(each, pixel, batch_dims=1) for each in (uniforms, x, mask)
            )
            values, groups = [], {}
            for c in range(channels):
                logits = self._network.channel_logits(others, values, groups)
                value = invert_levels(logits, number[:, c], self.levels)
                values.append(tf.where(kept[:, c] > 0, old[:, c], value))
            new = tf.stack(values, axis=-1)
            _, *features = self._network.inputs(new, groups)
            # The pixel and its features are written down for those that come later.
            own = tf.stack((examples, pixel), axis=-1)
            drawn = tf.tensor_scatter_nd_update(drawn, own, new)
            hidden = tf.tensor_scatter_nd_update(hidden, own, tf.concat(features, axis=-1))
            return t + 1, drawn, hidden

        drawn = tf.zeros((batch, size + 1, channels))
        hidden = tf.zeros((batch, size + 1, self.num_layers * self.num_features))
        _, drawn, _ = tf.while_loop(
            lambda t, *_: t < size, body, (0, drawn, hidden), maximum_iterations=size
        )
        return tf.reshape(drawn[:, :size], (batch, math.prod(self.event_shape)))
