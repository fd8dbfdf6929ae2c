"""The full joint distribution of discrete variables, a table for each factor."""

import math

import numpy as np

from tfgen.autoregressive.table import Table


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
