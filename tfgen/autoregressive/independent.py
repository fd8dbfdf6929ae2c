"""A table of independent discrete variables."""

from tfgen.autoregressive.table import Table


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
