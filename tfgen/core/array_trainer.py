"""`fit` and `evaluate` on arrays: checked at the door, and trained on in blocks of steps."""

import keras
import tensorflow as tf

from tfgen.core.arrays import ArrayFeed, gather, is_array
from tfgen.core.checks import check_array, check_spec


class ArrayTrainer(keras.Model):
    """A Keras model that checks its data and trains on arrays by compiled blocks of steps.

    A subclass supplies `event_shape`, `levels`, `order_seed`, `epochs_seen` and `train_step`.
    """

    _feed = None
    _block_function = None

    def check(self, x, name="x"):
        """Checks a batch of examples (see `check_array`); returns it as a float32 tensor."""
        return check_array(x, self.event_shape, levels=self.levels, name=name)

    def unpack(self, data):
        """The batch that the losses get: x alone, for a model without conditions.

        Raises:
            ValueError: labels or sample weights came along.
        """
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(y=y, sample_weight=sample_weight)
        return x

    def _refuse(self, **arguments):
        for name, value in arguments.items():
            if value is not None:
                raise ValueError(
                    f"expected no {name}: {type(self).__name__} is trained on x alone."
                    f" Received: {name} of type {type(value).__name__}"
                )

    def check_data(self, x, y=None, name="x"):
        """Checks arrays for training: returns the tuple of tensors of which batches are made.

        Raises:
            ValueError: see `check_array`; labels where the model has no conditions.
        """
        self._refuse(y=y)
        return (self.check(x, name),)

    def check_dataset(self, dataset):
        """Checks the structure, shapes and dtypes of a `tf.data.Dataset` of batches.

        Raises:
            ValueError: they do not fit the model.
        """
        spec = dataset.element_spec
        check_spec(self.unpack(spec), self.event_shape, name="the data set's x")

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        **kwargs,
    ):
        """Trains the model, as `keras.Model.fit` does; the other arguments are Keras's own.

        Arrays are checked, placed on the device once, and shuffled in an order that depends on
        the model's seed and its count of epochs: another one each epoch and each `fit`, the same
        again after a restart. One compiled call gathers and runs `steps_per_execution` steps.

        Args:
            x: array `[num_examples, *event_shape]`, float32 in [0, 1] for images; or a
                `tf.data.Dataset` or any other input of Keras's, of batches.
            y: conditions, for models that have them.
            batch_size: examples a step, 32 by default; for arrays.
        Returns:
            `keras.callbacks.History`, the mean of each term by epoch.
        Raises:
            ValueError: x is no array of examples (see `check_array`).
        """
        self._refuse(class_weight=class_weight, sample_weight=sample_weight)
        dataset = None
        if is_array(x):
            arrays = self.check_data(x, y)
            if validation_split and validation_data is None:
                arrays, validation_data = _split(arrays, validation_split)
            x, y = arrays if len(arrays) > 1 else (arrays[0], None)
            if not tf.distribute.has_strategy():
                self._feed = ArrayFeed(
                    arrays,
                    32 if batch_size is None else batch_size,
                    self.steps_per_execution if self.compiled else 1,
                    self.order_seed,
                    shuffle,
                )
                x, y, shuffle = self._feed.steps(), None, False
                kwargs["steps_per_epoch"] = min(
                    kwargs.get("steps_per_epoch") or self._feed.num_steps, self._feed.num_steps
                )
        elif isinstance(x, tf.data.Dataset):
            self.check_dataset(x)
            dataset, shuffle = x, False
        if validation_data is not None:
            validation_data = self._validation_batches(
                validation_data, kwargs.pop("validation_batch_size", None) or batch_size or 32
            )
        try:
            return super().fit(
                x,
                y,
                batch_size=None if self._feed or dataset is not None else batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=[_EpochCounter(self, self._feed or dataset), *_as_list(callbacks)],
                validation_data=validation_data,
                shuffle=shuffle,
                **kwargs,
            )
        finally:
            self._feed = None

    def _validation_batches(self, data, batch_size):
        """Checks validation arrays once, so that no epoch has to do it again."""
        if isinstance(data, tf.data.Dataset):
            self.check_dataset(data)
            return data
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(sample_weight=sample_weight)
        if not is_array(x):
            return data
        arrays = self.check_data(x, y, name="validation x")
        elements = arrays if len(arrays) > 1 else arrays[0]
        return tf.data.Dataset.from_tensor_slices(elements).batch(batch_size)

    def evaluate(self, x=None, y=None, batch_size=None, sample_weight=None, **kwargs):
        """Mean of each term over x, as `keras.Model.evaluate` gives it; arrays are checked."""
        self._refuse(sample_weight=sample_weight)
        if is_array(x):
            arrays = self.check_data(x, y)
            x, y = arrays if len(arrays) > 1 else (arrays[0], None)
        elif isinstance(x, tf.data.Dataset):
            self.check_dataset(x)
        return super().evaluate(x, y, batch_size=batch_size, **kwargs)

    def make_train_function(self, force=False):
        """Keras's hook: for arrays, a function that runs one block of steps."""
        if self._feed is None:
            stale = getattr(self.train_function, "__func__", None) is ArrayTrainer._run_blocks
            return super().make_train_function(force=force or stale)
        if self._block_function is None or force:
            self._block_function = self._train_block
            if not self.run_eagerly:
                self._block_function = tf.function(
                    self._train_block, jit_compile=self.jit_compile, reduce_retracing=True
                )
        self.train_function = self._run_blocks

    def _run_blocks(self, iterator):
        for indices in self._feed.blocks(int(next(iterator))):
            logs = self._block_function(self._feed.arrays, indices)
        return logs

    def _train_block(self, arrays, indices):
        train_step = tf.autograph.experimental.do_not_convert(self.train_step)
        for step in tf.range(tf.shape(indices)[0]):
            train_step(gather(arrays, indices[step]))
        return self.get_metrics_result()


class _EpochCounter(keras.callbacks.Callback):
    """Counts the epoch, and tells the source of the data which one it is."""

    def __init__(self, model, source):
        super().__init__()
        self._counted = model
        self._source = source

    def on_epoch_begin(self, epoch, logs=None):
        if isinstance(self._source, ArrayFeed):
            self._source.begin_epoch(self._counted.epochs_seen)
        elif hasattr(self._source, "epoch_counter"):
            self._source.epoch_counter.assign(self._counted.epochs_seen)
        self._counted.epochs_seen += 1


def _as_list(callbacks):
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]


def _split(arrays, fraction):
    """The last fraction of the arrays for validation, as Keras takes it."""
    length = int(arrays[0].shape[0])
    kept = int(length * (1 - fraction))
    if not 0 < kept < length:
        raise ValueError(
            f"expected validation_split to leave examples on both sides of {length}."
            f" Received: {fraction}"
        )
    head, tail = (tuple(a[:kept] for a in arrays), tuple(a[kept:] for a in arrays))
    return head, (tail if len(tail) > 1 else tail[0])
