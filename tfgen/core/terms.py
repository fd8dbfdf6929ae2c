"""The terms that a model reports, as means over the examples of an epoch."""

import keras
import tensorflow as tf

from tfgen.core.phase import Phase


class Terms:
    """Running means, one for each term; kept apart from what Keras saves with a model.

    Args:
        model: name of the model, for messages.
        declared: names of the terms, in order.
        phases: the model's phases. One alone also reports "loss", what it minimises. Of several,
            one whose networks have penalties reports it as "<phase>_objective". A loss whose first
            term is none of the declared ones calls it by that name.
    """

    def __init__(self, model: str, declared: tuple[str, ...], phases: tuple[Phase, ...]) -> None:
        self._model = model
        self._declared = tuple(declared)
        self._num_phases = len(phases)
        self._objectives = {}
        for phase in phases:
            if len(phases) == 1:
                self._objectives[phase.name] = "loss"
            elif any(network.losses for network in phase.networks):
                self._objectives[phase.name] = f"{phase.name}_objective"
        names = dict.fromkeys((*self._objectives.values(), *self._declared))
        self.means = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def num_examples(self) -> tf.Tensor:
        """Examples since the last reset, int32 scalar."""
        return tf.cast(tf.reduce_max([mean.count.value for mean in self.means.values()]), tf.int32)

    def track(
        self, phase: Phase, terms: dict[str, tf.Tensor], objective: tf.Tensor, weight: tf.Tensor
    ) -> None:
        """Takes in what a phase reports of `weight` examples.

        Raises:
            ValueError: a term that the model does not declare.
        """
        objective_name = self._objectives.get(phase.name)
        unknown = [name for name in terms if name not in (*self._declared, objective_name)]
        if unknown:
            raise ValueError(
                f"expected the phase {phase.name!r} of {self._model} to report terms that"
                f" `term_names` declares, {', '.join(self._declared)}."
                f" Received: {', '.join(unknown)}"
            )
        if objective_name is not None:
            terms = {**terms, objective_name: objective}
        for name, value in terms.items():
            self.means[name].update_state(value, sample_weight=weight)

    def check_reported(self, reported: dict[str, dict]) -> None:
        """Checks that the phases of one step have reported every term.

        Args:
            reported: `{phase name: terms}`; where a phase did not move, nothing is known.
        Raises:
            ValueError: one is missing.
        """
        names = {name for terms in reported.values() for name in terms}
        missing = [name for name in self._declared if name not in names]
        if missing and len(reported) == self._num_phases:
            raise ValueError(
                f"expected the phases of {self._model} to report every term that `term_names`"
                f" declares. Received: no {', '.join(missing)}"
            )
