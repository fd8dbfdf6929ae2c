"""Models that draw x: `sample`, its signature and the pictures of a run, once for all of them."""

import abc
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core.arrays import whole_batches
from tfgen.core.checks import check_count
from tfgen.core.model import GenerativeModel
from tfgen.core.seeds import fold_in
from tfgen.core.typing import ArrayLike, SeedLike


class SamplingModel(GenerativeModel):
    """A generative model with samples. A family supplies `generate`."""

    @abc.abstractmethod
    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws examples, without checks.

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int32 `(2,)`.
            given: what networks read of the conditions, `[num_samples, ...]`; None without any.
        Returns:
            `[num_samples, *event_shape]`, float32.
        """

    def sample(
        self,
        num_samples: int | tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Draws examples from the model.

        Args:
            num_samples: int or int32 scalar, at least 1.
            condition: for a model that has one: a condition for each sample, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: the most that are drawn at once, which bounds the memory; more samples then
                come in blocks of this size, each with a seed of its own. None for all at once. (The
                autoregressive models' blocks change no sample, and have at most 256 by default.)
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1], discrete data on the levels.
        Raises:
            ValueError: `num_samples` or `batch_size` is below 1, `seed` is no seed, or a bad
                condition.
        """
        return self._in_blocks(self.generate, num_samples, condition, seed, batch_size)

    def _in_blocks(self, generate, num_samples, condition, seed, batch_size):
        """What `sample` does, with the `generate` of a family that has more arguments."""
        check_count(num_samples, "num_samples")
        if batch_size is not None:
            check_count(batch_size, "batch_size")
        given = self.read_condition(condition, num_samples)
        return self._blocks_of(generate, num_samples, self.seed_or_next(seed), given, batch_size)

    def _blocks_of(self, generate, num_samples, seed, given, batch_size):
        """Draws at most `batch_size` at once."""
        if batch_size is None:
            return generate(num_samples, seed, given)
        total = tf.get_static_value(num_samples)
        if total is None:
            raise ValueError(
                "expected num_samples to be known where batch_size is given. Received: a tensor"
                " of a graph"
            )
        total = int(total)
        if total <= batch_size:
            return generate(num_samples, seed, given)
        blocks = []
        for index, rows in enumerate(whole_batches(total, batch_size)):
            part = None if given is None else tf.gather(given, rows)
            blocks.append(generate(batch_size, fold_in(seed, index), part))
        return tf.concat(blocks, axis=0)[:total]

    def preview(self, batch: tuple, seed: int = 0, **of_sample: Any) -> tf.Tensor:
        """Samples, as many as the batch has examples: a square of them, or a row a condition.

        Args:
            batch, seed: as for any model.
            **of_sample: other arguments of `sample`, as a family has them.
        """
        count = len(batch[0])
        if self.condition is None:
            num_columns = int(np.ceil(np.sqrt(count)))
            num_rows = count // num_columns
            samples = self.sample(num_rows * num_columns, seed=seed, **of_sample)
        else:
            rows = self.condition.rows(batch[1])
            num_rows, num_columns = len(rows), max(1, count // len(rows))
            repeated = [row for row in rows for _ in range(num_columns)]
            condition = np.array(repeated)
            samples = self.sample(len(repeated), condition=condition, seed=seed, **of_sample)
        return tf.reshape(samples, (num_rows, num_columns, *self.event_shape))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def sample(num_samples, seed, condition=None):
            return {"samples": self.sample(num_samples, seed=seed, condition=condition)}

        specs = [
            tf.TensorSpec((), tf.int32, name="num_samples"),
            tf.TensorSpec((2,), tf.int32, name="seed"),
        ]
        return {"sample": (sample, [*specs, *self.condition_specs()])}
