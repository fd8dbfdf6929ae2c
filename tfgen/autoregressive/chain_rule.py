"""The full joint distribution of discrete variables, a table for each factor."""

from typing import Any, Self

import numpy as np

from tfgen.autoregressive.table import Table
from tfgen.core.typing import ShapeLike


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

    Example:
        >>> import numpy as np
        >>> model = ChainRule.default((3,), smoothing=0)
        >>> model.compile()
        >>> history = model.fit(np.float32([[0, 0, 0], [1, 0, 1]]), verbose=0)
        >>> model.num_free_parameters, np.round(model.conditional([2], {0: 1.0}), 2)
        (7, array([0., 1.], dtype=float32))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._make_counts(self._size - 1)

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

    def _pseudo_counts(self):
        cells = self.smoothing * float(self.levels) ** np.arange(self._size)[::-1]
        return np.repeat(cells, np.diff(self._offsets))[:, np.newaxis].astype("float32")
