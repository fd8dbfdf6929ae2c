"""What every model is made of: configuration, phases, conditions, checks, seeds, the contract."""

from tfgen.core.adam import Adam
from tfgen.core.checks import check_array, check_count, check_spec
from tfgen.core.condition import Condition
from tfgen.core.configured import Configured
from tfgen.core.first_examples import count_examples, first_examples, first_pairs
from tfgen.core.linear_decay import LinearDecay
from tfgen.core.model import GenerativeModel
from tfgen.core.phase import Phase
from tfgen.core.running_average import RunningAverage
from tfgen.core.sampling import SamplingModel
from tfgen.core.seeds import (
    check_seed,
    example_seeds,
    fold_in,
    integer_by_example,
    normal_by_example,
    split_seed,
)
from tfgen.core.unpaired_model import UnpairedModel

__all__ = [
    "Adam",
    "Condition",
    "Configured",
    "GenerativeModel",
    "LinearDecay",
    "Phase",
    "RunningAverage",
    "SamplingModel",
    "UnpairedModel",
    "check_array",
    "check_count",
    "check_seed",
    "check_spec",
    "count_examples",
    "example_seeds",
    "first_examples",
    "first_pairs",
    "fold_in",
    "integer_by_example",
    "normal_by_example",
    "split_seed",
]
