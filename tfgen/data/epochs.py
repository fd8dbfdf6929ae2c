"""Passes over a data set, each with an order of its own, counted by a variable."""

from collections.abc import Callable

import tensorflow as tf


def epoch_indices(num_examples: int, shuffle: bool, seed: int, epoch: int | tf.Tensor) -> tf.Tensor:
    """The indices of one epoch: a permutation of 0, ..., num_examples - 1; `[num_examples]`, int64.

    Args:
        num_examples: integer.
        shuffle: False: 0, 1, ... in every epoch.
        seed: integer.
        epoch: integer or scalar tensor. The permutation depends on (seed, epoch) alone.
    """
    if not shuffle:
        return tf.range(num_examples, dtype=tf.int64)
    return tf.random.experimental.index_shuffle(
        tf.range(num_examples, dtype=tf.int64),
        seed=tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)]),
        max_index=tf.constant(num_examples - 1, tf.int64),
    )


def gather_blocks(x: tf.Tensor, y: tf.Tensor, indices: tf.Tensor, block: int) -> tf.data.Dataset:
    """Blocks of (indices, images, labels), from tensors in memory and `indices` `[n]`."""
    blocks = tf.data.Dataset.from_tensor_slices(indices).batch(block)
    return blocks.map(lambda i: (i, tf.gather(x, i), tf.gather(y, i)))


def read_blocks(read: Callable, indices: tf.Tensor, block: int) -> tf.data.Dataset:
    """The same from files: `read(index)` gives (image, label)."""
    each = tf.data.Dataset.from_tensor_slices(indices)
    return each.map(lambda i: (i, *read(i)), tf.data.AUTOTUNE, deterministic=True).batch(block)


def stream_blocks(
    stored: tf.data.Dataset, buffer_size: int | None, seed: int, epoch: tf.Tensor, block: int
) -> tf.data.Dataset:
    """The same from a data set that is read in sequence; `buffer_size` None: not shuffled.

    Called in the graph of one epoch, since it sets this graph's seed: `shuffle` mixes that seed in,
    and a fixed one leaves the order to (seed, epoch) alone.
    """
    dataset = stored.enumerate()
    if buffer_size is not None:
        tf.random.set_seed(1)
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        draw = tf.random.stateless_uniform([], key, None, None, tf.int64)
        dataset = dataset.shuffle(buffer_size, seed=draw, reshuffle_each_iteration=False)
    return dataset.map(lambda i, example: (i, *example)).batch(block)


def count_epochs(
    examples: Callable[[tf.Tensor], tf.data.Dataset], cardinality: int, epoch: int
) -> tf.data.Dataset:
    """A data set whose every pass is the next epoch.

    Its attribute `epoch_counter`, a `tf.Variable` of int64, holds the number of the next pass. A
    pass reads the counter and adds one when its first element is asked for, so iterators that are
    made and never read do not count. Assign the counter to repeat a pass or to resume.

    Args:
        examples: epoch (scalar int64 tensor) -> `tf.data.Dataset` of that epoch.
        cardinality: number of elements of each of these.
        epoch: the first value of the counter.
    Returns:
        `tf.data.Dataset`, prefetched, of known cardinality.
    """
    with tf.device("CPU:0"):
        counter = tf.Variable(epoch, dtype=tf.int64, trainable=False, name="epoch")
    dataset = (
        tf.data.Dataset.from_tensors(0)
        .map(lambda _: counter.assign_add(1) - 1)
        .flat_map(examples)
        .apply(tf.data.experimental.assert_cardinality(cardinality))
        .prefetch(tf.data.AUTOTUNE)
    )
    dataset.epoch_counter = counter
    return dataset
