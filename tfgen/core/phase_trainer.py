"""One step of training or evaluation: the phases of a model, one after the other."""

import abc
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgen.core.phase import Phase, trainable_weights
from tfgen.core.replicas import (
    apply_gradients,
    average_statistics,
    copies,
    own_draws,
    own_seed,
    run_if,
    share,
    this_replica,
)
from tfgen.core.running_average import RunningAverage
from tfgen.core.seeds import check_seed, fold_in, phase_seed

# Evaluation draws from this seed, so that it changes nothing and twice gives the same figures.
_EVALUATION_SEED = (0x7F6E, 0)


class PhaseTrainer(keras.Model, abc.ABC):
    """A Keras model that is trained phase by phase.

    A training step runs the phases in order; each takes a gradient step on the first term of its
    loss, with the penalties of its networks, and moves the weights of its own networks alone.
    Then the averages of weights follow.

    Needs `terms` (see `Terms`), `phase_optimizers` and `_counters`, which a subclass makes.
    """

    # Examples of the whole batch, of which a replica has a part, while a step is run on it.
    _num_whole = None

    @abc.abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The phases of one training step, in order."""

    @abc.abstractmethod
    def unpack(self, data: Any) -> tuple[tf.Tensor, ...]:
        """The batch that the losses get, `(x,)` or `(x, given)`, from what `fit` hands over."""

    def averages(self) -> tuple[RunningAverage, ...]:
        """The running averages of networks; each follows the phase that moves its network."""
        return ()

    def next_seed(self) -> tf.Tensor:
        """A new int32 `(2,)` seed; the model's generator moves on."""
        return tf.cast(self.seed_generator.next(), tf.int32)

    def seed_or_next(self, seed: Any) -> tf.Tensor:
        """`seed` as an int32 `(2,)` tensor, or a new one where it is None."""
        return self.next_seed() if seed is None else check_seed(seed)

    def phase_seed(self, index: int) -> tf.Tensor:
        """The int32 `(2,)` seed of the phase with this index at this step, for all replicas."""
        return phase_seed(self._counters.order_seed.value, index, self.steps_seen.value)

    def over_replicas(self, counts: tf.Tensor) -> tf.Tensor:
        """What all replicas count together: for a loss that counts examples of its batch.

        Args:
            counts: what this replica counts in its part, floating point; without a strategy that
                is all.
        """
        if this_replica() is None:
            return counts
        total = this_replica().all_reduce(tf.distribute.ReduceOp.SUM, counts)
        return total / tf.cast(copies(self._num_whole), counts.dtype)

    @property
    def metrics(self) -> list:
        return [] if self.terms is None else list(self.terms.means.values())

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """For each phase: tape, gradient, apply, track; then the averages of weights.

        Under a `tf.distribute` strategy it is one replica's step on its part of the batch.
        """
        self.train_phases(self.phases(), data)
        return self.get_metrics_result()

    def train_phases(self, phases: Sequence[Phase], data: Any) -> None:
        """A step of these phases: for a model whose networks are not always trained as a whole.

        Args:
            phases: by the names of `phases()`, in their order.
            data: what `fit` hands over.
        """
        batch = self.unpack(data)
        part = self._share(batch)
        reported: dict[str, dict] = {}
        with own_draws(self._random_states()):
            for index, phase in enumerate(phases):
                move = lambda *args, phase=phase: self._move(phase, *args, reported)
                arguments = (batch, own_seed(self.phase_seed(index)), part)
                if phase.every == 1:
                    move(*arguments)
                else:
                    due = self.steps_seen % phase.every == phase.every - 1
                    run_if(due, move, *arguments)
        self.steps_seen.assign_add(1)
        self.terms.check_reported(reported)

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """The terms of every phase, without training, by draws that depend on the data alone."""
        batch = self.unpack(data)
        part = self._share(batch)
        seed = own_seed(fold_in(tf.constant(_EVALUATION_SEED), self.terms.num_examples))
        reported: dict[str, dict] = {}
        for index, phase in enumerate(self.phases()):
            terms = phase.loss(batch, fold_in(seed, index), False)
            self.terms.track(phase, terms, _objective(phase, terms), part.examples)
            reported[phase.name] = terms
        self.terms.check_reported(reported)
        return self.get_metrics_result()

    def _share(self, batch):
        return share(tf.shape(batch[0])[0], self._num_whole)

    def _random_states(self):
        return [v for v in self.variables if v.name == "seed_generator_state"]

    def _move(self, phase, batch, seed, part, reported):
        """One gradient step of one phase."""
        optimizer = self.phase_optimizers[phase.name]
        variables = trainable_weights(phase)
        kept = self._states_outside(phase) if len(self.phase_optimizers) > 1 else []
        with tf.GradientTape() as tape:
            terms = phase.loss(batch, seed, True)
            objective = _objective(phase, terms)
            minimised = objective if part.fraction is None else objective * part.fraction
            scaled = optimizer.scale_loss(minimised)
        num_updates = tf.identity(optimizer.iterations)
        apply_gradients(optimizer, tape.gradient(scaled, variables), variables)
        if part.fraction is not None:
            average_statistics(phase.networks, part.fraction)
        for variable, value in kept:
            variable.assign(value)
        moved = {id(v) for v in variables}
        for average in self.averages():
            if any(id(v) in moved for v in average.network.trainable_variables):
                average.update(num_updates, moved=optimizer.iterations > num_updates)
        self.terms.track(phase, terms, objective, part.examples)
        reported[phase.name] = terms

    def _states_outside(self, phase):
        """States (BatchNorm's statistics) of networks outside the phase, each with its value."""
        own = [v for network in phase.networks for v in network.non_trainable_weights]
        own += [v for average in self.averages() for v in average.weights]
        own = {id(v) for v in own}
        outside = [v for v in self.non_trainable_weights if id(v) not in own]
        return [(variable, tf.identity(variable.value)) for variable in outside]


def _objective(phase, terms):
    """What a phase minimises: the first term and the penalties of its networks."""
    penalties = [loss for network in phase.networks for loss in network.losses]
    return tf.add_n([next(iter(terms.values())), *penalties])
