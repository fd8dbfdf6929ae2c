"""The contract of every model: phases in, `compile`, `fit`, `evaluate`, `save` and `export` out."""

import abc
import math
import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.array_trainer import ArrayTrainer
from tfgen.core.checks import check_count
from tfgen.core.condition import Condition, check_is_condition
from tfgen.core.configured import Configured
from tfgen.core.counters import Counters
from tfgen.core.optimizers import PhaseOptimizers, loss_scaled, match_optimizers
from tfgen.core.phase import trainable_weights
from tfgen.core.saved_model import write_saved_model
from tfgen.core.served import served
from tfgen.core.terms import Terms
from tfgen.core.typing import ArrayLike


class GenerativeModel(Configured, ArrayTrainer, abc.ABC):
    """A Keras model of p(x), or of p(x | y) where it has a condition.

    A family supplies `event_shape`, `term_names`, `density`, `paper`, `phases()`,
    `default_optimizers()`, `call`, `preview`, `signatures()` and the classmethod
    `default(event_shape, **sizes)`; one that takes conditions says `takes_condition = True`.
    Methods that draw or score take what users give as `condition`, and read it by
    `read_condition`; what comes of it, `given`, is what networks and losses get.

    Args:
        condition: what y is, such as `Classes(10)`; None for a model of x alone.
    Raises:
        ValueError: a condition that the family cannot take, or a dtype policy of float64.

    Attributes:
        term_names: names of all the terms that the phases report, in order.
        event_shape: shape of one example, `(d,)` or `(height, width, channels)`.
        levels: number of levels of a discrete likelihood; None where x is continuous.
        density: what the model can say of p(x): "exact", "bound", "implicit", or "none" where it
            is no distribution of x.
        takes_condition: whether the family can take a condition.
        needs_condition: whether it cannot be without one; the command line then makes it of the
            data's captions or classes.
        paper: authors and year of the source.
        default_batch_size: examples of one step on the command line.
        order_seed: int in [0, 2^31), saved with the model: it decides, with the counts, the order
            of each epoch and what each step draws.
        epochs_seen: number of training epochs begun so far; saved with the model.
        steps_seen: number of training steps so far, a Keras variable; saved with the model.
    """

    term_names: tuple[str, ...] = ()
    event_shape: Any = None
    levels: int | None = None
    density: str | None = None
    takes_condition = False
    needs_condition = False
    paper: str | None = None
    default_batch_size = 100

    def __init__(self, *, condition: Condition | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.dtype_policy.compute_dtype == "float64":
            raise ValueError(
                f"expected float32, mixed_bfloat16 or mixed_float16: {type(self).__name__} computes"
                f" probabilities in float32. Received: {self.dtype_policy.name}"
            )
        if condition is not None and not self.takes_condition:
            raise ValueError(
                f"expected no condition: {type(self).__name__} models x alone."
                f" Received: condition={condition!r}"
            )
        if condition is not None:
            check_is_condition(condition)
        # Images must not be rounded to a half-precision compute dtype on their way in.
        self.autocast = False
        self.condition = condition
        self._condition_layers = [] if condition is None else list(condition.layers)
        self.seed_generator = keras.random.SeedGenerator()
        self.epochs_seen = 0
        self._counters = Counters(int(np.array(self.seed_generator.state)[0]) & 0x7FFFFFFF)
        self.terms = None
        self.built = True

    # Models are compared by identity, as Keras does, not by configuration.
    __eq__ = keras.Model.__eq__
    __hash__ = keras.Model.__hash__
    __repr__ = keras.Model.__repr__

    @abc.abstractmethod
    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """`{phase name: optimizer}`, which `compile()` uses."""

    @abc.abstractmethod
    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`{name: (function, input specs)}`: what `export` writes."""

    @abc.abstractmethod
    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """The pictures that show how training goes.

        Args:
            batch: `(x,)`, or `(x, y)` for a model with conditions, as `fit` takes them.
            seed: of the draws.
        Returns:
            `[rows, columns, *event_shape]`, float32: examples side by side.
        """

    @property
    def order_seed(self) -> int:
        return int(self._counters.order_seed.numpy())

    @property
    def steps_seen(self) -> keras.Variable:
        return self._counters.steps

    @property
    def num_free_parameters(self) -> int:
        """Size of the trainable weights."""
        return sum(math.prod(v.shape) for v in self.trainable_variables)

    def read_condition(
        self, condition: ArrayLike | None, num_examples: int | tf.Tensor
    ) -> tf.Tensor | None:
        """Checks a condition at the door, and gives what networks read of it.

        Args:
            condition: a condition for each example, or one for all of them; None for a model
                without any.
            num_examples: int or int32 scalar.
        Returns:
            `given`, `[num_examples, ...]`; None for a model without conditions.
        Raises:
            ValueError: a condition that is missing or not expected, or that does not fit.
        """
        if (condition is None) != (self.condition is None):
            wanted = "no condition" if self.condition is None else f"a condition, {self.condition}"
            raise ValueError(
                f"expected {wanted}, as this {type(self).__name__} was built."
                f" Received: condition={condition!r}"
            )
        if condition is None:
            return None
        return self.condition.encode(self.condition.tokens(condition, num_examples))

    def read_inputs(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor | None]:
        """What `call` gets, x or `(x, condition)`, as x and `given`.

        Raises:
            ValueError: a condition that is missing or not expected, or that does not fit.
        """
        pair = isinstance(inputs, (list, tuple))
        x, condition = inputs if pair else (inputs, None)
        return x, self.read_condition(condition, tf.shape(x)[0])

    def condition_specs(self) -> list[tf.TensorSpec]:
        """What a signature takes beside its other inputs: the condition, if the model has one."""
        return [] if self.condition is None else [self.condition.spec]

    def get_config(self) -> dict[str, Any]:
        return {**keras.Model.get_config(self), **Configured.get_config(self)}

    def compile(
        self,
        optimizer: Any = None,
        loss: None = None,
        loss_weights: None = None,
        metrics: None = None,
        weighted_metrics: None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
        *,
        learning_rate: Any = None,
    ) -> None:
        """Prepares the model for training; the arguments are in Keras's order.

        Args:
            optimizer: None for `default_optimizers()`; one Keras optimizer or its name, of which
                each phase gets one of its own; or `{phase name: optimizer}`.
            loss, loss_weights, metrics, weighted_metrics: refused, a model knows its objective.
            run_eagerly: whether steps run without compilation, for debugging.
            steps_per_execution: training steps of one compiled call.
            jit_compile: whether XLA compiles the training step; "auto" means on a GPU, and on a
                CPU for arrays of some size where all layers are dense (see `gains_by_xla`).
            auto_scale_loss: whether losses are scaled where the dtype policy is mixed_float16.
            learning_rate: of the default optimizers, a number or a schedule.
        Raises:
            ValueError: the optimizers do not match the phases, or an argument that is refused.
        """
        given = {"loss": loss, "loss_weights": loss_weights}
        given |= {"metrics": metrics, "weighted_metrics": weighted_metrics}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"expected no {name}: {type(self).__name__} minimises the losses of its own"
                    f" phases and reports their terms, {', '.join(self.term_names)}."
                    f" Received: {name}={value!r}"
                )
        phases = self.phases()
        names = [phase.name for phase in phases]
        optimizers = match_optimizers(optimizer, names, self.default_optimizers(), learning_rate)
        if self.dtype_policy.name == "mixed_float16" and auto_scale_loss:
            optimizers = {name: loss_scaled(each) for name, each in optimizers.items()}
        for phase in phases:
            check_count(phase.every, f"`every` of the phase {phase.name!r}")
        super().compile(
            optimizer=optimizers[names[0]] if len(names) == 1 else None,
            steps_per_execution=check_count(steps_per_execution, "steps_per_execution"),
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            auto_scale_loss=auto_scale_loss,
        )
        if len(names) > 1:
            # Keras's callbacks look for the learning rate there.
            self.optimizer = PhaseOptimizers(optimizers)
        self.phase_optimizers = optimizers
        self._auto_xla = jit_compile == "auto"
        for phase in phases:
            optimizers[phase.name].build(trainable_weights(phase))
        self.renew_steps()

    def renew_steps(self) -> None:
        """Forgets the compiled steps of a model whose losses have changed; the next call compiles.

        Optimizers and weights stay as they are.
        """
        if not self.compiled:
            return
        self.terms = Terms(type(self).__name__, self.term_names, self.phases())
        self.train_function = self.test_function = self._block_function = None

    def get_compile_config(self) -> dict[str, Any] | None:
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(dict(self.phase_optimizers)),
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": "auto" if self._auto_xla else self.jit_compile,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store: Any) -> None:
        """Beside the weights: every random state and the counts, so that training resumes."""
        super().save_own_variables(store)
        store["random_states"] = np.array([np.array(state) for state in self._random_states()])
        steps_seen = int(self.steps_seen.numpy())
        store["order"] = np.array([self.order_seed, self.epochs_seen, steps_seen], "int64")

    def load_own_variables(self, store: Any) -> None:
        states = np.array(store["random_states"])
        for state, value in zip(self._random_states(), states, strict=True):
            state.assign(value)
        order_seed, self.epochs_seen, steps_seen = map(int, np.array(store["order"]))
        self._counters.order_seed.assign(order_seed)
        self.steps_seen.assign(steps_seen)
        names = [name for name in store.keys() if name not in ("random_states", "order")]
        super().load_own_variables({name: store[name] for name in names})

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        verbose: bool = False,
    ) -> None:
        """Writes a SavedModel with the named `signatures()`, which runs without tfgen.

        The folder appears when it is whole; a SavedModel that was there before is replaced. The
        functions check their inputs (see `served`): a wrong shape is an error that names the
        input, an example that `log_prob` would refuse is answered by NaN.

        Args:
            filepath: path of the folder.
            format: "tf_saved_model", the only one.
            verbose: whether to print the signatures and the path.
        Raises:
            ValueError: another format, or a path that holds something else than a SavedModel.
        """
        if format != "tf_saved_model":
            raise ValueError(f'expected format to be "tf_saved_model". Received: {format!r}')
        signatures = {
            name: (served(function, specs, self.levels), specs)
            for name, (function, specs) in self.signatures().items()
        }
        write_saved_model(self, filepath, signatures)
        if verbose:
            print(f"wrote {os.path.abspath(filepath)}: {', '.join(signatures)}")
