"""Models that make of an image another one: of another domain, or with other attributes."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.adversarial.side_by_side import side_by_side
from tfgen.core import GenerativeModel
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike


class TranslatingModel(GenerativeModel):
    """An image in, an image out: `translate`, and no `sample`.

    A family supplies `transform`. Where the condition says what an image becomes, that is all;
    where something else does, the family also extends `translate`, `shown`, `direction` and
    `signatures`. One with a generator and a discriminator is a `JudgedModel` too, this class being
    the first of its two parents.

    The density of such a model is implicit: what it makes can be drawn, but not evaluated.
    """

    density = "implicit"

    @abc.abstractmethod
    def transform(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Translates examples, without checks.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            given: what the network reads of the conditions, `[batch, ...]`; None without any.
            training: whether the network runs as in training; otherwise averaged weights do, where
                there are any.
        Returns:
            `[batch, height, width, channels]`, float32 in [0, 1].
        """

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Translations, as `translate` gives them.

        Args:
            inputs: x, `[batch, *event_shape]`; or `(x, condition)` for a model that has one.
            training: whether the network runs as in training.
        Returns:
            `[batch, height, width, channels]`, float32 in [0, 1].
        """
        x, given = self.read_inputs(inputs)
        return self.transform(x, given, training)

    def translate(
        self,
        x: ArrayLike,
        condition: ArrayLike | None = None,
        *,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """What images become.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            condition: for a model that has one: what each image is to become, or one for all.
            batch_size: images of one call of the network; None for all at once.
        Returns:
            `[batch, height, width, channels]`, float32 in [0, 1].
        Raises:
            ValueError: x is no batch of images, or a bad condition.
        """
        x = self.check(x)
        given = self.read_condition(condition, tf.shape(x)[0])
        return in_batches(self.transform, batch_size, x, given)

    def direction(self, to: str | None) -> tuple[tuple[int, ...], dict[str, Any]]:
        """What the target of a translation means, as a command line has it.

        Args:
            to: text of a condition, as `condition.parse` reads it.
        Returns:
            The shape of the images that are to be translated, and what `translate` is to be given
            beside them.
        Raises:
            ValueError: there is none, or it is no condition of the model's.
        """
        if to is None:
            raise ValueError(f"expected a target, one of {self.condition}. Received: None")
        return tuple(self.event_shape), {"condition": self.condition.parse(to)}

    def shown(self, batch: tuple) -> list[tf.Tensor]:
        """The columns of `preview`: sources, and what becomes of them under each condition.

        Args:
            batch: as `fit` takes it.
        Returns:
            Tensors `[batch, height, width, channels]`.
        """
        x, y = batch
        x = self.check(x)
        return [x, *(self.translate(x, each) for each in self.condition.rows(y))]

    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """Each image, and beside it what becomes of it (see `side_by_side`)."""
        return side_by_side(self.shown(batch))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def translate(x, condition=None):
            return {"images": self.translate(x, condition)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        return {"translate": (translate, [x, *self.condition_specs()])}
