"""Models that translate between two domains, each way by a generator of its own."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen.adversarial.translating_model import TranslatingModel
from tfgen.core import RunningAverage, UnpairedModel
from tfgen.core.arrays import in_batches
from tfgen.core.size_checks import check_rate
from tfgen.core.typing import ArrayLike
from tfgen.networks import check_network

DOMAINS = ("a", "b")


class TwoDomainModel(TranslatingModel, UnpairedModel):
    """Two generators, a to b and b to a, learned from two sets of images that form no pairs.

    A family supplies `phases`, with the losses that such generators can have without pairs.

    Args:
        to_b: built Keras model, `[batch, *event_shape]` to `[batch, *event_shape_b]`, in [0, 1].
        to_a: the other way.
        average_decay: of the running averages of the generators' weights, in [0, 1), which all but
            training uses; None for the weights as they are.
    Raises:
        ValueError: the networks do not fit together, images of other sides, or no such decay.
    """

    def __init__(
        self,
        *,
        to_b: keras.Model,
        to_a: keras.Model,
        average_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(to_b.input_shape[1:])
        self.event_shape_b = tuple(to_a.input_shape[1:])
        if self.event_shape[:-1] != self.event_shape_b[:-1]:
            raise ValueError(
                "expected images of a and b of one height and width. Received:"
                f" {self.event_shape} and {self.event_shape_b}"
            )
        check_network("generator to_b", to_b, self.event_shape, self.event_shape_b)
        check_network("generator to_a", to_a, self.event_shape_b, self.event_shape)
        self.to_b = to_b
        self.to_a = to_a
        self.average_decay = average_decay
        self.averaged_generators = ()
        if average_decay is not None:
            check_rate(average_decay, "average_decay")
            self.averaged_generators = tuple(
                RunningAverage(network, average_decay, dtype=self.dtype_policy, name=name)
                for network, name in ((to_a, "averaged_to_a"), (to_b, "averaged_to_b"))
            )

    def averages(self) -> tuple[RunningAverage, ...]:
        return self.averaged_generators

    def transform(
        self, x: tf.Tensor, given: None = None, training: bool = False, to: str = "b"
    ) -> tf.Tensor:
        networks = (self.to_a, self.to_b)
        if self.averaged_generators and not training:
            networks = self.averaged_generators
        return tf.cast(networks[DOMAINS.index(to)](x, training=training), tf.float32)

    def translate(
        self,
        x: ArrayLike,
        condition: None = None,
        *,
        to: str = "b",
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """What images of one domain become in the other.

        Args:
            x: `[batch, *event_shape]`, or `[batch, *event_shape_b]` to "a"; float32 in [0, 1].
            condition: refused.
            to: "a" or "b", the domain of the results.
            batch_size: images of one call of the network; None for all at once.
        Returns:
            `[batch, height, width, channels]`, float32 in [0, 1].
        Raises:
            ValueError: x is no batch of images of the other domain, or no domain.
        """
        check_domain(to, "to")
        x = self.check(x) if to == "b" else self.check_b(x)
        self.read_condition(condition, tf.shape(x)[0])
        return in_batches(lambda x: self.transform(x, to=to), batch_size, x)

    def direction(self, to: str | None) -> tuple[tuple[int, ...], dict[str, Any]]:
        """See `TranslatingModel`: the target is "a" or "b", and "b" where there is none."""
        return (self.event_shape_b if to == "a" else self.event_shape), {"to": to or "b"}

    def shown(self, batch: tuple) -> list[tf.Tensor]:
        """The columns of `preview`: a, it in b, b, it in a."""
        a, b = self.check_data(*batch)
        return [a, self.translate(a, to="b"), b, self.translate(b, to="a")]

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def translate_to_a(x, condition=None):
            return {"images": self.translate(x, to="a")}

        x = tf.TensorSpec((None, *self.event_shape_b), tf.float32, name="x")
        return {**super().signatures(), "translate_to_a": (translate_to_a, [x])}


def check_domain(domain: str, name: str) -> None:
    """Checks the name of a domain.

    Args:
        domain: "a" or "b".
        name: of the argument.
    Raises:
        ValueError: another one.
    """
    if domain not in DOMAINS:
        raise ValueError(f'expected {name}="a" or {name}="b". Received: {domain!r}')
