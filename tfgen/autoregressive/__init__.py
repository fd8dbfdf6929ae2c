"""Models with an exact likelihood, a product of conditionals."""

from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.autoregressive.nade import NADE

__all__ = ["NADE", "AutoregressiveModel"]
