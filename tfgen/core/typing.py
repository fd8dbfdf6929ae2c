"""What public signatures accept."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

ArrayLike: TypeAlias = np.ndarray | tf.Tensor | Sequence[Any]
"""Examples or conditions: a NumPy array, a tensor, or nested sequences of numbers."""

SeedLike: TypeAlias = int | np.ndarray | tf.Tensor
"""A seed: an int s, read as `[0, s]`, or an int32 pair."""

ShapeLike: TypeAlias = Sequence[int]
"""The shape of one example, without the batch."""
