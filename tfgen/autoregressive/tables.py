"""Tables of discrete variables, from independence to the full joint distribution."""

import math
import numbers

import numpy as np
import tensorflow as tf

from tfgen.autoregressive import chain
from tfgen.autoregressive.conditional_table import Table


class Independent(Table):
    """Independent variables, p(x) = prod_d p(x_d), with D (levels - 1) free parameters.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        smoothing: pseudo-count of each level, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level k is read as k / (levels - 1).
    Raises:
        ValueError: a negative smoothing, fewer than two levels, or too many parameters.
    """

    def __init__(self, *, event_shape, smoothing=0.5, levels=2, **kwargs):
        super().__init__(0, event_shape=event_shape, smoothing=smoothing, levels=levels, **kwargs)

    @classmethod
    def default(cls, event_shape, smoothing=0.5, levels=2):
        """The table of these sizes; see the class."""
        return cls(event_shape=event_shape, smoothing=smoothing, levels=levels)


class MarkovChain(Table):
    """A chain in raster order, p(x) = prod_d p(x_d | x_{d-k}, ..., x_{d-1}), k the order.

    sum_d levels^min(d, k) (levels - 1) free parameters: 2 D - 1 for binary variables and k = 1.
    Each variable has a table of its own: the chain need not be homogeneous.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        order: k, int, at least 0.
        smoothing: pseudo-count of each level after each context, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level k is read as k / (levels - 1).
    Raises:
        ValueError: a negative order or smoothing, fewer than two levels, or too many parameters.
    """

    def __init__(self, *, event_shape, order=1, smoothing=0.5, levels=2, **kwargs):
        if not isinstance(order, numbers.Integral) or isinstance(order, bool) or order < 0:
            raise ValueError(f"expected order to be an int, at least 0. Received: {order!r}")
        super().__init__(
            order, event_shape=event_shape, smoothing=smoothing, levels=levels, **kwargs
        )
        self.order = int(order)

    @classmethod
    def default(cls, event_shape, order=1, smoothing=0.5, levels=2):
        """The chain of these sizes; see the class."""
        return cls(event_shape=event_shape, order=order, smoothing=smoothing, levels=levels)


class ChainRule(Table):
    """Any joint distribution by the chain rule, p(x) = prod_d p(x_d | x_1, ..., x_{d-1}).

    levels^D - 1 free parameters, sum_d levels^d (levels - 1). The pseudo-count of a level of
    variable d is that of all the cells of the joint table that agree with it, s levels^(D-d), so
    the model is the same as `FullJoint` of the same smoothing.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        smoothing: s, pseudo-count of each cell of the joint, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level k is read as k / (levels - 1).
    Raises:
        ValueError: a negative smoothing, fewer than two levels, or too many parameters.
    """

    def __init__(self, *, event_shape, smoothing=0.5, levels=2, **kwargs):
        last = math.prod(event_shape) - 1
        super().__init__(
            last, event_shape=event_shape, smoothing=smoothing, levels=levels, **kwargs
        )

    @classmethod
    def default(cls, event_shape, smoothing=0.5, levels=2):
        """The table of these sizes; see the class."""
        return cls(event_shape=event_shape, smoothing=smoothing, levels=levels)

    def _pseudo_counts(self):
        cells = self.smoothing * float(self.levels) ** np.arange(self._size)[::-1]
        return np.repeat(cells, np.diff(self._offsets))[:, np.newaxis].astype("float32")


class FullJoint(ChainRule):
    """Any joint distribution, one probability for each of its levels^D cells but the last.

    p(x) = (c_x + s) / (n + s levels^D), where c_x of n examples are x. The conditionals are sums
    of the joint table.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        smoothing: s, pseudo-count of each cell, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level k is read as k / (levels - 1).
    Raises:
        ValueError: a negative smoothing, fewer than two levels, or too many parameters.
    """

    def _counts_shape(self):
        return (self.levels**self._size,)

    def _count(self, level):
        last = chain.to_contexts(level, self.levels, self._order)[:, -1]
        return self._count_cells(last * self.levels + level[:, -1])

    def _mass(self):
        masses = [tf.reshape(self.counts + self.smoothing, (-1, self.levels))]
        for _ in range(self._order):
            masses.append(tf.reshape(tf.reduce_sum(masses[-1], axis=1), (-1, self.levels)))
        return tf.concat(masses[::-1], axis=0)

    def _weights(self, dims, given):
        cells = np.array(self.counts, "float64") + self.smoothing
        if not cells.any():
            cells += 1
        cells = cells.reshape([self.levels] * self._size)
        # A given axis keeps a length of 1, so that the others keep their numbers.
        for d, level in given.items():
            cells = cells.take([level], axis=d)
        rest = tuple(d for d in range(self._size) if d not in dims)
        return cells.sum(axis=rest).transpose(np.argsort(np.argsort(dims)))
