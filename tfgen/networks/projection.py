"""The projection discriminator: what a condition adds to the verdict is an inner product."""

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.networks.condition_features import given_input


def projection_discriminator(
    features: keras.Model, condition: Condition, name: str = "discriminator"
) -> keras.Model:
    """Builds D(x, y) = <V y, phi(x)> + psi(phi(x)): [x, given] -> one output per example.

    Where log p(x | y) and its counterpart of generated examples are affine in y, so is the
    difference of the two that a discriminator is to find. V y is a linear map of the features of
    the condition (see `condition_features`): for `Classes` the embedding of the class. psi is a
    dense unit. "No condition" leaves psi(phi(x)) alone. Miyato & Koyama (2018), Eq. 3.

    Args:
        features: phi, a Keras model, `[batch, *event_shape]` to `[batch, ...]`, of one input, such
            as `dcgan_features((28, 28, 1), 16)`; its outputs are flattened.
        condition: what y is.
        name: name of the model.
    Returns:
        A built `keras.Model`, `[batch, *event_shape]` and what networks read of y to `[batch]`.
    Raises:
        ValueError: features of several inputs or outputs, or no condition.

    Example:
        >>> from tfgen.conditions import Classes
        >>> from tfgen.networks import dcgan_features
        >>> judge = projection_discriminator(dcgan_features((8, 8, 1), 4), Classes(3))
        >>> judge([keras.ops.zeros((2, 8, 8, 1)), keras.ops.eye(2, 3)]).shape
        TensorShape([2])
    """
    if len(features.inputs) != 1 or len(features.outputs) != 1:
        raise ValueError(
            "expected features of one input and one output."
            f" Received: {len(features.inputs)} and {len(features.outputs)}"
        )
    if condition is None:
        raise ValueError("expected a condition to project on. Received: None")
    x = keras.Input(features.inputs[0].shape[1:])
    given, of_given = given_input(condition)
    phi = layers.Flatten()(features(x))
    initializer = lambda: keras.initializers.RandomNormal(stddev=0.02)
    embedding = layers.Dense(
        phi.shape[-1], use_bias=False, kernel_initializer=initializer(), name="embedding"
    )(of_given)
    score = layers.Dense(1, kernel_initializer=initializer(), name="psi")(phi)
    outputs = layers.Reshape(())(layers.Add()([score, layers.Dot(1)([embedding, phi])]))
    return keras.Model([x, given], outputs, name=name)
