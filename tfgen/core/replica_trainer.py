"""Training under a `tf.distribute` strategy: every replica takes its part of every batch."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen.core.phase_trainer import PhaseTrainer
from tfgen.core.replicas import first_array, own_part

_STRATEGIES = (
    tf.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.distribute.OneDeviceStrategy,
)


class ReplicaTrainer(PhaseTrainer):
    """A model that trains under the strategy in whose scope it was built, as on one device.

    For `MirroredStrategy` and `MultiWorkerMirroredStrategy`. Data come in whole batches; each
    replica takes its part of every batch, and all together make the step that one device would
    make: what is minimised is the mean over the batch, the terms are means over all examples.

    Each worker reads all of the data, and takes its part: data sets have to give the same batches
    in the same order everywhere, so a shuffle needs a seed. What a replica draws is its own, in
    losses and in layers. A loss that compares the examples of a batch compares those of a part.
    `tfgen.layers.SyncBatchNormalization` normalises by the whole batch, Keras's own by a part, and
    its statistics are then the mean of the parts'. Other states that a loss writes, such as a pool
    of images, are each replica's own, and those of the first one are saved.
    """

    _in_whole_batches = False

    @property
    def distribute_strategy(self) -> Any:
        """The strategy; while Keras reads batches, one that leaves them whole."""
        strategy = super().distribute_strategy
        return _Whole(strategy) if self._in_whole_batches else strategy

    def compile(self, **arguments: Any) -> None:
        strategy = self._distribute_strategy
        if strategy is not None:
            _check_strategy(strategy, arguments["jit_compile"])
        super().compile(**arguments)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        self._check_training("fit")
        with self._whole_batches(x):
            return super().fit(x, *args, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        with self._whole_batches(x):
            return super().evaluate(x, *args, **kwargs)

    def train_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        self._check_training("train_on_batch")
        with self._whole_batches(x):
            return super().train_on_batch(x, *args, **kwargs)

    def test_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        with self._whole_batches(x):
            return super().test_on_batch(x, *args, **kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        with self._whole_batches(None, whole=False):
            return super().predict(*args, **kwargs)

    @contextlib.contextmanager
    def _whole_batches(self, x, whole=True):
        """Batches reach the steps as they are in x, or are distributed by Keras."""
        if isinstance(x, tf.distribute.DistributedDataset):
            raise ValueError(
                "expected a tf.data.Dataset of whole batches, of which each replica takes its part."
                f" Received: {type(x).__name__}"
            )
        before = self._in_whole_batches
        self._in_whole_batches = whole and self._distribute_strategy is not None
        try:
            yield
        finally:
            self._in_whole_batches = before

    def _check_training(self, method):
        """Checks that the strategy can train all variables by these optimizers."""
        self._assert_compile_called(method)
        strategy = super().distribute_strategy
        optimizers = self.phase_optimizers.values()
        variables = [*self.variables, *(v for each in optimizers for v in each.variables)]
        if not all(strategy.extended.variable_created_in_scope(v.value) for v in variables):
            raise ValueError(
                "expected a model that was built and compiled in the scope of the strategy that"
                f" trains it. Received: a {type(self).__name__} with variables from outside of it"
            )
        for optimizer in optimizers if self._distribute_strategy is not None else ():
            rule = getattr(optimizer, "inner_optimizer", optimizer)
            for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
                if getattr(rule, name):
                    raise ValueError(
                        f"expected no {name} under {type(strategy).__name__}: Keras has no such"
                        f" update by several replicas. Received: {name}={getattr(rule, name)}"
                    )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Keras's hook: nothing is left to build, a model is whole when it is made."""

    def _make_function(self, step_function):
        """Keras's hook: a function of an iterator over batches."""
        if self._distribute_strategy is None:
            return super()._make_function(step_function)

        def step(data):
            self._run_replicas(step_function, data)
            return self.get_metrics_result()

        if not self.run_eagerly:
            step = tf.function(step, reduce_retracing=True, autograph=False)
        step = self._autoconvert_optionals(step)

        # One call a step: a loop over a data set's iterator fails in a graph with replicas.
        def steps(iterator):
            logs = None
            for _, data in zip(range(self.steps_per_execution), iterator, strict=False):
                logs = step(data)
            if logs is None:
                raise StopIteration
            return logs

        return steps

    def _on_every_replica(self, arrays: tuple[tf.Tensor, ...]) -> tuple:
        """The arrays themselves; under a strategy a tuple of them for each replica, on its device.

        Of the replicas of this process: each process has arrays of its own.
        """
        strategy = self._distribute_strategy
        if strategy is None:
            return arrays

        @tf.function(autograph=False)
        def copies():
            return strategy.run(lambda: tuple(tf.identity(a) for a in arrays))

        return tuple(zip(*map(strategy.experimental_local_results, copies()), strict=True))

    def _run_replicas(
        self, function: Callable[..., Any], whole: Any, copies: tuple | None = None
    ) -> None:
        """Runs `function(part)`, or `function(part, copy)`, by every replica.

        Args:
            function: one replica's step.
            whole: structure of tensors `[num_examples, ...]`, of which each replica gets its part.
            copies: for each replica of this process what it gets beside it.
        """
        strategy, more = self._distribute_strategy, ()
        if copies is not None:
            own = lambda replica: copies[replica.replica_id_in_sync_group % len(copies)]
            more = (strategy.experimental_distribute_values_from_function(own),)
        whole = tf.nest.map_structure(
            lambda a: None if a is None else tf.convert_to_tensor(a), whole
        )

        @tf.autograph.experimental.do_not_convert
        def step(whole, *more):
            function(own_part(whole), *more)

        self._num_whole = tf.shape(first_array(whole))[0]
        try:
            strategy.run(step, args=(whole, *more))
        finally:
            self._num_whole = None


class _Whole:
    """A strategy that leaves Keras's batches whole: replicas take their parts of them later."""

    def __init__(self, strategy):
        self._strategy = strategy

    def __getattr__(self, name):
        return getattr(self._strategy, name)

    def experimental_distribute_dataset(self, dataset):
        return dataset


def _check_strategy(strategy, jit_compile):
    if not isinstance(strategy, _STRATEGIES):
        raise ValueError(
            "expected a MirroredStrategy, a MultiWorkerMirroredStrategy or a OneDeviceStrategy."
            f" Received: {type(strategy).__name__}"
        )
    if jit_compile is True:
        raise ValueError(
            f"expected jit_compile=False under {type(strategy).__name__}: XLA does not compile"
            " what replicas exchange. Received: jit_compile=True"
        )
