"""Any number of examples in blocks of few sizes: XLA compiles a function once for each size."""

from collections.abc import Callable

import tensorflow as tf

# A larger block gains little on a CPU: PixelCNN's takes a quarter less time an image than 64.
_MOST = 256


def in_fixed_blocks(
    function: Callable[..., tf.Tensor], most: int | None, *tensors: tf.Tensor | None
) -> tf.Tensor:
    """Calls `function` on blocks of one size, the last one filled up with zeros, and joins them.

    The size is one of 1, 4, 16, ... and `most`: the largest that at most doubles the number of
    examples. So the function is seldom compiled, and never for each number of examples.

    Args:
        function: maps tensors `[size, ...]` to a tensor `[size, ...]`, example by example.
        most: examples of one call at most, int; 256 where it is None.
        *tensors: one at least, of one leading length; those that are None are passed on.
    Returns:
        `[length, ...]`, what `function` gives on all of them.
    """
    first = next(tensor for tensor in tensors if tensor is not None)
    known = first.shape[0]
    length = tf.shape(first)[0] if known is None else known
    size = block_size(length, _MOST if most is None else most)
    num_blocks = -(-length // size)
    if known is not None and num_blocks == 1:
        return function(*(None if t is None else _padded(t, size - length) for t in tensors))[
            :length
        ]
    given = [t for t in tensors if t is not None]
    blocks = [_blocks(t, length, num_blocks, size) for t in given]

    def of_block(*block):
        parts = iter(block)
        return function(*(None if t is None else next(parts) for t in tensors))

    if tf.executing_eagerly():
        results = [of_block(*(b[index] for b in blocks)) for index in range(num_blocks)]
        return tf.concat(results, axis=0)[:length]
    results = tf.map_fn(
        lambda block: of_block(*block),
        blocks,
        fn_output_signature=tf.float32,
        parallel_iterations=1,
    )
    return tf.reshape(results, (num_blocks * size, *results.shape[2:]))[:length]


def block_size(length: int | tf.Tensor, most: int) -> int | tf.Tensor:
    """The largest of 1, 4, 16, ... and `most` whose blocks hold at most twice `length` examples.

    Args:
        length: number of examples, int or int32 scalar, at least 1.
        most: int, at least 1.
    """
    sizes = [most]
    while 4 ** (len(sizes) - 1) < most:
        sizes.append(4 ** (len(sizes) - 1))
    if tf.is_tensor(length):
        return tf.reduce_max([tf.where(-(-length // s) * s <= 2 * length, s, 1) for s in sizes])
    return max(s for s in sizes if -(-length // s) * s <= 2 * length)


def _padded(tensor, num_more):
    return tf.pad(tensor, [(0, num_more), *[(0, 0)] * (tensor.shape.rank - 1)])


def _blocks(tensor, length, num_blocks, size):
    padded = _padded(tensor, num_blocks * size - length)
    return tf.reshape(padded, (num_blocks, size, *tensor.shape[1:]))
