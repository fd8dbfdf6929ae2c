"""The fully visible sigmoid belief network (Frey, 1998; Bengio & Bengio, 2000)."""

import math

import keras
import tensorflow as tf

from tfgen.autoregressive.level_features import to_features, weight_rows
from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.distributions import invert_levels, levels_head


class FVSBN(AutoregressiveModel):
    """Logistic regression of each dimension on those before it: no hidden units.

    p(x_d | x_<d) = head(b_d + sum_{j<d} features(x_j) W_jd)  (Frey 1998; Bengio & Bengio 2000).
    Binary dimensions enter as they are and leave as one logit; with more levels they enter
    one-hot and leave as a softmax. `log_prob` is one masked matrix product. -log p(x) is convex in
    the weights, which start at 0. O(D^2) weights, times levels^2 where there are more than two.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        levels: values of each dimension; level k is read as k / (levels - 1).
        kernel_regularizer: a Keras regularizer of the weights W, or None. What training minimises
            has it, what it reports has not.
    Raises:
        ValueError: fewer than two levels.
    """

    paper = "Frey 1998; Bengio & Bengio 2000"

    def __init__(self, *, event_shape, levels=2, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.levels = levels
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)
        width = self._size * self.head.num_params
        self.kernel_regularizer = kernel_regularizer
        self.kernel = self.add_weight(
            (width, width), "zeros", regularizer=kernel_regularizer, name="kernel"
        )
        self.bias = self.add_weight((width,), "zeros", name="bias")

    @classmethod
    def default(cls, event_shape, levels=2, kernel_regularizer=None):
        """The paper's model; it has no sizes to choose.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            levels: number of values of each dimension.
            kernel_regularizer: a Keras regularizer of the weights, or None.
        """
        return cls(event_shape=event_shape, levels=levels, kernel_regularizer=kernel_regularizer)

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3)}

    def conditionals(self, x, training=False):
        """p(x_d | x_<d) for all d: one product with the strictly triangular weights.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            training: not used, the model is the same in both.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        width = self.bias.shape[0]
        features = to_features(tf.reshape(x, (-1, self._size)), self.levels)
        dimension = tf.range(width) // (width // self._size)
        before = tf.cast(dimension[:, tf.newaxis] < dimension, tf.float32)
        logits = tf.matmul(tf.reshape(features, (-1, width)), self.kernel * before) + self.bias
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * (width // self._size))))

    def draw(self, uniforms, x, mask):
        x, uniforms, mask = (tf.transpose(each) for each in (x, uniforms, mask))
        W = tf.reshape(self.kernel, (self._size, -1, self.bias.shape[0]))
        return tf.transpose(
            _draw(uniforms, x, mask, self.levels, W, tf.convert_to_tensor(self.bias))
        )


@tf.function(jit_compile=True, autograph=False)
def _draw(uniforms, x, mask, levels, W, b):
    """Draws the dimensions one after the other, each adding its row of weights to all logits.

    A row also adds to logits that are done with, or its own: nothing reads those any more, so it
    needs no mask. O(D^2) time an example in all.

    Args:
        uniforms: `[D, B]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[D, B]`; where the mask is 1, x stays.
        levels: int, the number of levels.
        W: `[D, P, D P]`, the dimension that acts first.
        b: `[D P]`.
    Returns:
        `[D, B]`, float32 in [0, 1].
    """
    D, P, _ = W.shape
    B = tf.shape(uniforms)[1]

    def body(d, logits, drawn):
        new = invert_levels(logits[:, d], uniforms[d], levels)
        new = mask[d] * x[d] + (1 - mask[d]) * new
        row = tf.reshape(weight_rows(W, tf.fill((B,), d), new, levels), (B, D, P))
        return d + 1, logits + row, drawn.write(d, new)

    start = (
        0,
        tf.broadcast_to(tf.reshape(b, (D, P)), (B, D, P)),
        tf.TensorArray(tf.float32, D, element_shape=(None,)),
    )
    _, _, drawn = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    return drawn.stack()
