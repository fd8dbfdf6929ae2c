"""One step by the replicas of a `tf.distribute` strategy: parts, shares, draws and updates."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfgen.core.seeds import fold_in

# Apart from the numbers that people take for seeds.
_NEXT_REPLICA = 0x3C6EF35F


class Share(NamedTuple):
    """What a replica's part is of a step's batch.

    Attributes:
        fraction: of the objective, float32 scalar; the fractions of all replicas add up to 1.
            None without a strategy: all of it.
        examples: how many the part stands for; they add up to those of the batch.
    """

    fraction: tf.Tensor | None
    examples: tf.Tensor


def this_replica() -> tf.distribute.ReplicaContext | None:
    """The replica that runs this code; None without a strategy."""
    return tf.distribute.get_replica_context() if tf.distribute.has_strategy() else None


def first_array(structure: Any) -> tf.Tensor:
    """The first tensor of a structure of tensors and None."""
    return next(a for a in tf.nest.flatten(structure) if a is not None)


def own_part(whole: Any) -> Any:
    """This replica's part of a batch that all replicas got: contiguous, the parts in order.

    Parts differ by one example at most. A batch of fewer examples than there are replicas goes to
    all of them as it is, because a mean over no example is no number.

    Args:
        whole: structure of tensors `[num_examples, ...]`, and of None.
    """
    here = this_replica()
    index, count = here.replica_id_in_sync_group, here.num_replicas_in_sync

    def cut(array):
        if array is None:
            return None
        length, size = tf.shape(array)[0], None
        begin = tf.where(length < count, 0, index * length // count)
        end = tf.where(length < count, length, (index + 1) * length // count)
        if array.shape[0] is not None and array.shape[0] % count == 0:
            size = array.shape[0] // count
        return tf.ensure_shape(array[begin:end], [size, *array.shape[1:]])

    # Where data come from: no device needs the parts of others.
    with tf.device("CPU:0"):
        return tf.nest.map_structure(cut, whole)


def copies(num_whole: tf.Tensor | None) -> tf.Tensor | int:
    """How many replicas have each example of a batch of `num_whole` examples (see `own_part`)."""
    count = this_replica().num_replicas_in_sync
    return 1 if num_whole is None else tf.where(num_whole < count, count, 1)


def share(num_own: tf.Tensor, num_whole: tf.Tensor | None) -> Share:
    """The share of a replica that has `num_own` of a batch's `num_whole` examples.

    Where `num_whole` is None no two replicas have the same example.
    """
    if this_replica() is None:
        return Share(None, num_own)
    num_own = tf.cast(num_own, tf.float32)
    total = this_replica().all_reduce(tf.distribute.ReduceOp.SUM, num_own)
    return Share(num_own / total, num_own / tf.cast(copies(num_whole), tf.float32))


def own_seed(seed: tf.Tensor) -> tf.Tensor:
    """Where there are several replicas, a seed for this one."""
    here = this_replica()
    if here is None or here.num_replicas_in_sync == 1:
        return seed
    return fold_in(seed, here.replica_id_in_sync_group)


@contextlib.contextmanager
def own_draws(states: Sequence[keras.Variable]) -> Iterator[None]:
    """Draws inside are this replica's own, Dropout's too: the states of generators are apart.

    Afterwards the states of all replicas are equal again, as they are saved once.

    Args:
        states: of the `keras.random.SeedGenerator`s, int64 `(2,)`.
    """
    here = this_replica()
    if here is None or here.num_replicas_in_sync == 1:
        yield
        return
    index = tf.cast(here.replica_id_in_sync_group, tf.int64)
    shift = tf.stack([index * _NEXT_REPLICA, tf.zeros_like(index)])
    for state in states:
        state.assign_add(shift)
    try:
        yield
    finally:
        for state in states:
            state.assign_sub(shift)


def run_if(due: tf.Tensor, function: Callable[..., None], *arguments: Any) -> None:
    """Runs `function(*arguments)` where `due` is true, a boolean that all replicas agree on."""
    here = this_replica()
    if here is None:
        tf.cond(due, lambda: [function(*arguments), 0][1], lambda: 0)
        return

    # Replicas cannot meet inside a condition, but a condition can run replicas.
    def together(strategy, due, *arguments):
        of_each = tf.autograph.experimental.do_not_convert(function)
        run = lambda: strategy.run(of_each, args=arguments)
        tf.cond(strategy.experimental_local_results(due)[0], lambda: [run(), 0][1], lambda: 0)

    here.merge_call(together, args=(due, *arguments))


def apply_gradients(
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[tf.Tensor | None],
    variables: Sequence[keras.Variable],
) -> None:
    """One update by the sum of the replicas' gradients."""
    here = this_replica()
    rule = getattr(optimizer, "inner_optimizer", optimizer)
    clips = any(c is not None for c in (rule.clipvalue, rule.clipnorm, rule.global_clipnorm))
    several = here is not None and here.num_replicas_in_sync > 1
    if several and (clips or rule is not optimizer):
        # Keras clips, and looks for infinity, before it adds up: it gets what changes neither.
        present = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        sums = here.all_reduce(tf.distribute.ReduceOp.SUM, present)
        scale = 1.0 if rule is optimizer else tf.convert_to_tensor(optimizer.dynamic_scale)
        parts = iter(g / here.num_replicas_in_sync for g in _clipped(sums, rule, scale))
        gradients = [None if g is None else next(parts) for g in gradients]
    optimizer.apply(gradients, variables)


def _clipped(gradients, rule, scale):
    """What an optimizer would clip, of a loss that is scaled."""
    if rule.clipvalue is not None:
        limit = rule.clipvalue * scale
        return [tf.clip_by_value(g, -limit, limit) for g in gradients]
    if rule.clipnorm is not None:
        return [tf.clip_by_norm(g, rule.clipnorm * scale) for g in gradients]
    if rule.global_clipnorm is not None:
        return tf.clip_by_global_norm(gradients, rule.global_clipnorm * scale)[0]
    return gradients


def average_statistics(networks: Sequence[keras.layers.Layer], fraction: tf.Tensor) -> None:
    """Makes the replicas' statistics of Keras's own batch normalization equal: their mean.

    Args:
        networks: whose statistics have moved.
        fraction: this replica's, of the examples.
    """
    statistics = [
        v
        for network in networks
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
        for v in layer.non_trainable_variables
    ]
    parts = [v * tf.cast(fraction, v.dtype) for v in statistics]
    if parts:
        means = this_replica().all_reduce(tf.distribute.ReduceOp.SUM, parts)
        for variable, mean in zip(statistics, means, strict=True):
            variable.assign(mean)
