"""Models that are made of models, each of which learns from what those before it give."""

import abc
import contextlib
import functools
from typing import Any

import keras
import tensorflow as tf

from tfgen.core import GenerativeModel, Phase, RunningAverage, SamplingModel, check_count
from tfgen.core.arrays import is_array
from tfgen.diffusion.stages import Stages


class StagedModel(SamplingModel):
    """A model of several ones, its parts, each a phase of its own.

    `fit` trains the parts in order, each for its share of the epochs; `evaluate` says the terms of
    all. Every part is a model with its own `fit`, `save` and `export`, too.

    A family supplies `parts` and `part_batch`, and stores `stages`.
    """

    stages: Stages
    # The parts that a step trains; None for all.
    _trained = None

    @property
    @abc.abstractmethod
    def parts(self) -> dict[str, GenerativeModel]:
        """`{name: model}`, each of one phase, in the order in which they are trained."""

    @abc.abstractmethod
    def part_batch(self, name: str, batch: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """What the part of that name learns from of a batch, by the parts before it."""

    def phases(self) -> tuple[Phase, ...]:
        return tuple(
            Phase(name, functools.partial(self._loss, name), part.phases()[0].networks)
            for name, part in self._trained_parts.items()
        )

    def _loss(self, name, batch, seed, training):
        part = self.parts[name]
        terms = part.phases()[0].loss(self.part_batch(name, batch), seed, training)
        return {f"{name}_{term}": value for term, value in terms.items()}

    @property
    def term_names(self) -> tuple[str, ...]:
        parts = self._trained_parts.items()
        return tuple(f"{name}_{term}" for name, part in parts for term in part.term_names)

    def averages(self) -> tuple[RunningAverage, ...]:
        return tuple(average for part in self.parts.values() for average in part.averages())

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Each part's own."""
        return {
            name: next(iter(part.default_optimizers().values()))
            for name, part in self.parts.items()
        }

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        *,
        initial_epoch: int = 0,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains the parts one after the other, as the stages say; all else as every model's.

        An epoch reports the terms of the part that it trains. Fewer epochs than there are parts
        train all of them at once. `initial_epoch=model.epochs_seen` goes on where a checkpoint of
        the same `epochs` stands.

        Args:
            x, y: as in every model's `fit`.
            batch_size: examples a step, for arrays, times the stage's factor; None for 32.
            epochs: of all parts together.
            verbose, callbacks, initial_epoch: as in Keras.
            **kwargs: other arguments of every model's `fit`.
        Returns:
            `keras.callbacks.History` of all epochs.
        Raises:
            ValueError: see `GenerativeModel.fit`.
        """
        check_count(epochs, "epochs")
        if batch_size is None and is_array(x):
            batch_size = 32
        arguments = {"verbose": verbose, "callbacks": callbacks, **kwargs}
        if epochs < len(self.parts) or initial_epoch >= epochs:
            times = {"epochs": epochs, "initial_epoch": initial_epoch}
            return super().fit(x, y, batch_size, **times, **arguments)
        histories, end = [], 0
        stages = zip(self.parts, self.stages.ends(epochs), self.stages.batch_factors, strict=True)
        for name, last, factor in stages:
            first, end = max(end, initial_epoch), last
            if first >= last:
                continue
            if verbose:
                print(f"{name}, epochs {first + 1} to {last} of {epochs}")
            with self._training(name):
                size = None if batch_size is None else factor * batch_size
                times = {"epochs": last, "initial_epoch": first}
                histories.append(super().fit(x, y, size, **times, **arguments))
            if self.stop_training:
                break
        return _joined(histories)

    @property
    def _trained_parts(self):
        return {name: self.parts[name] for name in self._trained or self.parts}

    @contextlib.contextmanager
    def _training(self, name):
        """Steps train this part alone, and report of it alone."""
        try:
            self._trained = (name,)
            self.renew_steps()
            yield
        finally:
            self._trained = None
            self.renew_steps()


def _joined(histories):
    """One history of the epochs of several."""
    first, *others = histories
    for each in others:
        first.epoch += each.epoch
        for name, values in each.history.items():
            first.history.setdefault(name, []).extend(values)
    return first
