"""What every model is made of: configuration, phases, checks, seeds and the training contract."""

from tfgen.core.checks import check_array, check_condition, check_count, check_spec
from tfgen.core.configured import Configured
from tfgen.core.model import GenerativeModel
from tfgen.core.phase import Phase
from tfgen.core.seeds import check_seed, fold_in, split_seed

__all__ = [
    "Configured",
    "GenerativeModel",
    "Phase",
    "check_array",
    "check_condition",
    "check_count",
    "check_seed",
    "check_spec",
    "fold_in",
    "split_seed",
]
