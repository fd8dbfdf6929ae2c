"""The optimizers of a model: one for each phase."""

from typing import Any

import keras


class PhaseOptimizers:
    """Stands for the optimizers of several phases where Keras's callbacks look for one.

    `learning_rate` is that of the first phase; what is written to it scales the others alike, so
    that `LearningRateScheduler` and `ReduceLROnPlateau` keep their ratios.

    Args:
        optimizers: `{phase name: optimizer}`.
    """

    # `BackupAndRestore` asks.
    built = True

    def __init__(self, optimizers: dict[str, keras.optimizers.Optimizer]) -> None:
        self._optimizers = dict(optimizers)

    @property
    def variables(self) -> list[keras.Variable]:
        """Those of all optimizers; `summary` counts them."""
        return [v for optimizer in self._optimizers.values() for v in optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        return next(iter(self._optimizers.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        factor = float(value) / float(keras.ops.convert_to_numpy(self.learning_rate))
        for optimizer in self._optimizers.values():
            rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            optimizer.learning_rate = factor * rate


def match_optimizers(
    optimizer: Any,
    names: list[str],
    defaults: dict[str, keras.optimizers.Optimizer],
    learning_rate: Any = None,
) -> dict[str, keras.optimizers.Optimizer]:
    """An optimizer for each phase, from what `compile` got.

    Args:
        optimizer: None for the defaults; an optimizer or its name, of which each phase gets one of
            its own; or `{phase name: optimizer}`.
        names: of the phases.
        defaults: `{phase name: optimizer}`.
        learning_rate: of the default optimizers, a number or a schedule; None for their own.
    Raises:
        ValueError: the optimizers do not match the phases, or a learning rate beside optimizers.
    """
    if optimizer is None:
        if learning_rate is not None:
            defaults = {name: _with_rate(each, learning_rate) for name, each in defaults.items()}
        optimizer = defaults
    elif learning_rate is not None:
        raise ValueError(
            "expected learning_rate for the default optimizers; an optimizer that is given has its"
            f" own. Received: learning_rate={learning_rate} and optimizer={optimizer}"
        )
    elif not isinstance(optimizer, dict):
        first = keras.optimizers.get(optimizer)
        copies = [type(first).from_config(first.get_config()) for _ in names[1:]]
        optimizer = dict(zip(names, [first, *copies], strict=True))
    if sorted(optimizer) != sorted(names):
        raise ValueError(
            f"expected one optimizer for each of the phases {names}, as a dictionary."
            f" Received: optimizers for {sorted(optimizer)}"
        )
    return {name: keras.optimizers.get(optimizer[name]) for name in names}


def loss_scaled(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer with its loss scaled, as float16 needs it."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def _with_rate(optimizer, learning_rate):
    if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        learning_rate = keras.optimizers.schedules.serialize(learning_rate)
    elif not (isinstance(learning_rate, (int, float)) and learning_rate > 0):
        raise ValueError(
            "expected learning_rate to be a positive number or a schedule."
            f" Received: {learning_rate!r}"
        )
    config = {**optimizer.get_config(), "learning_rate": learning_rate}
    return type(optimizer).from_config(config)
