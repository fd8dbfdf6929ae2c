"""Seeds: what is read as one, and draws that belong to an example and not to its batch."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen.core import (
    check_seed,
    example_seeds,
    fold_in,
    integer_by_example,
    normal_by_example,
    split_seed,
)
from tfgen.core.seeds import phase_seed

SEEDS = example_seeds(tf.constant([0, 3]), 4000)


def test_an_int_is_the_second_number_of_a_pair():
    np.testing.assert_array_equal(check_seed(7), [0, 7])
    np.testing.assert_array_equal(check_seed(np.array([5, 7])), [5, 7])
    np.testing.assert_array_equal(tf.function(check_seed)(tf.constant(7)), [0, 7])


def test_phases_steps_and_models_have_seeds_of_their_own():
    models = (0, 1, 7, 2**31 - 1)
    triples = [(m, phase, step) for m in models for phase in (0, 1) for step in (0, 1, 2**31 - 1)]
    seeds = {tuple(phase_seed(*triple).numpy()) for triple in triples}
    generators = {(m, step) for m in models for step in (0, 1, 2**31 - 1)}
    users = {(0, step) for step in (0, 1, 2**31 - 1)}
    assert len(seeds) == len(triples) and not seeds & (generators | users)


@pytest.mark.parametrize("bad", [-1, 2**31, 1.5, True, "a", [1, 2, 3], [[0, 1]], None])
def test_what_is_no_seed_is_refused(bad):
    with pytest.raises(ValueError, match="expected seed.*Received: "):
        check_seed(bad)


def test_seeds_that_are_split_or_folded_differ():
    seeds = [*split_seed(check_seed(1), 3), *(fold_in(check_seed(1), i) for i in range(3))]
    assert len({tuple(seed.numpy()) for seed in seeds}) == 6
    assert len(np.unique(SEEDS, axis=0)) == 4000


def test_normals_are_normal_and_do_not_depend_on_the_batch():
    draws = normal_by_example(SEEDS, (3,)).numpy()
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(draws.T) - np.eye(3)).max() < 0.06
    for part in (slice(0, 1), slice(5, 12), slice(3990, 4000)):
        np.testing.assert_array_equal(normal_by_example(SEEDS[part], (3,)), draws[part])


def test_seeds_that_a_graph_knows_draw_what_they_draw_in_eager_mode():
    known = SEEDS[:5].numpy()
    draws = normal_by_example(SEEDS[:5], (3,), 4)
    np.testing.assert_array_equal(
        tf.function(lambda: normal_by_example(tf.constant(known), (3,), 4))(), draws
    )
    split = lambda: normal_by_example(example_seeds(tf.constant([0, 3]), 5), (3,), 4)
    np.testing.assert_array_equal(tf.function(split)(), split())
    np.testing.assert_array_equal(
        tf.function(lambda: integer_by_example(tf.constant(known), 1000))(),
        integer_by_example(SEEDS[:5], 1000),
    )


def test_what_is_folded_in_gives_other_draws():
    one, other = (normal_by_example(SEEDS, (2,), data).numpy().ravel() for data in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    np.testing.assert_array_equal(
        normal_by_example(SEEDS, (2,), tf.constant(2)).numpy().ravel(), other
    )


def test_integers_are_uniform_and_do_not_depend_on_the_batch():
    draws = integer_by_example(SEEDS, 7).numpy()
    assert stats.chisquare(np.bincount(draws, minlength=7)).pvalue > 1e-3
    np.testing.assert_array_equal(integer_by_example(SEEDS[10:20], 7), draws[10:20])


def test_they_are_the_same_in_a_graph_and_let_gradients_pass():
    scale = tf.Variable(2.0)

    @tf.function
    def total(seeds):
        with tf.GradientTape() as tape:
            draws = normal_by_example(seeds, (2,))
            value = tf.reduce_sum(scale * draws)
        return draws, tape.gradient(value, scale)

    draws, gradient = total(SEEDS[:5])
    np.testing.assert_array_equal(draws, normal_by_example(SEEDS[:5], (2,)))
    np.testing.assert_allclose(gradient, tf.reduce_sum(draws), rtol=1e-6)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(scale * normal_by_example(SEEDS[:5], (2,)))
    np.testing.assert_allclose(tape.gradient(value, scale), gradient, rtol=1e-6)
