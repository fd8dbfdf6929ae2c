"""RePaint against the conditional distribution of a Gaussian pair, and its sequence of times."""

import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, counted

from tfgen.diffusion import LinearSchedule
from tfgen.diffusion.grids import EqualRatios, Strides
from tfgen.diffusion.repaint import repaint, repaint_evaluations, repaint_times
from tfgen.diffusion.solvers import ancestral

PAIR = Gaussian([0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]])
SEED = tf.constant([0, 7])
SCHEDULE = LinearSchedule(250)
MASK = np.array([False, True])


def draw(num, sigmas, denoise=PAIR.denoise, known=0.6, mask=MASK, seed=SEED, **options):
    x = tf.random.stateless_normal((num, 2), [3, 4]) * np.sqrt(1 + sigmas[0] ** 2)
    known = tf.fill((num, 2), tf.constant(known))
    masks = tf.constant(np.broadcast_to(mask, (num, 2)))
    options = {"jump": 3, "resamplings": 6, **options}
    run = tf.function(
        lambda: repaint(denoise, x, known, masks, sigmas, seed=seed, **options),
        jit_compile=False,
        autograph=False,
    )
    return run().numpy()


def test_times_are_the_papers():
    """Its appendix: jumps by 2 of 6 levels, each stretch walked twice."""
    expected = [6, 5, 4, 3, 2, 3, 4, 3, 2, 1, 0, 1, 2, 1, 0]
    np.testing.assert_array_equal(repaint_times(6, 2, 2), expected)
    assert repaint_evaluations(6, 2, 2) == 10
    # The paper's 250 steps, jumps of 10, 10 times: 4570 moves, of which these go down.
    times = repaint_times(250, 10, 10)
    assert len(times) - 1 == 4570 and repaint_evaluations(250, 10, 10) == 2410
    for arguments in ((1, 1, 1), (7, 3, 4), (10, 20, 5), (9, 1, 2)):
        times = repaint_times(*arguments)
        assert times[0] == arguments[0] and times[-1] == 0
        assert np.all(np.abs(np.diff(times)) == 1)
        # The same where a graph does not know the number, and where XLA has to.
        of_any = tf.function(lambda n, way=arguments[1:]: repaint_times(n, *way))
        np.testing.assert_array_equal(of_any(tf.constant(arguments[0])), times)
        compiled = tf.function(lambda way=arguments: repaint_times(*way), jit_compile=True)
        np.testing.assert_array_equal(compiled(), times)


def test_conditional_mean_and_variance_of_a_gaussian_pair():
    """Replacing alone draws 30% less of a mean and 58% more of a variance than there are."""
    mean, variance = PAIR.given_second(0.6)
    denoise, count = counted(PAIR.denoise)
    x = draw(20000, EqualRatios()(SCHEDULE, 60), denoise)
    assert int(count) == repaint_evaluations(60, 3, 6) == 345
    np.testing.assert_array_equal(x[:, 1], np.float32(0.6))
    np.testing.assert_allclose(x[:, 0].mean(), mean, rtol=0.08)
    np.testing.assert_allclose(x[:, 0].var(), variance, rtol=0.08)
    replaced = draw(4000, Strides()(SCHEDULE, 250), jump=1, resamplings=1)
    np.testing.assert_allclose(replaced[:, 0].mean(), 0.69 * mean, rtol=0.08)
    np.testing.assert_allclose(replaced[:, 0].var(), 1.58 * variance, rtol=0.08)


def test_without_anything_known_and_without_jumps_it_is_ancestral_sampling():
    sigmas = EqualRatios()(SCHEDULE, 9)
    x = tf.random.stateless_normal((5, 2), [3, 4]) * np.sqrt(1 + sigmas[0] ** 2)
    expected = ancestral(PAIR.denoise, x, sigmas, seed=SEED)
    found = draw(5, sigmas, mask=[False, False], resamplings=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_watched_and_bad_arguments_refused():
    seen = []
    sigmas = EqualRatios()(SCHEDULE, 4)
    watch = lambda *step: seen.append([each.numpy() for each in step])
    x = draw(3, sigmas, jump=1, resamplings=2, watch=watch)
    np.testing.assert_array_equal([i for i, _, _ in seen], range(10))
    places = repaint_times(4, 1, 2)[1:]
    np.testing.assert_array_equal([sigma for _, sigma, _ in seen], sigmas[::-1][places.numpy()])
    np.testing.assert_array_equal(seen[-1][2][:, 0], x[:, 0])
    for bad in ({"jump": 0}, {"resamplings": 0}, {"jump": 1.5}):
        with pytest.raises(ValueError, match="Received: "):
            draw(1, sigmas, **bad)
    with pytest.raises(ValueError, match="decrease to 0"):
        draw(1, sigmas[::-1].copy())
