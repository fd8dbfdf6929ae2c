"""What the tables of discrete variables share: conditionals by counting, and exact queries."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive import table_loops
from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.core.arrays import in_batches
from tfgen.core.size_checks import check_not_negative
from tfgen.core.typing import ShapeLike
from tfgen.distributions import level_values, levels_head

tfd = tfp.distributions

_MOST_PARAMETERS = 2**25  # 128 MiB of counts
_MOST_NUMBERS = 2**24  # of one batch of messages


class Table(AutoregressiveModel):
    """Conditionals p(x_d | the last k variables), one row of a table for each context.

    p(x_d = l | context) = (c_l + s) / (sum_l c_l + m s), where c_l counts the examples with that
    context and x_d on level l, m is the number of levels and s the smoothing. With s = 0 it is
    the maximum-likelihood estimate; a context that was never seen has the uniform distribution,
    and a table that was never fitted is uniform.

    No weight moves by a gradient: the loss counts the examples that it gets in training. `fit`
    counts anew in each epoch: one is enough, and fitting again replaces what was there. Its
    history reports each batch under the counts so far, that batch's own included; `evaluate` is
    under the whole table. `train_on_batch` adds to the counts. They are float32, and exact up to
    2^24 examples.

    `complete` is exact for any mask.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        smoothing: s, the pseudo-count of each level, 0 or more; 0.5 is Jeffreys's.
        levels: m, values of each variable; level l is read as l / (levels - 1).
    Raises:
        ValueError: a negative smoothing, fewer than two levels, or too many parameters.
    """

    paper = "textbook"

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        smoothing: float = 0.5,
        levels: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.smoothing = check_not_negative(smoothing, "smoothing")
        self.levels = levels
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)

    def _make_counts(self, context_length):
        """Makes the table, of conditionals given that many variables: the constructor's last step.

        Raises:
            ValueError: the table would be too large.
        """
        self._context_length = min(context_length, self._size - 1)
        if self.num_free_parameters > _MOST_PARAMETERS:
            raise ValueError(
                f"expected a table of at most {_MOST_PARAMETERS} free parameters:"
                f" {type(self).__name__} of {self._size} variables with {self.levels} levels would"
                f" need {_readable(self.num_free_parameters)}. Received: event_shape"
                f" {self.event_shape}, levels {self.levels}"
            )
        self._num_contexts = self.levels**self._context_length
        self._offsets = table_loops.row_offsets(self._size, self.levels, self._context_length)
        self.counts = self.add_weight(
            self._counts_shape(), "zeros", dtype="float32", trainable=False, name="counts"
        )

    @property
    def num_free_parameters(self) -> int:
        """Numbers that the table is free to choose: levels - 1 of each row."""
        return table_loops.num_rows(self._size, self.levels, self._context_length) * (
            self.levels - 1
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One that Keras can save; no weight of a table moves by its gradient."""
        return {"likelihood": keras.optimizers.SGD()}

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        **more: Any,
    ) -> keras.callbacks.History:
        """Replaces the counts by those of x; as every model's `fit` otherwise."""
        forget = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self._forget())
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(forget)
        else:
            callbacks = [forget, *keras.tree.flatten(callbacks or [])]
        return super().fit(x, y, batch_size, epochs, verbose, callbacks, **more)

    def _forget(self):
        self.counts.assign(tf.zeros_like(self.counts))

    def negative_log_likelihood(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x), in nats, the mean over the batch; in training, which is then counted in."""
        if training:
            counts = self._count(self._to_levels(batch[0]))
            self.counts.assign_add(self.over_replicas(counts))
        return super().negative_log_likelihood(batch, seed, training)

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) for all d: rows of the table.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            given: None, a table has no condition.
            training: not used, a table is the same in both.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        rows = self._rows_of(self._to_levels(x))
        logits = table_loops.to_logits(tf.gather(self._table(), rows))
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * logits.shape[-1])))

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        arrays = map(tf.transpose, (uniforms, x, mask))
        return tf.transpose(table_loops.draw(*arrays, *self._chain()))

    def marginals(self) -> tf.Tensor:
        """p(x_d) of every variable.

        Returns:
            `[D, levels]`, probabilities; the variables in raster order.
        """
        return table_loops.marginals(*self._chain())

    def marginal(self, dims: Sequence[int]) -> tf.Tensor:
        """p(x_dims), all other variables summed out.

        Args:
            dims: ints, numbers of variables in raster order, each once.
        Returns:
            `[levels] * len(dims)`, probabilities.
        Raises:
            ValueError: no such variables.
        """
        return self.conditional(dims, {})

    def conditional(self, dims: Sequence[int], known: Mapping[int, float]) -> tf.Tensor:
        """p(x_dims | x_known), all other variables summed out; O(levels^(k + 1)) for each.

        Args:
            dims: ints, numbers of variables in raster order, each once.
            known: `{number of a variable: its value}`, values on the levels.
        Returns:
            `[levels] * len(dims)`, probabilities.
        Raises:
            ValueError: no such variables or values, or known values of probability zero.
        """
        dims, named = tuple(dims), (*dims, *known)
        if not dims or len({*named} & {*range(self._size)}) != len(named):
            raise ValueError(
                f"expected each of dims and known once, from 0 to {self._size - 1}."
                f" Received: dims {dims}, known {known}"
            )
        values = np.zeros(self._size, "float32")
        values[list(known)] = list(known.values())
        self.check(values.reshape(1, *self.event_shape), "known")
        level = np.rint(values * (self.levels - 1)).astype("int32")
        weights = self._weights(dims, {d: level[d] for d in known})
        if not weights.sum() > 0:
            raise ValueError(f"expected known of positive probability. Received: {known}")
        return tf.constant(weights / weights.sum(), tf.float32)

    def _mask_orders(self):
        """None: any mask will do, `_draw_rest` looks ahead."""
        return ()

    def _draw_rest(self, uniforms, x, mask, given):
        most = min(256, self._batch_of_messages())
        return self._draw_ahead(uniforms, x, mask, batch_size=most)

    @compiled_draw
    def _draw_ahead(self, uniforms, x, mask):
        """Backward messages from the kept values, then draws forwards under both."""
        uniforms, x, mask = map(tf.transpose, (uniforms, x, mask))
        later, _ = table_loops.messages(x, mask, *self._chain())
        return tf.transpose(table_loops.draw(uniforms, x, mask, *self._chain(), later))

    def _weights(self, dims, known):
        """p(x_dims, x_known) up to a factor, `[levels] * len(dims)`: messages for each cell."""
        cells = np.indices([self.levels] * len(dims)).reshape(len(dims), -1).T
        level, mask = np.zeros((2, len(cells), self._size), "int32")
        level[:, list(dims)], level[:, list(known)] = cells, list(known.values())
        mask[:, [*dims, *known]] = 1
        x = level_values(self.levels)[level]

        def log_probs(*arrays):
            return table_loops.messages(*map(tf.transpose, arrays), *self._chain())[1]

        arrays = (tf.constant(x), tf.constant(mask, tf.float32))
        found = in_batches(log_probs, self._batch_of_messages(), *arrays).numpy().astype("float64")
        greatest = max(found.max(), np.finfo("float32").min)
        return np.exp(found - greatest).reshape([self.levels] * len(dims))

    def _batch_of_messages(self):
        size = self._size * self._num_contexts * self.levels
        return max(1, _MOST_NUMBERS // size)

    def _chain(self):
        return self._table(), tf.constant(self._offsets), self._num_contexts

    def _table(self):
        """p(x_d | context), `[rows, levels]`."""
        mass = self._mass()
        total = tf.reduce_sum(mass, axis=-1, keepdims=True)
        return tf.where(total == 0, 1 / self.levels, tf.math.divide_no_nan(mass, total))

    def _to_levels(self, x):
        return table_loops.to_index(tf.reshape(x, (-1, self._size)), self.levels)

    def _rows_of(self, level):
        return self._offsets[:-1] + table_loops.to_contexts(
            level, self.levels, self._context_length
        )

    def _counts_shape(self):
        return self._offsets[-1], self.levels

    def _pseudo_counts(self):
        return self.smoothing

    def _mass(self):
        """Counts and pseudo-counts of every context and level, `[rows, levels]`."""
        return self.counts + self._pseudo_counts()

    def _count(self, level):
        """What a batch adds to the counts."""
        return self._count_cells(self._rows_of(level) * self.levels + level)

    def _count_cells(self, cells):
        cells, shape = tf.reshape(cells, (-1,)), self._counts_shape()
        ones = tf.ones_like(cells, tf.float32)
        return tf.reshape(tf.math.unsorted_segment_sum(ones, cells, math.prod(shape)), shape)


def _readable(count):
    return count if count < 10**15 else f"about 10^{math.floor(math.log10(count))}"
