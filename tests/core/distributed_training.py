"""Trains small models on one device or under a strategy, and writes what came of it.

Run as `python distributed_training.py STRATEGY FOLDER`, STRATEGY one of "one", "mirrored" and
"workers"; a worker finds its place in TF_CONFIG.
"""

import contextlib
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgen.conditions import Classes
from tfgen.core import GenerativeModel, Phase, RunningAverage
from tfgen.layers import SyncBatchNormalization

SIZE = 3


class Counter(keras.layers.Layer):
    """How often each condition was seen."""

    def __init__(self, size):
        super().__init__()
        self.seen = self.add_weight((size,), "zeros", trainable=False, name="seen")


class Residuals(GenerativeModel):
    """`low` learns the mean of x given y; `high`, at every second step, what `low` leaves over."""

    term_names = ("low_loss", "high_loss")
    density = "none"
    takes_condition = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.event_shape = (SIZE,)
        y = (self.condition.given_spec.shape[-1],)
        self.low = keras.Sequential(
            [keras.Input(y), keras.layers.Dense(4), SyncBatchNormalization(momentum=0.9)]
        )
        self.low.add(keras.layers.Dense(SIZE, kernel_regularizer=keras.regularizers.L2(0.1)))
        self.high = keras.Sequential([keras.Input((SIZE,)), keras.layers.Dense(SIZE)])
        self.average = RunningAverage(self.low, 0.9)
        self.counter = Counter(*y)

    def phases(self):
        return (
            Phase("low", self.low_loss, (self.low, self.counter)),
            Phase("high", self.high_loss, (self.high,), every=2),
        )

    def averages(self):
        return (self.average,)

    def rest(self, batch, training):
        x, given = batch
        return x - self.low(given, training=training)

    def low_loss(self, batch, seed, training):
        if training:
            counts = tf.reduce_sum(batch[1], axis=0)
            self.counter.seen.assign_add(self.over_replicas(counts))
        return {"low_loss": tf.reduce_mean(self.rest(batch, training) ** 2)}

    def high_loss(self, batch, seed, training):
        # `low` runs in training mode here, so that its statistics would move.
        rest = self.rest(batch, training)
        return {"high_loss": tf.reduce_mean((self.high(batch[0]) - rest) ** 2)}

    def default_optimizers(self):
        return {
            "low": keras.optimizers.SGD(0.1, momentum=0.5, global_clipnorm=0.3),
            "high": keras.optimizers.SGD(0.1),
        }

    def call(self, inputs, training=False):
        return self.low(self.read_inputs(inputs)[1], training=training)

    def preview(self, batch, seed=0):
        return self.low(batch[1])[None]

    def signatures(self):
        return {}


class Draws(GenerativeModel):
    """Its weights move by what is drawn for each example: by the loss, and by Dropout.

    Keras's own batch normalization only looks on.
    """

    term_names = ("drawn",)
    density = "none"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.event_shape = (16,)
        dense = lambda: keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        self.noisy = keras.Sequential([keras.Input((16,)), dense()])
        self.dropped = keras.Sequential([keras.Input((16,)), dense(), keras.layers.Dropout(0.5)])
        norm = keras.layers.BatchNormalization(momentum=0.0, center=False, scale=False)
        self.norm = keras.Sequential([keras.Input((16,)), norm])

    def phases(self):
        return (Phase("draws", self.loss_terms, (self.noisy, self.dropped, self.norm)),)

    def loss_terms(self, batch, seed, training):
        (x,) = batch
        self.norm(x, training=training)
        noise = tf.random.stateless_normal((tf.shape(x)[0], 1), seed)
        drawn = noise * self.noisy(x) + self.dropped(x, training=training)
        return {"drawn": tf.reduce_mean(drawn)}

    def default_optimizers(self):
        return {"draws": keras.optimizers.SGD(1.0)}

    def call(self, x, training=False):
        return self.noisy(x)

    def preview(self, batch, seed=0):
        return batch[0][None]

    def signatures(self):
        return {}


def data(num_examples=23):
    random = np.random.default_rng(0)
    x = random.normal(size=(num_examples, SIZE)).astype("float32")
    return x, random.integers(0, 4, num_examples)


def dataset(batch_size):
    return tf.data.Dataset.from_tensor_slices(data()).batch(batch_size)


def scope(strategy):
    return strategy.scope() if strategy else contextlib.nullcontext()


def make(strategy, **options):
    keras.utils.set_random_seed(3)
    with scope(strategy):
        model = Residuals(condition=Classes(4))
        model.compile(**options)
    return model


def arrays(strategy, folder):
    """Batches of 11, 11 and 1, in blocks of two steps; saved after the first of two epochs."""
    model = make(strategy, steps_per_execution=2)
    model.fit(*data(), batch_size=11, verbose=0)
    if folder is not None:
        model.save(folder / "half.keras")
    return model, second_epoch(model)


def resumed(strategy, folder):
    """The second epoch by the model that was saved."""
    with scope(strategy):
        model = keras.saving.load_model(folder / "half.keras")
        return model, second_epoch(model)


def second_epoch(model):
    return model.fit(
        *data(), batch_size=11, epochs=2, initial_epoch=1, validation_data=data(7), verbose=0
    ).history


def datasets(strategy, folder):
    model = make(strategy, steps_per_execution=2)
    return model, model.fit(dataset(5), validation_data=dataset(11), verbose=0).history


def draws(strategy, folder):
    """One step on unit vectors: each weight moves by the draw for its example."""
    keras.utils.set_random_seed(3)
    with scope(strategy):
        model = Draws()
        model.compile()
    return model, model.fit(np.eye(16, dtype="float32"), shuffle=False, verbose=0).history


CASES = (arrays, resumed, datasets)


def two_cpus():
    device = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(device, halves)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def values(variables):
    """Values by number and kind; under a strategy those of all replicas of this process."""
    found = {}
    for number, variable in enumerate(variables):
        copies = getattr(variable.value, "values", [variable.value])
        # The first words of a name differ from one instance to the next.
        kind = variable.name.rpartition("_")[2]
        found[f"{number} {kind}"] = np.stack([copy.numpy() for copy in copies])
    return found


def main(name, folder):
    strategies = {
        "one": lambda: None,
        "mirrored": two_cpus,
        "workers": tf.distribute.MultiWorkerMirroredStrategy,
    }
    strategy = strategies[name]()
    for case in (*CASES, draws):
        model, history = case(strategy, folder)
        found = values(model.variables)
        for phase, optimizer in model.phase_optimizers.items():
            states = values(optimizer.variables)
            found |= {f"optimizer of {phase} {name}": state for name, state in states.items()}
        found |= {f"history of {term}": np.array(value) for term, value in history.items()}
        np.savez(folder / f"{case.__name__}.npz", **found)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
