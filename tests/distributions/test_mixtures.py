import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from tfgen.distributions import ContinuousLogisticMixture, LaplaceMixture, NormalMixture

FAMILIES = [
    (NormalMixture, stats.norm),
    (LaplaceMixture, stats.laplace),
    (ContinuousLogisticMixture, stats.logistic),
]
every_family = pytest.mark.parametrize(("kind", "family"), FAMILIES)
LOGITS, LOC, RAW = np.array([0.5, -1.0]), np.array([-0.4, 1.2]), np.array([-1.0, 0.3])
SCALE = np.log1p(np.exp(RAW)) + 0.05
PARAMS = np.concatenate([LOGITS, LOC, RAW])


@every_family
def test_a_mixture_is_a_weighted_sum_that_integrates_to_one(kind, family):
    """The density by hand, and its integral by the trapezoidal rule."""
    density = kind(2, min_scale=0.05)(PARAMS, event_ndims=1)
    x = np.linspace(-40, 40, 80001)
    got = density.prob(x[:, None])
    want = family.pdf(x[:, None], LOC, SCALE) @ special.softmax(LOGITS)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(integrate.trapezoid(got, x), 1, atol=1e-6)


@every_family
def test_inversion_takes_a_component_and_its_quantile(kind, family):
    """The first number falls into the components' cumulative weights, the second is a level."""
    first = special.softmax(LOGITS)[0]
    for number, component in ((0.0, 0), (first - 0.01, 0), (first + 0.01, 1), (0.999, 1)):
        level = np.array([0.001, 0.3, 0.5, 0.99])
        uniforms = np.stack([np.full(4, number), level], axis=1).astype("float32")
        got = kind(2, min_scale=0.05).invert(tf.constant(np.tile(PARAMS, (4, 1))), uniforms)
        want = family.ppf(level, LOC[component], SCALE[component])
        np.testing.assert_allclose(got, want, rtol=1e-4)


@every_family
@pytest.mark.parametrize("jit_compile", [False, True])
def test_draws_by_inversion_follow_the_distribution_function(kind, family, jit_compile):
    head, count = kind(2, min_scale=0.05), 5000
    uniforms = tf.random.stateless_uniform((count, 2), (0, 3))
    params = tf.constant(np.tile(PARAMS, (count, 1)), tf.float32)
    draws = tf.function(head.invert, jit_compile=jit_compile)(params, uniforms)

    def cdf(x):
        return family.cdf(x[:, None], LOC, SCALE) @ special.softmax(LOGITS)

    assert stats.kstest(draws, cdf).pvalue > 1e-3


@every_family
def test_no_draw_is_infinite(kind, family):
    ends = np.float32([0, np.nextafter(np.float32(1), np.float32(0))])
    uniforms = np.stack(np.meshgrid(ends, ends), axis=-1)
    params = tf.constant(np.tile(PARAMS, (2, 2, 1)), tf.float32)
    draws = kind(2).invert(params, uniforms).numpy()
    assert draws.shape == (2, 2) and np.isfinite(draws).all()
    assert (draws[0] < LOC.min()).all() and (draws[1] > LOC.max()).all()


@every_family
@pytest.mark.parametrize(
    ("arguments", "received"),
    [({"num_components": 0}, "0"), ({"num_components": True}, "True"), ({"min_scale": 0}, "0")],
)
def test_wrong_arguments_are_refused(kind, family, arguments, received):
    with pytest.raises(ValueError, match=rf"^expected .*Received: {received}$"):
        kind(**{"num_components": 2, **arguments})
