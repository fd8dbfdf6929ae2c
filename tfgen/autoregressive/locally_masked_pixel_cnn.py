"""PixelCNN with locally masked convolutions, in any order of the pixels (Jain et al., 2020)."""

import math

import keras
import numpy as np
import tensorflow as tf

from tfgen.autoregressive.masked_blocks import (
    channel_logits,
    image_logits,
    masked_blocks,
    masked_inputs,
    masked_layers,
)
from tfgen.autoregressive.ordered import OrderEnsemble
from tfgen.autoregressive.pixel_orders import check_pixel_orders, visible_pixels
from tfgen.autoregressive.raster import round_up
from tfgen.core import check_count
from tfgen.distributions import Bernoulli, Categorical, invert_levels
from tfgen.layers import LocallyMaskedConv2D


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
    """

    paper = "Jain et al. 2020"
    default_batch_size = 16

    def __init__(
        self,
        *,
        event_shape,
        pixel_orders=None,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        if len(self.event_shape) != 3:
            raise ValueError(
                "expected event_shape (height, width, channels): LocallyMaskedPixelCNN is a model"
                f" of images. Received: {self.event_shape}"
            )
        height, width, channels = self.event_shape
        self.pixel_orders = pixel_orders
        if pixel_orders is not None:
            self.pixel_orders = check_pixel_orders(pixel_orders, height, width)
        self.levels = levels
        self.head = Bernoulli() if levels == 2 else Categorical(levels)
        self.num_features = check_count(num_features, "num_features")
        self.num_layers = check_count(num_layers, "num_layers")
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.num_output_features = num_output_features
        self.first, self.blocks, self.readouts = masked_blocks(
            LocallyMaskedConv2D,
            channels,
            num_features,
            num_layers,
            kernel_size,
            first_kernel_size,
            num_output_features,
            self.head.params_size(self.event_shape),
        )
        paths = np.asarray(self.pixel_orders or [range(height * width)], "int32")
        self._paths = paths
        of_pixel = paths[:, :, np.newaxis] * channels + np.arange(channels, dtype="int32")
        self.orders = of_pixel.reshape(len(paths), -1)
        self._first_sees = visible_pixels(paths, height, width, first_kernel_size)
        self._block_sees = visible_pixels(paths, height, width, kernel_size)
        self.conditionals(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape,
        pixel_orders=None,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
    ):
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
        """
        channels = event_shape[-1]
        return cls(
            event_shape=event_shape,
            pixel_orders=pixel_orders,
            levels=levels,
            num_features=round_up(num_features, channels),
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            num_output_features=round_up(num_output_features, channels),
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3)}

    @property
    def _network(self):
        return self.first, self.blocks, self.readouts

    def conditionals(self, x, training=False, component=0):
        """p_k(x_d | what comes before x_d in order k) for all d: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            training: not used, the network is the same in both.
            component: k, int or int32 scalar.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        height, width, _ = self.event_shape
        sees = (self._first_sees, *(self._block_sees for _ in self.blocks))
        visible = []
        for table in sees:
            seen = tf.cast(tf.gather(table, component) < height * width, tf.float32)
            visible.append(tf.reshape(seen, (height, width, -1)))
        return self.head(image_logits(self._network, x, *visible))

    @tf.function(jit_compile=True, autograph=False)
    def draw_along(self, uniforms, x, mask, component):
        """See `OrderEnsemble`. Each pixel costs one column of the network, no more.

        The inputs of the masked convolutions are kept for all pixels, zeros where there is none
        yet, and one more place of zeros stands for what a pixel does not see.
        """
        height, width, channels = self.event_shape
        size, batch = height * width, tf.shape(x)[0]
        uniforms, x, mask = (
            tf.reshape(each, (batch, size, channels)) for each in (uniforms, x, mask)
        )
        examples, paths = tf.range(batch), tf.gather(self._paths, component)
        layers = masked_layers(self._network)

        def body(t, drawn, seen):
            pixel = paths[:, t]
            place = tf.stack((component, pixel), axis=-1)
            first, rest = (
                tf.gather_nd(table, place) for table in (self._first_sees, self._block_sees)
            )
            others = [
                layer.from_others(tf.gather(cache, rest if i else first, batch_dims=1))
                for i, (layer, cache) in enumerate(zip(layers, seen, strict=True))
            ]
            number, old, kept = (
                tf.gather(each, pixel, batch_dims=1) for each in (uniforms, x, mask)
            )
            values, inputs = [], {}
            for c in range(channels):
                logits = channel_logits(self._network, others, values, inputs)
                value = invert_levels(logits, number[:, c], self.levels)
                values.append(kept[:, c] * old[:, c] + (1 - kept[:, c]) * value)
            new = tf.stack(values, axis=-1)
            own = tf.stack((examples, pixel), axis=-1)
            seen = tuple(
                tf.tensor_scatter_nd_update(cache, own, each)
                for cache, each in zip(seen, masked_inputs(self._network, new, inputs), strict=True)
            )
            return t + 1, tf.tensor_scatter_nd_update(drawn, own, new), seen

        seen = tuple(tf.zeros((batch, size + 1, layer.kernel.shape[2])) for layer in layers)
        start = (0, tf.zeros_like(x), seen)
        _, drawn, _ = tf.while_loop(lambda t, *_: t < size, body, start, maximum_iterations=size)
        return tf.reshape(drawn, (batch, math.prod(self.event_shape)))
