"""A denoiser for vectors: a residual multilayer perceptron that knows the time."""

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import TimeEmbedding
from tfgen.networks.condition_features import dense_of_both, given_input
from tfgen.networks.conditional_inputs import network_inputs


def denoising_mlp(
    event_shape: ShapeLike,
    width: int = 128,
    num_blocks: int = 3,
    time_dim: int = 64,
    name: str = "denoising_mlp",
    *,
    condition: Condition | None = None,
    num_outputs: int = 1,
) -> keras.Model:
    """Build a residual perceptron, to vectors what `unet` is to images.

    The time's embedding is added in every block, and a condition is added to that embedding, as
    in `unet`. The last layer starts at zero, so that the untrained network outputs 0.

    Args:
        event_shape: `(d,)`.
        width: units of every hidden layer.
        num_blocks: residual blocks of two layers each.
        time_dim: size of the time's sinusoidal embedding, even.
        name: name of the model.
        condition: what y is, for a network of three inputs, `[x_t, time, given]`; None for two.
        num_outputs: vectors that come out, side by side on the last axis; two where the variance is
            learned beside the mean.
    Returns:
        A built `keras.Model`: `[x_t, time]`, of shapes `[batch, d]` and `[batch]` (float32, t / T
        in [0, 1]), to `[batch, num_outputs * d]`.
    Raises:
        ValueError: `event_shape` is not of rank 1, or a size is not positive.
    """
    check_sizes(width=width, time_dim=time_dim, num_outputs=num_outputs)
    check_parts(num_blocks=num_blocks)
    event_shape = tuple(event_shape)
    if len(event_shape) != 1 or event_shape[0] < 1:
        raise ValueError(f"expected event_shape to be (d,). Received: {event_shape}")
    xt = keras.Input(event_shape, name="x_t")
    time = keras.Input((), dtype="float32", name="time")
    given, features = given_input(condition)
    embedded = dense_of_both(TimeEmbedding(time_dim)(time), features, width, "swish", condition)
    h = layers.Dense(width)(xt)
    for _ in range(num_blocks):
        update = layers.Dense(width)(layers.Activation("swish")(h))
        update = layers.Activation("swish")(layers.Add()([update, layers.Dense(width)(embedded)]))
        h = layers.Add()([h, layers.Dense(width)(update)])
    h = layers.Activation("swish")(layers.LayerNormalization()(h))
    h = layers.Dense(num_outputs * event_shape[0], kernel_initializer="zeros")(h)
    return keras.Model(network_inputs(xt, time, given), h, name=name)
