"""Arrays of different lengths on the device, each in an order of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core.arrays import ArrayFeed

# Orders of one seed that have nothing to do with each other.
_NEXT_ARRAY = 0x3C6EF35F


class UnpairedFeed(ArrayFeed):
    """The batches of arrays whose examples do not belong together.

    An epoch has each example of the longest array once. A shorter one goes round: one pass follows
    the other, each example once in each, from one epoch into the next. A pass has an order of its
    own, which the seed, the array and the number of the pass decide; where a shorter array goes on
    in an epoch, the number of epochs before it decides.

    Args: those of `ArrayFeed`, but for arrays of any lengths.
    """

    def __init__(self, arrays: Sequence[tf.Tensor], *args: Any, **kwargs: Any) -> None:
        self._lengths = [int(array.shape[0]) for array in arrays]
        super().__init__(arrays, *args, **kwargs)

    def order(self, epoch: int) -> np.ndarray:
        """The indices of an epoch, `[num_examples, len(arrays)]`, int32."""
        of_each = [self._order_of(i, length, epoch) for i, length in enumerate(self._lengths)]
        return np.stack(of_each, axis=1)

    def _order_of(self, index, length, epoch):
        # An epoch of fewer steps than batches leaves examples of the longest array out.
        seen = min(self.num_examples, self.num_steps * self.batch_size)
        begin = epoch * (self.num_examples if length == self.num_examples else seen)
        passes, places = np.divmod(begin + np.arange(self.num_examples), length)
        places = places.astype("int32")
        if not self.shuffle:
            return places
        seed = self.order_seed ^ (index * _NEXT_ARRAY)
        # Not all in one call: with a seed for each place, the operation gives poor permutations.
        of_passes = np.split(places, np.flatnonzero(np.diff(passes)) + 1)
        shuffled = [
            tf.random.experimental.index_shuffle(
                part, seed=np.int64([seed, number]), max_index=length - 1
            )
            for number, part in enumerate(of_passes, start=int(passes[0]))
        ]
        return np.concatenate(shuffled)
