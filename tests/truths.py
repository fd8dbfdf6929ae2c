"""What the tests of exact likelihoods share: enumeration, the naive sampler, a chi-square test."""

import itertools

import numpy as np
import tensorflow as tf
from scipy import stats


def randomize(model, scale=1.0):
    """Gives a model weights large enough that its conditionals differ."""
    generator = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(scale * generator.normal(size=variable.shape))
    return model


def all_inputs(event_shape, levels):
    """Every x on the levels, `[levels ** D, *event_shape]`."""
    values = np.arange(levels, dtype="float32") / np.float32(levels - 1)
    inputs = np.array(list(itertools.product(values, repeat=int(np.prod(event_shape)))), "float32")
    return inputs.reshape(-1, *event_shape)


def total_probability(model):
    """The sum of p(x) over all x, in double precision."""
    log_prob = model.log_prob(all_inputs(model.event_shape, model.levels))
    return np.exp(log_prob.numpy().astype("float64")).sum()


def naive_draw(model, uniforms, x=None, mask=None, given=None):
    """Draws as `draw` has to, with one pass over the whole image for each dimension.

    Args:
        uniforms: `[count, D]`.
        x, mask: `[count, D]`; where the mask is 1, x stays.
        given: what networks read of the conditions.
    Returns:
        `[count, *event_shape]`.
    """
    count, size = uniforms.shape
    values = np.arange(model.levels, dtype="float32") / np.float32(model.levels - 1)
    mask = np.zeros((count, size), bool) if mask is None else mask
    x = np.zeros((count, size), "float32") if x is None else np.where(mask, x, 0)

    @tf.function
    def probabilities(x):
        base = model.conditionals(tf.reshape(x, (-1, *model.event_shape)), given)
        return tf.stack([tf.reshape(base.distribution.prob(v), (count, size)) for v in values], -1)

    for d in range(size):
        cumulative = np.cumsum(probabilities(tf.constant(x))[:, d], axis=1)[:, :-1]
        drawn = values[(np.asarray(uniforms)[:, d, None] >= cumulative).sum(axis=1)]
        x[:, d] = np.where(mask[:, d], x[:, d], drawn)
    return x.reshape(count, *model.event_shape)


def naive_draw_along(model, uniforms, x, mask, component):
    """`naive_draw` of a model of several orders: each example along its own component's.

    Args:
        uniforms: `[count, D]`.
        x, mask: `[count, D]`; where the mask is 1, x stays.
        component: int `[count]`.
    Returns:
        `[count, D]`.
    """
    values = np.arange(model.levels, dtype="float32") / np.float32(model.levels - 1)
    drawn = np.where(mask, x, np.float32(0))
    for i, k in enumerate(component):
        for d in model.orders[k]:
            if not mask[i, d]:
                image = tf.constant(drawn[i].reshape(1, *model.event_shape))
                base = model.conditionals(image, component=k).distribution
                probs = np.array([np.ravel(base.prob(value))[d] for value in values])
                drawn[i, d] = values[(uniforms[i, d] >= np.cumsum(probs)[:-1]).sum()]
    return drawn


def assert_draws_as_whole_passes(model, count=8, seed=7):
    """`sample`, and `complete` with another mask for each example, equal `naive_draw` exactly."""
    size, shape = int(np.prod(model.event_shape)), (count, *model.event_shape)
    uniforms = tf.random.stateless_uniform((count, size), (0, seed)).numpy()
    drawn = naive_draw(model, uniforms)
    np.testing.assert_array_equal(model.sample(count, seed=seed), drawn)
    # Every example keeps another number of its first dimensions.
    kept = np.arange(size) < np.arange(count)[:, None] * size // count
    x = np.where(kept, drawn.reshape(count, size)[::-1], 0)
    completed = model.complete(x.reshape(shape), kept.reshape(shape), seed=seed)
    np.testing.assert_array_equal(completed, naive_draw(model, uniforms, x, kept))


def sees(model, logits=None):
    """`[D, D]`, whether the logits of a dimension change with another one, for any of some x.

    Args:
        logits: function of x that gives the logits; the model's own by default.
    """
    logits = logits or model.logits
    size = int(np.prod(model.event_shape))
    x = tf.random.stateless_uniform((16, *model.event_shape), (0, 1))

    @tf.function
    def gradient(dimension):
        with tf.GradientTape() as tape:
            tape.watch(x)
            of_dimensions = tf.reshape(logits(x), (16, size, -1))
            weights = tf.range(1.0, of_dimensions.shape[-1] + 1)
            value = tf.reduce_sum(of_dimensions[:, dimension] * weights)
        return tape.gradient(value, x)

    rows = [tf.reshape(gradient(tf.constant(d)), (16, size)) for d in range(size)]
    return np.abs(rows).max(axis=1) > 0


def in_channels(pixels, channels):
    """A receptive field of pixels, each before its own, as a field of their channels."""
    own = np.kron(np.eye(len(pixels)), np.tril(np.ones((channels, channels)), -1))
    return np.kron(pixels, np.ones((channels, channels))) + own > 0


def chi_square(samples, inputs, probabilities, levels):
    """The p-value of samples under the probabilities of some inputs, which hold all of them."""
    place = (levels ** np.arange(inputs[0].size))[::-1]
    number = lambda x: np.rint(x.reshape(len(x), -1) * (levels - 1)).astype(int) @ place
    counts = np.bincount(number(samples), minlength=levels ** inputs[0].size)[number(inputs)]
    assert counts.sum() == len(samples)
    expected = len(samples) * probabilities
    # Rare inputs share one cell, as the chi-square approximation wants.
    rare = expected < 5
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum() + 1e-9)
    return stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue


def assert_compiled_gradients_agree(layer, x, jit_compile):
    """The gradients of a layer's weights are the same in a graph as in eager mode."""

    def gradients(x):
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(layer(x) ** 2)
        return tape.gradient(value, layer.trainable_variables)

    compiled = tf.function(gradients, jit_compile=jit_compile)
    for found, expected in zip(compiled(x), gradients(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def hessian_vector_product(function, tensors, vectors):
    """H v of a scalar function, by a tape around a tape; None where there is none."""
    constants = [each for each in tensors if isinstance(each, tf.Tensor)]
    with tf.GradientTape() as outer:
        outer.watch(constants)
        with tf.GradientTape() as inner:
            inner.watch(constants)
            value = function()
        gradients = inner.gradient(value, tensors)
        product = sum(tf.reduce_sum(g * v) for g, v in zip(gradients, vectors, strict=True))
    return outer.gradient(product, tensors)
