"""A table for a chain of discrete variables."""

import numbers

from tfgen.autoregressive.table import Table


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
