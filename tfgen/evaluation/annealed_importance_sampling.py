"""Annealed importance sampling: log p(x) of a latent-variable model, by a walk from p(z) to it."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, check_count, check_seed, fold_in, split_seed
from tfgen.core.arrays import whole_batches
from tfgen.core.size_checks import check_positive, check_rate
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.evaluation.estimators import Estimator, check_method, posterior_log_prob
from tfgen.latent.hamiltonian import adapted, transition

# Where a walk starts to look for the length of its steps, and how fast it looks.
_FIRST_STEP_SIZE, _RATE = 0.3, 0.2


class AnnealedImportanceSampling(Estimator):
    """log (1/n) sum_i w_i, log w = sum_t (b_t - b_{t-1}) log p(x, z_{t-1}) / p_0(z_{t-1}).

    z_0 ~ p_0, and z_t comes of z_{t-1} by a step of Hamiltonian Monte Carlo that leaves
    p_0(z)^(1 - b_t) p(x, z)^b_t as it is, b_t rising from 0 to 1 (Neal 2001, Eqs. 3 and 11; for
    decoders Wu et al. 2017, section 3). E[w] = p(x) with any number of steps, so that the logarithm
    is a lower bound on average, and the tighter the more steps there are.

    The draws of a batch are made together: another `batch_size` is another draw.

    Args:
        num_steps: of a walk.
        num_chains: n, walks of each example.
        num_leapfrog_steps: of a step.
        step_size: of the leapfrog steps; None to have the walks of a first round, which count for
            nothing else, find one for each example and step, that of `acceptance`.
        acceptance: share of proposals that are to be accepted, in (0, 1).
        from_posterior: whether p_0 is q(z | x) instead of p(z).
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(
        self,
        num_steps: int = 1000,
        num_chains: int = 16,
        num_leapfrog_steps: int = 10,
        step_size: float | None = None,
        acceptance: float = 0.65,
        from_posterior: bool = False,
    ) -> None:
        self.num_steps = check_count(num_steps, "num_steps")
        self.num_chains = check_count(num_chains, "num_chains")
        self.num_leapfrog_steps = check_count(num_leapfrog_steps, "num_leapfrog_steps")
        self.step_size = None if step_size is None else check_positive(step_size, "step_size")
        self.acceptance = check_positive(check_rate(acceptance, "acceptance"), "acceptance")
        self.from_posterior = bool(from_posterior)

    def kind(self, model: GenerativeModel) -> str:
        check_method(self, model, "log_joint")
        return f"AIS, {self.num_steps} steps, {self.num_chains} chains"

    def __call__(
        self,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike = 0,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        x = model.check(x)
        given = model.read_condition(condition, tf.shape(x)[0])
        count, seed = len(x), check_seed(seed)
        size = min(count, check_count(batch_size or count, "batch_size"))
        parts = []
        for index, rows in enumerate(whole_batches(count, size)):
            part = None if given is None else tf.gather(given, rows)
            log_weights = self.log_weights(model, tf.gather(x, rows), part, fold_in(seed, index))
            parts.append(tfp.math.reduce_logmeanexp(log_weights, axis=0))
        return tf.concat(parts, axis=0)[:count]

    def log_weights(
        self, model: GenerativeModel, x: tf.Tensor, given: tf.Tensor | None, seed: tf.Tensor
    ) -> tf.Tensor:
        """log w of each walk, `[num_chains, batch]`, without checks; E[w] = p(x).

        Args:
            model: one with `log_joint`.
            x: `[batch, *event_shape]`.
            given: what the networks read of the conditions, `[batch, ...]`.
            seed: int32 `(2,)`.
        """
        start_seed, walk_seed, sizes_seed = split_seed(seed, 3)
        z = self._start(model, x, given, start_seed)
        sizes = self.step_sizes(model, x, given, sizes_seed)
        log_weights, _ = self._walk(model, z, x, given, self.temperatures(), sizes, walk_seed)
        return log_weights

    def reverse_log_weights(
        self,
        model: GenerativeModel,
        z: tf.Tensor,
        x: tf.Tensor,
        given: tf.Tensor | None,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """log w of the walks back, from an exact draw of p(z | x) to p_0; E[w] = 1 / p(x).

        Args:
            z: `[batch, dim]`, one draw for each x, where all its walks start.
            model, x, given, seed: as for `log_weights`.
        Returns:
            `[num_chains, batch]`.
        """
        walk_seed, sizes_seed = split_seed(seed, 2)
        sizes = self.step_sizes(model, x, given, sizes_seed)
        sizes = tf.concat((sizes[-2::-1], sizes[:1]), axis=0)
        z = tf.repeat(z[tf.newaxis], self.num_chains, axis=0)
        back = self.temperatures()[::-1]
        return self._walk(model, z, x, given, back, sizes, walk_seed)[0]

    def temperatures(self) -> np.ndarray:
        """b_0 = 0, ..., b_T = 1, evenly spaced in the logistic function of -4..4 (Wu et al.)."""
        sigmoid = 1 / (1 + np.exp(-np.linspace(-4, 4, self.num_steps + 1)))
        return ((sigmoid - sigmoid[0]) / (sigmoid[-1] - sigmoid[0])).astype("float32")

    def step_sizes(
        self, model: GenerativeModel, x: tf.Tensor, given: tf.Tensor | None, seed: tf.Tensor
    ) -> tf.Tensor:
        """The length of the leapfrog steps at each step of the walks, `[num_steps, batch]`.

        It must not depend on the walks that are weighted, or E[w] would not be p(x).
        """
        fixed = self.step_size or _FIRST_STEP_SIZE
        sizes = tf.fill((self.num_steps, tf.shape(x)[0]), fixed)
        if self.step_size is not None:
            return sizes
        start_seed, walk_seed = split_seed(seed, 2)
        z = self._start(model, x, given, start_seed)
        temperatures = self.temperatures()
        return self._walk(model, z, x, given, temperatures, sizes, walk_seed, adapt=True)[1]

    def _start(self, model, x, given, seed):
        if self.from_posterior:
            return model.q(x, given).sample(self.num_chains, seed=seed)
        return model.prior_distribution().sample((self.num_chains, len(x)), seed=seed)

    def _walk(self, model, z, x, given, temperatures, sizes, seed, adapt=False):
        return _walk(
            model,
            z,
            x,
            given,
            tf.constant(temperatures),
            sizes,
            seed,
            self.num_leapfrog_steps,
            tf.constant(self.acceptance),
            self.from_posterior,
            tf.constant(adapt),
        )


@tf.function(jit_compile=True, autograph=False)
def _walk(
    model: Any,
    z: tf.Tensor,
    x: tf.Tensor,
    given: tf.Tensor | None,
    temperatures: tf.Tensor,
    sizes: tf.Tensor,
    seed: tf.Tensor,
    num_leapfrog_steps: int,
    acceptance: tf.Tensor,
    from_posterior: bool,
    adapt: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Walks along the temperatures; log w `[chains, batch]`, and the step sizes that it took."""
    q = model.q(x, given) if from_posterior else model.prior_distribution()
    start = lambda z: posterior_log_prob(q, z)
    end = lambda z: model.log_joint(z, x, given)

    def step(t, z, log_weights, size, taken):
        before, now = temperatures[t], temperatures[t + 1]
        log_weights += (now - before) * (end(z) - start(z))
        size = tf.where(adapt, size, sizes[t])
        taken = tf.tensor_scatter_nd_update(taken, [[t]], size[tf.newaxis])
        between = lambda z: (1 - now) * start(z) + now * end(z)
        z, accepted = transition(z, between, size, num_leapfrog_steps, fold_in(seed, t))
        return t + 1, z, log_weights, adapted(size, accepted, acceptance, _RATE), taken

    log_weights = tf.zeros(tf.shape(z)[:-1])
    loop = [0, z, log_weights, sizes[0], sizes]
    _, _, log_weights, _, taken = tf.while_loop(
        lambda t, *_: t < temperatures.shape[0] - 1, step, loop
    )
    return log_weights, taken
