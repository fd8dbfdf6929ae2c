"""StarGAN: Eqs. 5 and 6 by hand, domains of both kinds, targets, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import StarGAN
from tfgen.conditions import Attributes, Classes, Vector
from tfgen.core import fold_in
from tfgen.losses import GradientPenalty, LeastSquares, Wasserstein

SEED = tf.constant([0, 3])
X = tf.constant(np.random.default_rng(0).random((6, 8, 8, 1), "float32"))
Y = np.array([0, 1, 2, 1, 0, 2])


def small(condition=Classes(3), **arguments):
    keras.utils.set_random_seed(0)
    sizes = {"base_filters": 2, "num_blocks": 1, "kernel_size": 3, "judge_filters": 3}
    return StarGAN.default((8, 8, 1), condition, **sizes | arguments)


@pytest.fixture(scope="module")
def model():
    return small()


def test_the_terms_are_those_of_equations_5_and_6(model):
    given = tf.one_hot(Y, 3)
    targets = model.targets(given, SEED)
    there = model.generator([X, targets])
    back = model.generator([there, given])
    (real, of_real), (fake, of_fake) = model.discriminator(X), model.discriminator(there)
    log_softmax = lambda logits: logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    nats = lambda logits, labels: -np.mean(np.sum(log_softmax(np.array(logits)) * labels, axis=1))
    u = tf.random.stateless_uniform((6, 1, 1, 1), fold_in(SEED, 2))
    between = u * (2 * X - 1) + (1 - u) * (2 * there - 1)
    with tf.GradientTape() as tape:
        tape.watch(between)
        outputs = tf.reduce_sum(model.discriminator((between + 1) / 2)[0])
    norms = np.linalg.norm(np.reshape(tape.gradient(outputs, between), (6, -1)), axis=1)
    penalty = 10 * np.mean((norms - 1) ** 2)
    adversarial, reconstruction = -np.mean(fake), 2 * np.mean(np.abs(X - back))
    expected = {
        "discriminator_loss": np.mean(fake) - np.mean(real) + nats(of_real, given) + penalty,
        "real_outputs": np.mean(real),
        "fake_outputs": np.mean(fake),
        "penalty": penalty,
        "real_domain": nats(of_real, given),
        "generator_loss": adversarial + nats(of_fake, targets) + 10 * reconstruction,
        "adversarial": adversarial,
        "fake_domain": nats(of_fake, targets),
        "reconstruction": reconstruction,
    }
    batch = (X, given)
    terms = model.discriminator_loss(batch, SEED, True) | model.generator_loss(batch, SEED, True)
    assert tuple(terms) == model.term_names
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_the_targets_are_the_labels_of_the_batch_in_another_order(model):
    given = tf.one_hot(Y, 3)
    orders = [np.argmax(model.targets(given, (0, seed)), axis=1) for seed in range(5)]
    assert all(sorted(each) == sorted(Y) for each in orders)
    assert len({tuple(each) for each in orders}) > 1


def test_each_attribute_has_a_sigmoid_of_its_own():
    model = small(Attributes(("long", "bold")))
    y = np.array([[1, 0], [0, 0], [1, 1]])
    logits = np.float32([[2, -1], [0, 3], [-1, 1]])
    p = 1 / (1 + np.exp(-logits))
    expected = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / 3
    given = model.condition.encode(model.condition.tokens(y))
    np.testing.assert_allclose(model.domain_loss(logits, given), expected, rtol=1e-5)
    found = model.classify(X)
    np.testing.assert_allclose(found, tf.sigmoid(model.discriminator(X)[1]), rtol=1e-5)
    assert model.translate(X[:3], y).shape == (3, 8, 8, 1)


def test_classes_have_one_softmax_and_the_verdict_knows_no_domain(model):
    outputs, logits = model.discriminator(X)
    np.testing.assert_allclose(model.classify(X), tf.nn.softmax(logits), rtol=1e-5)
    np.testing.assert_allclose(model.discriminate(X), outputs, rtol=1e-5)


def test_the_settings_are_the_papers(model):
    discriminator, generator = model.phases()
    assert (discriminator.every, generator.every) == (1, 5)
    assert (model.domain_weight, model.reconstruction_weight) == (1, 10)
    assert model.penalty == GradientPenalty(10.0) and model.loss_pair == Wasserstein()
    for optimizer in model.default_optimizers().values():
        np.testing.assert_allclose(optimizer.learning_rate, 1e-4, rtol=1e-6)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_a_least_squares_variant_has_no_penalty():
    model = small(loss_pair=LeastSquares(), penalty=None)
    terms = model.discriminator_loss((X, tf.one_hot(Y, 3)), SEED, True)
    real, _ = model.discriminator(X)
    fake, _ = model.discriminator(model.generator([X, model.targets(tf.one_hot(Y, 3), SEED)]))
    expected = 0.5 * np.mean((np.array(real) - 1) ** 2) + 0.5 * np.mean(np.array(fake) ** 2)
    assert terms["penalty"] == 0
    np.testing.assert_allclose(
        terms["discriminator_loss"] - terms["real_domain"], expected, rtol=1e-4
    )


def test_xla_compiles_a_step():
    model = small(discriminator_steps=2)
    model.compile(jit_compile=True)
    history = model.fit(X, Y, batch_size=3, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    updates = [int(each.iterations) for each in model.phase_optimizers.values()]
    assert updates == [4, 2]


def test_what_does_not_fit_is_refused(model):
    parts = {"generator": model.generator, "discriminator": model.discriminator}
    for condition in (None, Vector(3)):
        with pytest.raises(ValueError, match="condition of domains.*Received: "):
            StarGAN(**parts, condition=condition)
        with pytest.raises(ValueError, match="condition of domains.*Received: "):
            StarGAN.default((8, 8, 1), condition)
    with pytest.raises(ValueError, match="generator.*Received: "):
        StarGAN(**parts, condition=Classes(4))
    with pytest.raises(ValueError, match="discriminator to map.*Received: "):
        other = small(Classes(4)).discriminator
        StarGAN(generator=model.generator, discriminator=other, condition=Classes(3))
    for name in ("domain_weight", "reconstruction_weight", "discriminator_steps"):
        with pytest.raises(ValueError, match=f"{name}.*Received: -1"):
            small(**{name: -1})
