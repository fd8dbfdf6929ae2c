"""A table for a chain of discrete variables."""

import numbers
from typing import Any, Self

from tfgen.autoregressive.table import Table
from tfgen.core.typing import ShapeLike


class MarkovChain(Table):
    """A chain in raster order, p(x) = prod_d p(x_d | x_{d-k}, ..., x_{d-1}), k the order.

    sum_d levels^min(d, k) (levels - 1) free parameters: 2 D - 1 for binary variables and k = 1.
    Each variable has a table of its own: the chain need not be homogeneous.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        order: k, int, at least 0.
        smoothing: pseudo-count of each level after each context, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level l is read as l / (levels - 1).
    Raises:
        ValueError: a negative order or smoothing, fewer than two levels, or too many parameters.

    Example:
        >>> import numpy as np
        >>> x = np.float32([[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]])
        >>> model = MarkovChain.default((4,), order=1)
        >>> model.compile()
        >>> history = model.fit(x, verbose=0)
        >>> model.num_free_parameters, np.round(model.conditional([3], {2: 1.0}), 2)
        (7, array([0.17, 0.83], dtype=float32))
        >>> model.sample(5, seed=0).shape
        TensorShape([5, 4])
    """

    def __init__(self, *, order: int = 1, **kwargs: Any) -> None:
        if not isinstance(order, numbers.Integral) or isinstance(order, bool) or order < 0:
            raise ValueError(f"expected order to be an int, at least 0. Received: {order!r}")
        super().__init__(**kwargs)
        self.order = int(order)
        self._make_counts(self.order)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        order: int = 1,
        smoothing: float = 0.5,
        levels: int = 2,
        **kwargs: Any,
    ) -> Self:
        """The chain of these sizes.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            order: k, variables before x_d that it depends on.
            smoothing: pseudo-count, 0 or more.
            levels: values of each variable.
            **kwargs: the constructor's other arguments.
        """
        return cls(
            event_shape=event_shape, order=order, smoothing=smoothing, levels=levels, **kwargs
        )
