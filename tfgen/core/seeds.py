"""Stateless seeds: a seed is a pair of int32."""

from collections.abc import Sequence

import tensorflow as tf

from tfgen.core.typing import SeedLike

# Apart from the seeds of the model's generator, which begin with the same number.
_TRAINING = 0x2545F491


def check_seed(seed: SeedLike) -> tf.Tensor:
    """Reads a seed: an int s as `[0, s]`, an int32 `(2,)` tensor as it is.

    Args:
        seed: int in [0, 2^31), or an integer array or tensor of shape `(2,)`.
    Returns:
        int32 tensor of shape `(2,)`.
    Raises:
        ValueError: for anything else.
    """
    expected = "expected seed to be an int in [0, 2**31) or an int32 tensor of shape (2,)"
    if isinstance(seed, bool):
        raise ValueError(f"{expected}. Received: {seed!r}")
    try:
        pair = tf.convert_to_tensor(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{expected}. Received: {seed!r}") from error
    if not pair.dtype.is_integer or pair.shape not in ([], [2]):
        raise ValueError(f"{expected}. Received: {seed!r}")
    if pair.shape == []:
        value = tf.get_static_value(pair)
        if value is not None and not 0 <= int(value) < 2**31:
            raise ValueError(f"{expected}. Received: {seed!r}")
        pair = tf.stack([tf.zeros_like(pair), pair])
    return tf.cast(pair, tf.int32)


def phase_seed(order_seed: int | tf.Tensor, phase: int, step: int | tf.Tensor) -> tf.Tensor:
    """The seed of one phase at one training step, an int32 `(2,)` tensor.

    Made of scalars without a draw: XLA on a CPU computes a seed anew for each number drawn from
    it, and one that is drawn itself, or read as a pair, is a tenth of a small network's step.

    Args:
        order_seed: the model's, int32 in [0, 2^31).
        phase: index of the phase.
        step: number of the step, int32.
    """
    first = tf.bitwise.bitwise_xor(order_seed, tf.constant(_TRAINING + phase))
    return tf.stack((first, step))


def split_seed(seed: tf.Tensor, num: int) -> list[tf.Tensor]:
    """Splits one seed into `num` independent ones, a list of int32 `(2,)` tensors."""
    return tf.unstack(tf.random.experimental.stateless_split(seed, num), num)


def fold_in(seed: tf.Tensor, data: int | tf.Tensor) -> tf.Tensor:
    """A seed for each value of `data`, an int or a scalar integer tensor."""
    return tf.random.experimental.stateless_fold_in(seed, data)


def example_seeds(seed: tf.Tensor, num_examples: int | tf.Tensor) -> tf.Tensor:
    """A seed for each example, int32 `[num_examples, 2]`.

    What is drawn by them does not depend on how the examples are split into batches.
    """
    return tf.random.experimental.stateless_split(seed, num_examples)


def normal_by_example(
    seeds: tf.Tensor, shape: Sequence[int], data: int | tf.Tensor = 0
) -> tf.Tensor:
    """Standard normal draws, float32 `[num_examples, *shape]`, each by its own seed.

    Always by XLA, whose loop over the examples is seven times as fast as TensorFlow's, and whose
    stream is another one, in a graph as in eager mode.

    Args:
        seeds: int32 `[num_examples, 2]`, see `example_seeds`.
        shape: shape of one draw.
        data: folded into each of the seeds, an int or an integer scalar.
    """
    return _normal_by_example(_when_it_runs(seeds), shape, data)


@tf.function(jit_compile=True, reduce_retracing=True, autograph=False)
def _normal_by_example(seeds, shape, data):
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal(shape, fold_in(seed, data)),
        seeds,
        fn_output_signature=tf.float32,
    )


def integer_by_example(seeds: tf.Tensor, maxval: int) -> tf.Tensor:
    """Uniform draws from 0, ..., maxval - 1, int32 `[num_examples]`, each by its own seed.

    Args:
        seeds: int32 `[num_examples, 2]`, see `example_seeds`.
        maxval: the number of values.
    """
    return _integer_by_example(_when_it_runs(seeds), maxval)


@tf.function(jit_compile=True, reduce_retracing=True, autograph=False)
def _integer_by_example(seeds, maxval):
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((), seed, maxval=maxval, dtype=tf.int32), seeds
    )


def _when_it_runs(seeds):
    """The seeds, which a graph then does not know before it runs.

    Of seeds that it knows TensorFlow would draw beforehand, and without XLA. What comes out of a
    loop is not known.
    """
    if tf.executing_eagerly():
        return seeds
    return tf.while_loop(lambda i, _: i < 1, lambda i, same: (i + 1, same), [0, seeds])[1]
