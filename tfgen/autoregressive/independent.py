"""A table of independent discrete variables."""

from typing import Any, Self

from tfgen.autoregressive.table import Table
from tfgen.core.typing import ShapeLike


class Independent(Table):
    """Independent variables, p(x) = prod_d p(x_d), with D (levels - 1) free parameters.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        smoothing: pseudo-count of each level, 0 or more; 0.5 is Jeffreys's.
        levels: values of each variable; level k is read as k / (levels - 1).
    Raises:
        ValueError: a negative smoothing, fewer than two levels, or too many parameters.

    Example:
        >>> import numpy as np
        >>> model = Independent.default((2,))
        >>> model.compile()
        >>> history = model.fit(np.float32([[0, 1], [1, 1], [1, 1]]), verbose=0)
        >>> np.round(model.marginals(), 3)
        array([[0.375, 0.625],
               [0.125, 0.875]], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._make_counts(0)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        smoothing: float = 0.5,
        levels: int = 2,
        **kwargs: Any,
    ) -> Self:
        """The table of these sizes.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            smoothing: pseudo-count, 0 or more.
            levels: values of each variable.
            **kwargs: the constructor's other arguments.
        """
        return cls(event_shape=event_shape, smoothing=smoothing, levels=levels, **kwargs)
