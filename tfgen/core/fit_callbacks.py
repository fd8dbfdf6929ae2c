"""What `fit` adds to the callbacks of a user, and what it refuses of them."""

from typing import Any

import keras

from tfgen.core.arrays import ArrayFeed
from tfgen.core.phase import trainable_weights


class EpochCounter(keras.callbacks.Callback):
    """Counts the epoch, and tells the source of the data which one it is.

    Args:
        counted: the model, with `epochs_seen`.
        source: an `ArrayFeed`, a data set, perhaps with an `epoch_counter`, or None.
    """

    def __init__(self, counted: Any, source: Any) -> None:
        super().__init__()
        self.counted = counted
        self._source = source

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if isinstance(self._source, ArrayFeed):
            self._source.begin_epoch(self.counted.epochs_seen)
        elif hasattr(self._source, "epoch_counter"):
            self._source.epoch_counter.assign(self.counted.epochs_seen)
        self.counted.epochs_seen += 1

    def on_train_end(self, logs: Any = None) -> None:
        # Keras does this for the optimizer of a model with one phase.
        phases = self.counted.phases()
        for phase in phases if len(phases) > 1 else ():
            optimizer = self.counted.phase_optimizers[phase.name]
            optimizer.finalize_variable_values(trainable_weights(phase))


class _TrueCounts(keras.callbacks.CallbackList):
    """Counts the steps that were run, not those of whole calls: the last call may have fewer."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(min(batch, self.params["steps"] - 1), logs)


def counted_callbacks(
    callbacks: Any, counter: EpochCounter, feed: ArrayFeed | None, verbose: Any, epochs: int
) -> Any:
    """The callbacks of a `fit`: the counter first, then the user's.

    Args:
        callbacks: as `fit` takes them.
        counter: the counter of epochs.
        feed: the arrays, if `fit` got any.
        verbose, epochs: as `fit` takes them.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(counter)
        return callbacks
    callbacks = [counter, *_as_list(callbacks)]
    if feed is None:
        return callbacks
    return _TrueCounts(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=counter.counted,
        verbose=verbose,
        epochs=epochs,
        steps=feed.num_steps,
    )


def check_monitors(callbacks: Any, model: Any) -> None:
    """Checks that Keras's callbacks do not wait for a loss that several phases do not report.

    Raises:
        ValueError: one does; without this it would do nothing, silently.
    """
    if "loss" in model.terms.means or isinstance(callbacks, keras.callbacks.CallbackList):
        return
    reported = ", ".join(model.terms.means)
    for callback in _as_list(callbacks):
        name = type(callback).__name__
        if isinstance(callback, keras.callbacks.TerminateOnNaN):
            raise ValueError(
                f"expected tfgen.training.TerminateOnNonFinite(), which watches {reported}: a model"
                f" with several phases has no single loss. Received: {name}"
            )
        watches = isinstance(
            callback, (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)
        ) or (isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_best_only)
        if watches and callback.monitor in ("loss", "val_loss"):
            raise ValueError(
                f"expected a monitor of {reported}, or one of these with val_ before it, and its"
                " mode, such as 'min': a model with several phases has no single loss."
                f" Received: {name}(monitor={callback.monitor!r})"
            )


def _as_list(callbacks):
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
