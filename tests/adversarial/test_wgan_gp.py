"""WGANGP: Algorithm 1, its settings, and what a critic of bounded slope estimates."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import WGANGP
from tfgen.core import fold_in
from tfgen.distributions import StandardNormal
from tfgen.losses import GradientPenalty
from tfgen.networks import mlp

SEED = tf.constant([0, 3])


def small(**arguments):
    keras.utils.set_random_seed(0)
    return WGANGP.default((3,), **{"latent_dim": 2, "hidden": (8,)} | arguments)


def test_the_terms_are_those_of_algorithm_1():
    model = small()
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 3)).astype("float32"))
    terms = model.discriminator_loss((x,), SEED, True) | model.generator_loss((x,), SEED, True)
    fake = model.sample(6, seed=SEED)
    u = tf.random.stateless_uniform((6, 1), fold_in(SEED, 2))
    between = u * x + (1 - u) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        outputs = model.critic(between)
    norms = np.linalg.norm(tape.gradient(outputs, between), axis=1)
    penalty, distance = 10 * np.mean((norms - 1) ** 2), np.mean(model(x)) - np.mean(model(fake))
    np.testing.assert_allclose(terms["penalty"], penalty, rtol=1e-4)
    np.testing.assert_allclose(terms["distance"], distance, rtol=1e-4)
    np.testing.assert_allclose(terms["critic_loss"], penalty - distance, rtol=1e-4)
    np.testing.assert_allclose(terms["generator_loss"], -np.mean(model(fake)), rtol=1e-4)
    assert tuple(terms) == model.term_names


def test_the_settings_are_the_papers():
    model = small()
    critic, generator = model.phases()
    assert (critic.name, critic.networks, critic.every) == ("critic", (model.critic,), 1)
    assert (generator.name, generator.networks) == ("generator", (model.generator,))
    assert generator.every == model.critic_steps == 5
    assert model.penalty == GradientPenalty(10.0, 1.0)
    for optimizer in model.default_optimizers().values():
        np.testing.assert_allclose(optimizer.learning_rate, 1e-4, rtol=1e-6)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)
    of_images = WGANGP.default((8, 8, 1), latent_dim=2, base_filters=4)
    kinds = {type(layer).__name__ for layer in of_images.critic._flatten_layers()}
    assert "GroupNormalization" not in kinds and not any("Batch" in kind for kind in kinds)
    assert "GroupNormalization" in {
        type(layer).__name__
        for layer in WGANGP.default((16, 16, 1), 2, base_filters=4).critic._flatten_layers()
    }


def test_a_critic_of_images_judges_each_by_itself():
    model = WGANGP.default((16, 16, 1), latent_dim=2, base_filters=4)
    x = np.random.default_rng(0).random((5, 16, 16, 1), "float32")
    alone = [model.judge(each[None], training=True)[0] for each in x]
    np.testing.assert_allclose(model.judge(tf.constant(x), training=True), alone, rtol=1e-4)


def test_the_generator_moves_at_every_fifth_step_through_a_stop_and_a_start(tmp_path):
    """Seven steps, then seven of a model that was loaded, are fourteen, bit for bit."""
    x = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
    straight, stopped = small(), small()
    moved = []
    for model in (straight, stopped):
        model.compile()
        model.fit(x, batch_size=1, verbose=0)
        moved.append(int(model.phase_optimizers["generator"].iterations))
    stopped.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for model in (straight, loaded):
        model.fit(x, batch_size=1, verbose=0)
        moved.append(int(model.phase_optimizers["generator"].iterations))
        assert int(model.phase_optimizers["critic"].iterations) == 14
    assert moved == [1, 1, 2, 2]
    for a, b in zip(straight.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("weight", [10.0, 100.0])
def test_a_linear_critic_finds_its_closed_form(weight):
    """max_w 3 w - weight (|w| - 1)^2, for N(3, 1) and N(0, 1): w = 1 + 3 / (2 weight)."""
    keras.utils.set_random_seed(0)
    model = WGANGP(
        generator=mlp((1,), (), (1,)),
        critic=mlp((1,), (), ()),
        prior=StandardNormal(1),
        penalty=GradientPenalty(weight),
    )
    model.generator.set_weights([np.eye(1), np.zeros(1)])
    model.critic.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    x = np.random.default_rng(0).normal(size=(5120, 1)).astype("float32")
    x += 3 - x.mean()
    model.compile({"critic": keras.optimizers.SGD(0.1 / weight), "generator": "sgd"})
    model.phase_optimizers["generator"].learning_rate = 0.0
    model.fit(x, batch_size=512, epochs=4, verbose=0)
    best = 1 + 3 / (2 * weight)
    np.testing.assert_allclose(model.critic.get_weights()[0], [[best]], rtol=0.01)
    terms = model.evaluate(x, batch_size=5120, return_dict=True, verbose=0)
    np.testing.assert_allclose(terms["distance"], 3 * best, rtol=0.02)


def test_it_trains_with_and_without_xla():
    x = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    for jit_compile in (True, False):
        model = small()
        model.compile(jit_compile=jit_compile)
        before = model.get_weights()
        history = model.fit(x, batch_size=2, verbose=0).history
        assert np.isfinite([*history.values()]).all()
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
        assert any(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True))


def test_steps_below_one_are_refused():
    for steps in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="critic_steps.*Received: "):
            small(critic_steps=steps)
