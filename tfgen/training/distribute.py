"""The devices of a run: this process's one, all of this machine, or several machines."""

import contextlib

import tensorflow as tf

KINDS = (None, "mirrored", "multi-worker")


class Devices:
    """Where a run trains, and which process writes it.

    It is to be made before any tensor: TensorFlow cannot join other processes later.

    Args:
        kind: None for one device; "mirrored" for all GPUs of this machine, or for all its logical
            CPUs where it has no GPU; "multi-worker" for the processes that the environment
            variable `TF_CONFIG` names, each started with the same command.
    Raises:
        ValueError: another kind.
    """

    def __init__(self, kind: str | None = None) -> None:
        if kind not in KINDS:
            raise ValueError(
                f'expected distribute to be "mirrored", "multi-worker" or None. Received: {kind!r}'
            )
        self.strategy: tf.distribute.Strategy | None = None
        self.is_chief = True
        if kind == "mirrored":
            self.strategy = _mirrored()
        elif kind == "multi-worker":
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
            resolver = self.strategy.cluster_resolver
            chief = ("chief", 0) if "chief" in resolver.cluster_spec().jobs else ("worker", 0)
            self.is_chief = (resolver.task_type or "worker", resolver.task_id or 0) == chief

    def scope(self) -> contextlib.AbstractContextManager:
        """Where a model is built and compiled, so that its variables are on all devices."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()

    def wait(self) -> None:
        """Waits for the other processes: none may leave while another one still needs it."""
        if isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
            ones = self.strategy.run(tf.function(lambda: tf.ones(())))
            self.strategy.reduce(tf.distribute.ReduceOp.SUM, ones, axis=None)


def _mirrored():
    gpus, cpus = map(tf.config.list_logical_devices, ("GPU", "CPU"))
    names = [device.name for device in gpus or cpus]
    # Collective operations between logical CPUs fail in a second strategy of one process.
    operations = None if gpus else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(names, cross_device_ops=operations)
