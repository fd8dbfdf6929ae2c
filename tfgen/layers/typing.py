"""What the signatures of layers say."""

from typing import TypeAlias

import tensorflow as tf

BatchShape: TypeAlias = tuple[int | None, ...]
"""The shape of a batch, whose sizes need not all be known."""

Tensors: TypeAlias = tuple[tf.Tensor, ...]
"""Some tensors."""

Pair: TypeAlias = tuple[tf.Tensor, tf.Tensor]
"""Two tensors."""
