"""InfoGAN: its two losses, whose statistics codes are inferred by, and its codes' doors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import InfoGAN, NonSaturating
from tfgen.distributions import (
    CategoricalCode,
    Code,
    CodedNoise,
    StandardNormal,
    UniformCode,
)
from tfgen.layers import SyncBatchNormalization
from tfgen.networks import info_gan_discriminator, info_gan_generator, mlp

CODE = Code((CategoricalCode(3, weight=0.5), UniformCode(1, weight=0.25)))
SHAPE = (8, 9, 1)


def small_info_gan(**arguments):
    keras.utils.set_random_seed(0)
    return InfoGAN.default(SHAPE, CODE, noise_dim=2, base_filters=2, hidden=6, **arguments)


def images(num):
    return tf.constant(np.random.default_rng(0).random((num, *SHAPE), "float32"))


def bound_by_hand(model, x, codes):
    """E[log Q(c | x)] + H(c) of both parts, from the discriminator's second output."""
    _, params = model.discriminator(x, training=False)
    logits, mean, log_deviation = np.split(np.float64(params), [3, 4], axis=1)
    category, number = np.split(np.float64(codes), [3], axis=1)
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    z = (number - mean) / np.exp(log_deviation)
    log_density = -0.5 * z**2 - log_deviation - 0.5 * np.log(2 * np.pi)
    return (
        np.mean(np.sum(category * log_shares, axis=1)) + np.log(3),
        np.mean(log_density) + np.log(2),
    )


def test_both_losses_have_the_information_of_their_own_fakes():
    model, x = small_info_gan(), images(5)
    # Random weights, so that Q says something.
    rng = np.random.default_rng(1)
    moved = [w + 0.3 * rng.normal(size=w.shape) for w in model.discriminator.get_weights()]
    model.discriminator.set_weights([np.abs(w) if w.ndim == 1 else w for w in moved])
    one, other = tf.constant([0, 1]), tf.constant([0, 2])
    terms = model.discriminator_loss((x,), one, False) | model.generator_loss((x,), other, False)
    assert tuple(terms) == model.term_names
    for seed, name in ((one, "discriminator_loss"), (other, "generator_loss")):
        z = model.prior().sample(5, seed=seed)
        fake, codes = model.generator(z), z[:, 2:]
        category, number = bound_by_hand(model, fake, codes)
        pair = NonSaturating()
        if name == "discriminator_loss":
            expected = pair.discriminator(model(x), model(fake))
        else:
            expected = pair.generator(model(fake))
            np.testing.assert_allclose(terms["information_bound"], category + number, rtol=1e-4)
        expected -= 0.5 * category + 0.25 * number
        np.testing.assert_allclose(terms[name], expected, rtol=1e-4)


def test_the_discriminator_s_phase_moves_q_and_the_generator_s_the_generator_alone():
    model = small_info_gan()
    first, second = model.phases()
    assert first.networks == (model.discriminator,) and second.networks == (model.generator,)
    # The generator's weights get a gradient of the information alone, too.
    with tf.GradientTape() as tape:
        bound = model.generator_loss((images(4),), tf.constant([0, 1]), True)["information_bound"]
    gradients = tape.gradient(bound, model.generator.trainable_weights)
    assert any(np.any(gradient) for gradient in gradients)


def test_statistics_follow_real_images_alone():
    """After a step at rate 0 they are those of the real batch, whatever the generator makes."""
    x = images(6)
    expected = small_info_gan()
    expected.discriminator(x, training=True)
    for sign in (1, -1):
        model = small_info_gan()
        for weight in model.generator.trainable_weights:
            weight.assign(sign * weight)
        model.compile({name: keras.optimizers.SGD(0.0) for name in ("discriminator", "generator")})
        model.train_step(x)
        for a, b in zip(
            model.discriminator.get_weights(), expected.discriminator.get_weights(), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    norms = lambda model: [
        np.array(each.moving_mean)
        for each in model.discriminator.layers
        if type(each) is SyncBatchNormalization
    ]
    assert len(norms(model)) == 2
    for moved, start in zip(norms(model), norms(small_info_gan()), strict=True):
        assert np.any(moved != start)


def test_codes_that_are_given_are_what_the_generator_reads():
    model = small_info_gan()
    codes = model.code.join([2, 0], [[0.5], [-1.0]])
    noise = model.prior().sample(2, seed=(0, 3))[:, :2]
    x = model.sample(2, codes=codes, seed=3)
    np.testing.assert_array_equal(x, model.generator(tf.concat([noise, codes], axis=1)))
    one = model.sample(5, codes=codes[1], seed=3)
    np.testing.assert_array_equal(one, model.sample(5, codes=tf.repeat(codes[1:], 5, 0), seed=3))
    blocks = model.sample(5, codes=tf.repeat(codes[1:], 5, 0), seed=3, batch_size=2)
    assert blocks.shape == (5, *SHAPE) and len(np.unique(np.reshape(blocks, (5, -1)), axis=0)) == 5
    function, _ = model.signatures()["sample_codes"]
    np.testing.assert_array_equal(function(codes, tf.constant([0, 3]))["samples"], x)
    # Codes of its own for the same seed: of the same noise.
    drawn = model.prior().sample(2, seed=(0, 3))[:, 2:]
    np.testing.assert_array_equal(model.sample(2, codes=drawn, seed=3), model.sample(2, seed=3))


def test_inferred_codes_are_the_means_of_q():
    model, x = small_info_gan(), images(5)
    _, params = model.discriminator(x, training=False)
    shares, numbers = model.code.split(model.infer_codes(x))
    np.testing.assert_allclose(shares, tf.nn.softmax(params[:, :3]), rtol=1e-6)
    np.testing.assert_allclose(numbers, params[:, 3:4], rtol=1e-6)
    np.testing.assert_allclose(
        model.infer_codes(x, batch_size=2), model.infer_codes(x), rtol=1e-5, atol=1e-7
    )
    logits, _ = model.discriminator(x)
    np.testing.assert_allclose(model.discriminate(x), tf.sigmoid(logits), rtol=1e-5)


def test_the_preview_sweeps_the_code_at_one_noise():
    model = small_info_gan()
    grid = model.preview((np.zeros((6, *SHAPE)),), seed=4)
    noise = model.prior().sample(1, seed=(0, 4))[:, :2]
    for row in range(3):
        for column, number in enumerate((-1.0, 1.0)):
            code = model.code.join([row], [[number]])
            expected = model.generator(tf.concat([noise, code], axis=1))[0]
            np.testing.assert_allclose(grid[row, column], expected, atol=1e-6)


def test_finds_the_code_of_images_that_have_one():
    """Three bright bars: without labels the category tells which, on real images."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, 512)
    x = 0.1 * rng.random((512, 9, 8, 1), "float32")
    for row in range(3):
        x[kinds == row, 3 * row : 3 * row + 3] += 0.8
    keras.utils.set_random_seed(2)
    model = InfoGAN.default((9, 8, 1), Code(CategoricalCode(3)), 4, base_filters=4, hidden=256)
    model.compile(keras.optimizers.Adam(5e-4, beta_1=0.5), steps_per_execution=16)
    history = model.fit(x, batch_size=32, epochs=10, verbose=0).history
    found = np.argmax(model.infer_codes(x), axis=1)
    table = np.array([np.bincount(kinds[found == k], minlength=3) for k in range(3)])
    assert table.max(axis=1).sum() > 0.95 * len(x)
    assert np.log(3) - 0.1 < history["information_bound"][-1] <= np.log(3)


def test_networks_that_do_not_fit_are_refused():
    prior = CodedNoise(StandardNormal(2), CODE)
    fitting = {
        "generator": info_gan_generator(prior.dim, SHAPE, 2, 6),
        "discriminator": info_gan_discriminator(SHAPE, CODE.num_params, 2, 6),
        "prior": prior,
        "loss_pair": NonSaturating(),
    }
    for parts, message in (
        ({"discriminator": mlp(SHAPE, (), ())}, "two outputs.*Received: "),
        ({"discriminator": info_gan_discriminator(SHAPE, 4, 2, 6)}, r"parameters, \(5,\)"),
        ({"discriminator": info_gan_discriminator((8, 8, 1), 5, 2, 6)}, r"map \(8, 9, 1\)"),
        ({"generator": info_gan_generator(4, SHAPE, 2, 6)}, r"generator to map \(6,\)"),
        ({"prior": StandardNormal(6)}, "CodedNoise"),
    ):
        with pytest.raises(ValueError, match=message):
            InfoGAN(**fitting | parts)
    model = InfoGAN(**fitting)
    with pytest.raises(ValueError, match=r"codes \[3, 4\].*shape \(2, 4\)"):
        model.sample(3, codes=np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="no condition.*Received: "):
        model.sample(3, codes=np.float32([1, 0, 0, 0]), condition=1)
