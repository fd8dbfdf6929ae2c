"""The Swiss roll, a prior that can only be drawn from."""

import math
from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import split_seed
from tfgen.core.size_checks import check_not_negative, check_positive, check_sizes
from tfgen.distributions.priors import PriorInParts

tfd = tfp.distributions


class SwissRoll(PriorInParts):
    """A blurred spiral in the plane, z = radius sqrt(u) (cos a, sin a) + noise e, a = 2 pi turns
    sqrt(u), with u uniform in [0, 1) and e standard normal  (Makhzani et al. 2016, Figure 4b).

    Its part k is the stretch where k <= num_parts u < k + 1, counted from the middle. Far from the
    middle, lengths of the spiral are as likely as they are long. It has no density in closed form.

    Args:
        num_parts: number of stretches, int, at least 1.
        radius: of the outer end, positive.
        turns: how often the spiral goes round, positive.
        noise: standard deviation across and along the spiral, 0 or more.
    Raises:
        ValueError: wrong arguments.
    """

    dim = 2
    has_density = False

    def __init__(
        self, num_parts: int = 10, radius: float = 4.0, turns: float = 2.0, noise: float = 0.1
    ) -> None:
        check_sizes(num_parts=num_parts)
        self.num_parts = int(num_parts)
        self.radius = check_positive(radius, "radius")
        self.turns = check_positive(turns, "turns")
        self.noise = check_not_negative(noise, "noise")

    def __call__(
        self, encode: Callable[[tf.Tensor], tfd.Distribution] | None = None
    ) -> tfd.Distribution:
        """The distribution: event shape `[2]`, float32, `sample` without `log_prob`."""
        return _Roll(self)

    def sample_parts(self, parts: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        place, blur = split_seed(seed, 2)
        along = tf.random.stateless_uniform(tf.shape(parts), place)
        return self.blurred((tf.cast(parts, tf.float32) + along) / self.num_parts, blur)

    def blurred(self, u: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """z at the places u of the spiral, `[n]` in [0, 1), as `[n, 2]`."""
        root = tf.sqrt(u)[:, tf.newaxis]
        angle = 2 * math.pi * self.turns * root
        spiral = self.radius * root * tf.concat((tf.cos(angle), tf.sin(angle)), axis=1)
        return spiral + self.noise * tf.random.stateless_normal(tf.shape(spiral), seed)


class _Roll(tfd.Distribution):
    def __init__(self, roll):
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            name="SwissRoll",
        )
        self._roll = roll

    def _event_shape(self):
        return tf.TensorShape([2])

    def _batch_shape(self):
        return tf.TensorShape([])

    def _sample_n(self, n, seed=None):
        place, blur = split_seed(tfp.random.sanitize_seed(seed), 2)
        return self._roll.blurred(tf.random.stateless_uniform((n,), place), blur)
