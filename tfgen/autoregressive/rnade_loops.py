"""RNADE's loops over the dimensions.

D dimensions, H hidden units, P parameters of each conditional. W is `[D, H]`, rho `[D]`, c `[H]`,
V `[D, P, H]`, b `[D, P]`; x, uniforms and mask have the dimension as their first axis.
"""

import tensorflow as tf

from tfgen.autoregressive.compiled_loop import compiled_loop
from tfgen.distributions import ContinuousMixture


def sweep(
    x: tf.Tensor, W: tf.Tensor, rho: tf.Tensor, c: tf.Tensor, V: tf.Tensor, b: tf.Tensor
) -> tf.Tensor:
    """Parameters b_d + V_d relu(rho_d a_d) of all dimensions, a_{d+1} = a_d + x_d W_d, a_1 = c.

    O(D H P) time an example. The gradient, by x too, undoes the steps, a_d = a_{d+1} - x_d W_d,
    and stores none of them: its memory is O(B H + B D P). What it finds of a_d is off by rounding
    errors of the size of the largest a, so data want the usual units, of about 1. Derivatives of
    higher orders are right, too, and store every step.

    Args:
        x: `[D, B]`.
        W, rho, c, V, b: the weights.
    Returns:
        `[B, D, P]`.
    """
    return tf.transpose(_params(x, W, rho, c, V, b), (1, 0, 2))


def _conditional(d, a, rho, V, b):
    """The parameters of one dimension, `[B, P]`."""
    return tf.matmul(tf.nn.relu(rho[d] * a), V[d], transpose_b=True) + b[d]


def _params_loop(x, W, rho, c, V, b):
    D, P, H = V.shape

    def body(d, a, params):
        params = params.write(d, _conditional(d, a, rho, V, b))
        return d + 1, a + x[d][:, tf.newaxis] * W[d], params

    start = (0, tf.broadcast_to(c, (tf.shape(x)[1], H)), _array(D, None, P))
    return tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)[2].stack()


def _backward_loop(x, W, rho, c, V, b, upstream):
    """The sweep from the last dimension to the first, with the gradients of everything.

    With z = rho_d a_d and g_d the gradient of the parameters: dz = (g_d V_d) [z > 0],
    drho_d = dz' a_d, da_d = da_{d+1} + rho_d dz, dV_d = g_d' relu(z), dW_d = x_d' da_{d+1},
    dx_d = da_{d+1} W_d'.

    Args:
        x: `[D, B]`.
        W, rho, c, V, b: the weights.
        upstream: g, `[D, B, P]`.
    Returns:
        The gradients of x, W, rho, c, V and b.
    """
    D, P, H = V.shape
    last = c + tf.matmul(x, W, transpose_a=True)

    def body(step, a, da, dx, dW, drho, dV, db):
        d = D - 1 - step
        g, column = upstream[d], x[d][:, tf.newaxis]
        dx = dx.write(d, tf.linalg.matvec(da, W[d]))
        dW = dW.write(d, tf.linalg.matvec(da, x[d], transpose_a=True))
        a = a - column * W[d]
        z = rho[d] * a
        dz = tf.where(z > 0, tf.matmul(g, V[d]), 0.0)
        drho = drho.write(d, tf.reduce_sum(dz * a))
        dV = dV.write(d, tf.matmul(g, tf.nn.relu(z), transpose_a=True))
        db = db.write(d, tf.reduce_sum(g, axis=0))
        return step + 1, a, da + rho[d] * dz, dx, dW, drho, dV, db

    arrays = (_array(D, None), _array(D, H), _array(D), _array(D, P, H), _array(D, P))
    start = (0, last, tf.zeros_like(last), *arrays)
    state = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    da, (dx, dW, drho, dV, db) = state[2], (array.stack() for array in state[3:])
    return [dx, dW, drho, tf.reduce_sum(da, axis=0), dV, db]


_params = compiled_loop(_params_loop, compiled_loop(_backward_loop))


def draw(
    uniforms: tf.Tensor,
    x: tf.Tensor,
    mask: tf.Tensor,
    head: ContinuousMixture,
    W: tf.Tensor,
    rho: tf.Tensor,
    c: tf.Tensor,
    V: tf.Tensor,
    b: tf.Tensor,
) -> tf.Tensor:
    """Draws the dimensions one after the other; O(D H P) time an example.

    Args:
        uniforms: `[D, B, 2]` in [0, 1), see `ContinuousMixture.invert`.
        x, mask: `[D, B]`; where the mask is 1, x stays.
        head: `ContinuousMixture`.
        W, rho, c, V, b: the weights.
    Returns:
        `[D, B]`, float32.
    """
    D, _, H = V.shape

    def body(d, a, drawn):
        new = head.invert(_conditional(d, a, rho, V, b), uniforms[d])
        new = tf.where(mask[d] > 0, x[d], new)
        return d + 1, a + new[:, tf.newaxis] * W[d], drawn.write(d, new)

    start = (0, tf.broadcast_to(c, (tf.shape(x)[1], H)), _array(D, None))
    _, _, drawn = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    return drawn.stack()


def _array(size, *shape):
    return tf.TensorArray(tf.float32, size, element_shape=shape)
