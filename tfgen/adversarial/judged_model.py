"""Models whose generator learns from a discriminator, whatever the generator starts from."""

import abc
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen.core import GenerativeModel, Phase, RunningAverage
from tfgen.core.size_checks import check_rate
from tfgen.core.typing import ArrayLike
from tfgen.networks import network_inputs


class JudgedModel(GenerativeModel):
    """A generator that learns from a discriminator, each with a phase of its own.

    A step first moves the discriminator, then the generator. A family stores the networks
    `generator` and `discriminator` and the `loss_pair`, calls `average_generator`, and supplies
    `discriminator_loss` and `generator_loss`. One that draws x from nothing is an
    `AdversarialModel`.

    The density of such a model is implicit: what it makes can be drawn, but not evaluated.
    """

    density = "implicit"

    @property
    def event_shape(self) -> tuple[int, ...]:
        return tuple(self.generator.output_shape[1:])

    def average_generator(self, decay: float | None) -> None:
        """Keeps a running average of the weights of the `generator`, which is stored already.

        Args:
            decay: of the average, in [0, 1); None for none.
        Raises:
            ValueError: another number.
        """
        self.average_decay = decay
        self.averaged_generator = None
        if decay is not None:
            self.averaged_generator = RunningAverage(
                self.generator,
                check_rate(decay, "average_decay"),
                dtype=self.dtype_policy,
                name="averaged_generator",
            )

    def averages(self) -> tuple[RunningAverage, ...]:
        return () if self.averaged_generator is None else (self.averaged_generator,)

    def generator_in(self, training: bool) -> keras.Model | RunningAverage:
        """The generator that runs: with averaged weights, where there are any, but in training."""
        averaged = self.averaged_generator is not None and not training
        return self.averaged_generator if averaged else self.generator

    @abc.abstractmethod
    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Terms of the discriminator's phase, the first minimised."""

    @abc.abstractmethod
    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Terms of the generator's phase, the first minimised."""

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("discriminator", self.discriminator_loss, (self.discriminator,)),
            Phase("generator", self.generator_loss, (self.generator,)),
        )

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The discriminator's outputs.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            given: what the network reads of the conditions, `[batch, ...]`.
            training: whether the network runs as in training.
        Returns:
            `[batch]`, float32; the higher, the more x looks like data.
        """
        outputs = self.discriminator(network_inputs(x, given), training=training)
        return tf.cast(tf.reshape(outputs, [-1]), tf.float32)

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The discriminator's outputs, such as the logits of D(x).

        Args:
            inputs: x, `[batch, *event_shape]`; or `(x, condition)` for a model that has one.
            training: whether the network runs as in training.
        Returns:
            `[batch]`, float32; the higher, the more x looks like data.
        """
        x, given = self.read_inputs(inputs)
        return self.judge(x, given, training)

    def discriminate(self, x: ArrayLike, *, condition: ArrayLike | None = None) -> tf.Tensor:
        """The discriminator's verdict, as the loss pair reads its outputs.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
        Returns:
            `[batch]`, float32: the probability that x comes from the data, where the pair's
            outputs mean one (see `LossPair.verdict`).
        Raises:
            ValueError: x is no batch of examples, or a bad condition.
        """
        (verdict,) = self._verdict(x, condition).values()
        return verdict

    def _verdict(self, x, condition):
        x = self.check(x)
        given = self.read_condition(condition, tf.shape(x)[0])
        return self.loss_pair.verdict(self.judge(x, given))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def discriminate(x, condition=None):
            return self._verdict(x, condition)

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        return {"discriminate": (discriminate, [x, *self.condition_specs()])}
