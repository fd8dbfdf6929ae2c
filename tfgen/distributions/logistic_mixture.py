"""The head of PixelCNN++: a mixture of discretized logistics for each scalar dimension."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_sizes
from tfgen.distributions.discretized_logistic import DiscretizedLogistic
from tfgen.distributions.head import Head
from tfgen.distributions.levels import check_levels

tfd = tfp.distributions


class LogisticMixture(Head):
    """Mixture of discretized logistics for each scalar dimension (Salimans et al. 2017, Eq. 2).

    P(x) = sum_i softmax(logits)_i [sigma((x + h - loc_i) / s_i) - sigma((x - h - loc_i) / s_i)],
    h half a level; levels 0 and 1 take the whole tails. `loc_i` and s_i = softplus(raw_i) + 0.05
    levels are in the units of x, [0, 1]. Channels are independent given `params`.
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        levels: number of levels, int from 2 to 65536.
    Raises:
        ValueError: wrong numbers.
    """

    def __init__(self, num_components: int, levels: int) -> None:
        check_sizes(num_components=num_components)
        self.num_components = int(num_components)
        self.levels = check_levels(levels)

    @property
    def num_params(self) -> int:
        return 3 * self.num_components

    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
        logits, loc, raw = tf.split(params, 3, axis=-1)
        # At this scale a component can give 0.9999 of its mass to one level: no need of a smaller.
        scale = tf.nn.softplus(raw) + 0.05 / (self.levels - 1)
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=logits), DiscretizedLogistic(loc, scale, self.levels)
        )
