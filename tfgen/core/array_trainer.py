"""`fit` and `evaluate` on arrays: checked at the door, and trained on in blocks of steps."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.arrays import ArrayFeed, gather, is_array
from tfgen.core.checked_batches import checked_batches
from tfgen.core.checks import check_count
from tfgen.core.data_checks import DataChecks, readable_data_errors
from tfgen.core.fit_callbacks import EpochCounter, check_monitors, counted_callbacks
from tfgen.core.replica_trainer import ReplicaTrainer
from tfgen.core.typing import ArrayLike
from tfgen.core.xla import gains_by_xla


class ArrayTrainer(DataChecks, ReplicaTrainer):
    """A model that checks its data and trains on arrays by compiled blocks of steps.

    Needs `event_shape`, `levels`, `condition`, `order_seed` and `epochs_seen`.
    """

    # What makes batches of arrays.
    feed_kind = ArrayFeed
    _feed = None
    _block_function = None
    _blocks_in_xla = False
    # Whether `compile` was told to choose.
    _auto_xla = False

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Trains the model, as `keras.Model.fit` does; the other arguments are Keras's own.

        Arrays are checked, placed on the device once, and shuffled in an order that depends on
        the model's seed and its count of epochs: another one each epoch and each `fit`, the same
        again after a restart. One compiled call gathers and runs `steps_per_execution` steps.

        A model that was built and compiled in the scope of a `tf.distribute` strategy is trained
        by its replicas (see `ReplicaTrainer`); arrays are then on every device.

        Args:
            x: array `[num_examples, *event_shape]`, float32 in [0, 1] for images; or a
                `tf.data.Dataset` or any other input of Keras's, of batches.
            y: for models with a condition: one for each example.
            batch_size: examples a step, 32 by default; for arrays.
            steps_per_epoch: steps of an epoch; for arrays at most those that see each example once.
        Returns:
            `keras.callbacks.History`, the mean of each term by epoch.
        Raises:
            ValueError: x is no array of examples (see `check_array`), bad conditions, an epoch too
                short for a phase that moves at every k-th step, or a callback that watches what
                the model does not report.
        """
        self._refuse(class_weight=class_weight, sample_weight=sample_weight)
        self._assert_compile_called("fit")
        for name, value in {"epochs": epochs, "steps_per_epoch": steps_per_epoch}.items():
            if value is not None:
                check_count(value, name)
        dataset, feed = None, None
        x, y = self.join(x, y)
        if is_array(x):
            arrays = self.check_data(x, y)
            if validation_split and validation_data is None:
                arrays, validation_data = _split(arrays, validation_split)
            feed = self.feed_kind(
                arrays,
                32 if batch_size is None else batch_size,
                self.steps_per_execution,
                self.order_seed,
                shuffle,
                steps_per_epoch,
            )
            feed.arrays = self._on_every_replica(feed.arrays)
            x, y, shuffle, steps_per_epoch = feed.steps(), None, False, feed.num_steps
            self._check_steps(feed.num_steps)
        elif isinstance(x, tf.data.Dataset):
            x, shuffle = self.check_dataset(x), False
            dataset = x
            known = int(x.cardinality()) if steps_per_epoch is None else steps_per_epoch
            self._check_steps(known if known > 0 else None)
        else:
            x = checked_batches(x, self.check_batch)
        if validation_data is not None:
            validation_data = self._validation_batches(
                validation_data, validation_batch_size or batch_size or 32
            )
        check_monitors(callbacks, self)
        counter = EpochCounter(self, feed or dataset)
        callbacks = counted_callbacks(callbacks, counter, feed, verbose, epochs)
        self._feed = feed
        try:
            with readable_data_errors():
                self.prepare(*((x,) if feed is None else arrays))
                return super().fit(
                    x,
                    y,
                    batch_size=None if feed or dataset is not None else batch_size,
                    epochs=epochs,
                    verbose=verbose,
                    callbacks=callbacks,
                    validation_data=validation_data,
                    shuffle=shuffle,
                    initial_epoch=initial_epoch,
                    steps_per_epoch=steps_per_epoch,
                    validation_steps=validation_steps,
                    validation_batch_size=validation_batch_size,
                    validation_freq=validation_freq,
                )
        finally:
            self._feed = None

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """What `fit` does with its training examples before its first step: here nothing.

        A family that adapts to data does it here, where no step was made yet (`steps_seen`).

        Args:
            x: tensor of examples; or a data set or another source of batches.
            tokens: beside a tensor, of a model with a condition: one for each example.
        """

    def _check_steps(self, num_steps):
        """Checks that each phase moves in an epoch: otherwise its terms would read 0."""
        for phase in self.phases():
            if num_steps is not None and num_steps < phase.every:
                raise ValueError(
                    f"expected at least {phase.every} steps an epoch: the phase {phase.name!r} of"
                    f" {type(self).__name__} moves once in {phase.every}. Received: {num_steps}"
                )

    def _validation_batches(self, data, batch_size):
        """Checks validation data once, so that no epoch has to do it again."""
        if isinstance(data, tf.data.Dataset):
            return self.check_dataset(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(sample_weight=sample_weight)
        x, y = self.join(x, y)
        if isinstance(x, tf.data.Dataset) and y is None:
            return self.check_dataset(x)
        if not is_array(x):
            return checked_batches(data, self.check_batch)
        return self.batches_of(self.check_data(x, y, name="validation x"), batch_size)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: None = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Mean of each term over x, as `keras.Model.evaluate` gives it; arrays are checked.

        Draws come from a fixed seed: the same data in the same batches give the same figures.
        """
        self._refuse(sample_weight=sample_weight)
        x, y = self.join(x, y)
        if is_array(x):
            arrays = self.check_data(x, y)
            x, y = self.batches_of(arrays, 32 if batch_size is None else batch_size), None
            batch_size = None
        elif isinstance(x, tf.data.Dataset) and not kwargs:
            x = self.check_dataset(x)
        elif not kwargs:
            x = checked_batches(x, self.check_batch)
        with readable_data_errors():
            return super().evaluate(
                x,
                y,
                batch_size=batch_size,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
                return_dict=return_dict,
                **kwargs,
            )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        *,
        condition: ArrayLike | None = None,
    ) -> Any:
        """What the model gives when it is called, as `keras.Model.predict` does it.

        Args:
            x: array `[num_examples, *event_shape]`, or any other input of Keras's, of batches.
            batch_size: examples of one call, 32 by default; for arrays.
            condition: beside an array, for a model that has one: one for each example.
        """
        if is_array(x):
            inputs = self.check_inputs(x, condition)
            x = self.batches_of((inputs,), 32 if batch_size is None else batch_size)
            batch_size = None
        elif isinstance(x, tf.data.Dataset) and self.condition is None:
            x = self.check_inputs(x)
        with readable_data_errors():
            return super().predict(x, batch_size, verbose, steps, callbacks)

    def make_train_function(self, force: bool = False) -> None:
        """Keras's hook: for arrays, a function that runs one block of steps."""
        if self._feed is None:
            stale = getattr(self.train_function, "__func__", None) is ArrayTrainer._run_blocks
            super().make_train_function(force=force or stale)
            return
        jit_compile = self.jit_compile or self._compiles_for(self._feed.num_examples)
        if self._block_function is None or force or jit_compile != self._blocks_in_xla:
            self._block_function, self._blocks_in_xla = self._train_block, jit_compile
            if not self.run_eagerly:
                # One trace for blocks of all sizes: the last ones of an epoch are shorter.
                sizes = tf.nest.map_structure(
                    lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), self._feed.arrays
                )
                self._block_function = tf.function(
                    self._train_block,
                    input_signature=(sizes, self._feed.block_spec),
                    jit_compile=jit_compile,
                )
        self.train_function = self._run_blocks

    def _compiles_for(self, num_examples):
        """Whether XLA is left to the model, on a CPU, and pays."""
        alone = self._distribute_strategy is None and not self.run_eagerly
        return self._auto_xla and alone and gains_by_xla(self, num_examples)

    def _run_blocks(self, iterator):
        for indices in self._feed.blocks(int(next(iterator))):
            logs = self._block_function(self._feed.arrays, indices)
        return logs

    def _train_block(self, arrays, indices):
        train_step = tf.autograph.experimental.do_not_convert(self._train_on_rows)
        if self.steps_per_execution == 1:
            # A loop has four operations more for each weight that it reads.
            train_step(arrays, indices[0])
            return self.get_metrics_result()
        for step in tf.range(tf.shape(indices)[0]):
            train_step(arrays, indices[step])
        return self.get_metrics_result()

    def _train_on_rows(self, arrays, rows):
        if self._distribute_strategy is None:
            self.train_step(gather(arrays, rows))
        else:
            step = lambda rows, arrays: self.train_step(gather(arrays, rows))
            self._run_replicas(step, rows, arrays)


def _split(arrays, fraction):
    """The last fraction of the arrays for validation, as Keras takes it."""
    lengths = [int(array.shape[0]) for array in arrays]
    counts = [int(length * (1 - fraction)) for length in lengths]
    for kept, length in zip(counts, lengths, strict=True):
        if not 0 < kept < length:
            raise ValueError(
                f"expected validation_split to leave examples on both sides of {length}."
                f" Received: {fraction}"
            )
    parts = [(a[:kept], a[kept:]) for kept, a in zip(counts, arrays, strict=True)]
    return tuple(zip(*parts, strict=True))
