"""The full joint distribution of discrete variables, one table."""

import numpy as np
import tensorflow as tf

from tfgen.autoregressive import table_loops
from tfgen.autoregressive.chain_rule import ChainRule


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

    Example:
        >>> import numpy as np
        >>> model = FullJoint.default((3,), smoothing=0)
        >>> model.compile()
        >>> history = model.fit(np.float32([[0, 0, 0], [1, 0, 1]]), verbose=0)
        >>> np.exp(model.log_prob(np.float32([[1, 0, 1], [1, 1, 1]])))
        array([0.5, 0. ], dtype=float32)
    """

    def _counts_shape(self):
        return (self.levels**self._size,)

    def _count(self, level):
        last = table_loops.to_contexts(level, self.levels, self._context_length)[:, -1]
        return self._count_cells(last * self.levels + level[:, -1])

    def _mass(self):
        masses = [tf.reshape(self.counts + self.smoothing, (-1, self.levels))]
        for _ in range(self._context_length):
            masses.append(tf.reshape(tf.reduce_sum(masses[-1], axis=1), (-1, self.levels)))
        return tf.concat(masses[::-1], axis=0)

    def _weights(self, dims, known):
        cells = np.array(self.counts, "float64") + self.smoothing
        if not cells.any():
            cells += 1
        cells = cells.reshape([self.levels] * self._size)
        # A known axis keeps a length of 1, so that the others keep their numbers.
        for d, level in known.items():
            cells = cells.take([level], axis=d)
        rest = tuple(d for d in range(self._size) if d not in dims)
        return cells.sum(axis=rest).transpose(np.argsort(np.argsort(dims)))
