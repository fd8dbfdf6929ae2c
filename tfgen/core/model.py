"""The contract of every model: phases in, `compile`, `fit`, `evaluate`, `save` and `export` out."""

import abc
import math
import os
import shutil

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.array_trainer import ArrayTrainer
from tfgen.core.configured import Configured
from tfgen.core.seeds import check_seed


class GenerativeModel(Configured, ArrayTrainer):
    """A Keras model that is trained phase by phase.

    A family supplies `event_shape`, `term_names`, `phases()`, `default_optimizers()`, `call`,
    `signatures()` and the classmethod `default(event_shape, **sizes)`. A training step runs the
    phases in order; each takes a gradient step on the first term of its loss and moves the
    weights of its own networks alone.

    Attributes:
        term_names: names of all the terms that the phases report, in order.
        event_shape: shape of one example, `(d,)` or `(height, width, channels)`.
        levels: number of levels of a discrete likelihood; None where x is continuous.
        density: "exact", "bound" or "implicit": what the model can say of p(x).
        paper: authors and year of the source.
        default_batch_size: examples of one step on the command line.
        epochs_seen: number of training epochs begun so far; saved with the model, it decides the
            order of the next one.
    """

    term_names = ()
    event_shape = None
    levels = None
    density = None
    paper = None
    default_batch_size = 100

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Images must not be rounded to a half-precision compute dtype on their way in.
        self.autocast = False
        self.seed_generator = keras.random.SeedGenerator()
        self.order_seed = int(np.array(self.seed_generator.state)[0]) & 0x7FFFFFFF
        self.epochs_seen = 0
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.term_names}
        self.built = True

    # Models are compared by identity, as Keras does, not by configuration.
    __eq__ = keras.Model.__eq__
    __hash__ = keras.Model.__hash__
    __repr__ = keras.Model.__repr__

    @abc.abstractmethod
    def phases(self):
        """The tuple of `Phase`s of one training step, in order."""

    @abc.abstractmethod
    def default_optimizers(self):
        """`{phase name: optimizer}`: the paper's, which `compile()` uses."""

    @abc.abstractmethod
    def signatures(self):
        """`{name: (function, input specs)}`: what `export` writes."""

    @property
    def num_free_parameters(self):
        """Numbers that training chooses: those of the trainable weights."""
        return sum(math.prod(v.shape) for v in self.trainable_variables)

    def next_seed(self):
        """A new int32 `(2,)` seed; the model's generator moves on."""
        return tf.cast(self.seed_generator.next(), tf.int32)

    def seed_or_next(self, seed):
        """`seed` as an int32 `(2,)` tensor, or a new one where it is None."""
        return self.next_seed() if seed is None else check_seed(seed)

    def get_config(self):
        return {**keras.Model.get_config(self), **Configured.get_config(self)}

    def compile(
        self, optimizer=None, *, steps_per_execution=1, jit_compile="auto", run_eagerly=False
    ):
        """Prepares the model for training.

        Args:
            optimizer: None for the paper's optimizers, one Keras optimizer (or its name) for a
                model with one phase, or `{phase name: optimizer}`.
            steps_per_execution: training steps of one compiled call.
            jit_compile: whether XLA compiles the training step; "auto" means only on a GPU.
            run_eagerly: whether steps run without compilation, for debugging.
        Raises:
            ValueError: the optimizers do not match the phases.
        """
        phases = self.phases()
        names = [phase.name for phase in phases]
        if optimizer is None:
            optimizer = self.default_optimizers()
        elif not isinstance(optimizer, dict):
            optimizer = {name: optimizer for name in names[:1]}
        if sorted(optimizer) != sorted(names):
            raise ValueError(
                f"expected one optimizer for each of the phases {names}, as a dictionary."
                f" Received: optimizers for {sorted(optimizer)}"
            )
        optimizer = {name: keras.optimizers.get(optimizer[name]) for name in names}
        if self.dtype_policy.name == "mixed_float16":
            optimizer = {name: _loss_scaled(each) for name, each in optimizer.items()}
        # Keras's learning-rate callbacks look for `model.optimizer`.
        super().compile(
            optimizer=optimizer[names[0]] if len(names) == 1 else None,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
        )
        self.phase_optimizers = optimizer
        for phase in phases:
            optimizer[phase.name].build(_trainable(phase))
        self._block_function = None

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(dict(self.phase_optimizers)),
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def metrics(self):
        return list(self._trackers.values())

    def train_step(self, data):
        """For each phase: tape, gradient, apply, track."""
        batch = self.unpack(data)
        phases = self.phases()
        for phase in phases:
            optimizer = self.phase_optimizers[phase.name]
            variables = _trainable(phase)
            kept = self._statistics_outside(phase) if len(phases) > 1 else []
            with tf.GradientTape() as tape:
                terms = phase.loss(batch, True)
                penalties = [loss for network in phase.networks for loss in network.losses]
                objective = tf.add_n([next(iter(terms.values())), *penalties])
                objective = optimizer.scale_loss(objective)
            optimizer.apply(tape.gradient(objective, variables), variables)
            for variable, value in kept:
                variable.assign(value)
            self._track(terms, batch)
        return self.get_metrics_result()

    def test_step(self, data):
        """The terms of every phase, without training."""
        batch = self.unpack(data)
        for phase in self.phases():
            self._track(phase.loss(batch, False), batch)
        return self.get_metrics_result()

    def _statistics_outside(self, phase):
        """Statistics (BatchNorm's) of networks outside the phase, each with its value."""
        own = {id(v) for network in phase.networks for v in network.non_trainable_weights}
        outside = [v for v in self.non_trainable_weights if id(v) not in own]
        return [(variable, tf.identity(variable.value)) for variable in outside]

    def _track(self, terms, batch):
        weight = tf.shape(tf.nest.flatten(batch)[0])[0]
        for name, value in terms.items():
            self._trackers[name].update_state(value, sample_weight=weight)

    def save_own_variables(self, store):
        """Beside the weights: every random state and the count of epochs, so training resumes."""
        super().save_own_variables(store)
        store["random_states"] = np.array([np.array(state) for state in self._random_states()])
        store["order"] = np.array([self.order_seed, self.epochs_seen], "int64")

    def load_own_variables(self, store):
        states = np.array(store["random_states"])
        for state, value in zip(self._random_states(), states, strict=True):
            state.assign(value)
        self.order_seed, self.epochs_seen = map(int, np.array(store["order"]))
        names = [name for name in store.keys() if name not in ("random_states", "order")]
        super().load_own_variables({name: store[name] for name in names})

    def _random_states(self):
        return [v for v in self.variables if v.name == "seed_generator_state"]

    def export(self, filepath, format="tf_saved_model", verbose=False):
        """Writes a SavedModel with the named `signatures()`, which runs without tfgen.

        The folder appears when it is whole; one that was there before is replaced.

        Args:
            filepath: path of the folder.
            format: "tf_saved_model", the only one.
            verbose: whether Keras prints the signatures.
        Raises:
            ValueError: another format.
        """
        if format != "tf_saved_model":
            raise ValueError(f'expected format to be "tf_saved_model". Received: {format!r}')
        archive = keras.export.ExportArchive()
        archive.track(self)
        for name, (function, specs) in self.signatures().items():
            archive.add_endpoint(name, function, specs)
        path = os.path.abspath(os.fspath(filepath))
        partial = f"{path}.partial-{os.getpid()}"
        try:
            archive.write_out(partial, verbose=verbose)
            if os.path.isdir(path):
                shutil.rmtree(path)
            os.replace(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _trainable(phase):
    return [v for network in phase.networks for v in network.trainable_variables]


def _loss_scaled(optimizer):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
