"""ProgressiveGAN: what a stage trains, fades, fresh slots, samples at any moment, and a resume."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import Growth, ProgressiveGAN
from tfgen.core import fold_in
from tfgen.distributions import StandardNormal
from tfgen.losses import Drift, GradientPenalty, SumOfPenalties
from tfgen.networks.growing import doubled_sides
from tfgen.training import Checkpoint

SEED = tf.constant([0, 3])
X = np.random.default_rng(0).random((12, 8, 8, 1), "float32")


def small(**arguments):
    keras.utils.set_random_seed(0)
    sizes = {"latent_dim": 2, "base_channels": 2, "growth": Growth(8, 8)}
    return ProgressiveGAN.default((8, 8, 1), **sizes | arguments)


@pytest.fixture(scope="module")
def model():
    """To look at; tests say themselves which moment it is at."""
    return small()


def at(model, stage, blend=1.0):
    model.growth_state.stage.assign(stage)
    model.growth_state.blend.assign(blend)


def test_the_terms_are_those_of_the_paper_in_the_middle_of_a_fade(model):
    at(model, 1, 0.25)
    z = model.prior().sample(12, seed=SEED)
    means = X.reshape(12, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    before = means.repeat(2, axis=1).repeat(2, axis=2)
    real = tf.constant(2 * (0.75 * before + 0.25 * X) - 1)
    fake = model.generator(z, blend=0.25)
    judge = lambda images: model.critic(images, blend=0.25, training=True)
    u = tf.random.stateless_uniform((12, 1, 1, 1), fold_in(SEED, 2))
    between = u * real + (1 - u) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        outputs = tf.reduce_sum(judge(between))
    norms = np.linalg.norm(np.reshape(tape.gradient(outputs, between), (12, -1)), axis=1)
    drift = 1e-3 * np.mean(judge(real) ** 2)
    penalty = 10 * np.mean((norms - 1) ** 2) + drift
    distance = np.mean(judge(real)) - np.mean(judge(fake))
    terms = model.discriminator_loss((X,), SEED, True) | model.generator_loss((X,), SEED, True)
    assert tuple(terms) == model.term_names
    expected = (penalty - distance, distance, penalty, 0.25, -np.mean(judge(fake)))
    np.testing.assert_allclose(list(terms.values()), expected, rtol=1e-4, atol=1e-6)


def test_the_settings_are_the_papers(model):
    for optimizer in model.default_optimizers().values():
        np.testing.assert_allclose(optimizer.learning_rate, 1e-3, rtol=1e-6)
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.0, 0.99, 1e-8)
    assert model.penalty == SumOfPenalties((GradientPenalty(10.0, 1.0), Drift(1e-3)))
    assert model.average_decay == 0.999
    assert [phase.every for phase in model.phases()] == [1, 1]
    assert ProgressiveGAN.default((4, 4, 1), base_channels=2).prior == StandardNormal(512)


def moved(before, network):
    now = zip(before, network.trainable_variables, strict=True)
    return [not np.array_equal(old, new) for old, new in now]


def test_a_stage_moves_its_own_weights_and_new_ones_start_with_fresh_slots():
    model = small()
    model.compile(run_eagerly=True)
    optimizers = model.phase_optimizers
    updates, stages = [], []
    for step in range(6):
        networks = (model.critic, model.generator)
        before = [[np.array(v) for v in each.trainable_variables] for each in networks]
        averages = model.averaged_generator.get_weights()
        logs = model.train_on_batch(X[:4], return_dict=True)
        updates.append([int(optimizers[name].iterations) for name in ("critic", "generator")])
        stages.append(float(model.growth_state.stage) - 1 + float(model.growth_state.blend))
        assert logs["stage"] == stages[-1]
        trained = {id(v) for each in networks for part in each.parts(0) for v in part.variables}
        for network, old in zip(networks, before, strict=True):
            for variable, has_moved in zip(
                network.trainable_variables, moved(old, network), strict=True
            ):
                # At blend 0 the new blocks have no slope, at 1 the former colour layer has none.
                if step < 2 or id(variable) not in trained:
                    assert has_moved == (stages[-1] > 0 or id(variable) in trained), variable.path
        assert any(
            map(
                np.any,
                [
                    a - b
                    for a, b in zip(averages, model.averaged_generator.get_weights(), strict=True)
                ],
            )
        )
        if step == 2:
            # beta_1 = 0: the first update of fresh slots is the rate itself, where there is slope.
            kernel = model.generator.blocks[0].trainable_variables[0]
            index = [v is kernel for v in model.generator.trainable_variables].index(True)
            np.testing.assert_allclose(np.abs(np.array(kernel) - before[1][index]), 1e-3, rtol=1e-2)
    assert stages == [0, 0, 0, 0.5, 1, 1]
    # Anew where the stage begins, and where its fade ends.
    assert updates == [[1, 1], [2, 2], [1, 1], [2, 2], [1, 1], [2, 2]]
    assert int(model.growth_state.images) == 24


def test_samples_have_the_full_size_at_every_moment(model):
    z = model.prior().sample(3, seed=SEED)
    unit = lambda images: np.clip(0.5 + 0.5 * np.array(images), 0, 1)
    at(model, 0)
    first = model.generator(z, stage=0)
    np.testing.assert_allclose(
        model.sample(3, seed=SEED), unit(doubled_sides(first)), rtol=1e-5, atol=1e-6
    )
    assert model.preview((X[:5],)).shape == (1, 3, 8, 8, 1)
    at(model, 1, 0.5)
    expected = unit((doubled_sides(first) + model.generator(z)) / 2)
    np.testing.assert_allclose(model.sample(3, seed=SEED), expected, rtol=1e-5, atol=1e-6)
    at(model, 1)
    np.testing.assert_allclose(
        model.sample(3, seed=SEED), unit(model.generator(z)), rtol=1e-5, atol=1e-6
    )


def test_the_critic_scores_an_image_alike_in_any_batch_by_what_its_stage_sees(model):
    for stage in (0, 1):
        at(model, stage, 1.0)
        alone = np.concatenate([model.discriminate(each[None]) for each in X])
        np.testing.assert_allclose(model.discriminate(X), alone, rtol=1e-4, atol=1e-5)
    at(model, 0)
    coarse = X.reshape(12, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(
        model.discriminate(X), model.critic(2 * coarse - 1, stage=0), rtol=1e-4, atol=1e-5
    )


class Killed(Exception):
    """Stands for the end of the process."""


class Killer(keras.callbacks.Callback):
    """Ends the process at a step, counted from 0 over all epochs."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.steps_seen) == self.step:
            raise Killed


def test_one_fit_goes_through_all_stages_and_resumes_a_fade_bit_for_bit(tmp_path):
    """Three steps an epoch, 8 images of fade from the third step; ends in the second epoch."""
    path = tmp_path / "checkpoint.keras"
    straight, killed = small(growth=Growth(8, 20)), small(growth=Growth(8, 20))
    straight.compile(run_eagerly=True)
    straight.fit(X, batch_size=4, epochs=3, verbose=0)
    assert (int(straight.growth_state.stage), int(straight.growth_state.images)) == (1, 36)
    killed.compile(run_eagerly=True)
    with pytest.raises(Killed):
        killed.fit(X, batch_size=4, epochs=3, verbose=0, callbacks=[Checkpoint(path), Killer(4)])
    resumed = keras.saving.load_model(path)
    # The checkpoint of the first epoch, whose last step began the fade.
    assert resumed.epochs_seen == 1 and float(resumed.growth_state.blend) == 0
    resumed.fit(X, batch_size=4, epochs=3, initial_epoch=1, verbose=0)
    for one, other in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for name, optimizer in straight.phase_optimizers.items():
        for one, other in zip(
            optimizer.variables, resumed.phase_optimizers[name].variables, strict=True
        ):
            np.testing.assert_array_equal(one, other)
        # Steps 7 and 8 came after the fade.
        assert int(optimizer.iterations) == 2


def test_xla_compiles_all_stages_into_one_step():
    """A stage begins and ends its fade inside of compiled blocks of two steps."""
    model = small(growth=Growth(4, 4))
    model.compile(jit_compile=True, steps_per_execution=2)
    history = model.fit(X, batch_size=4, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["stage"], [1 / 3, 1])
    assert all(np.isfinite(values).all() for values in history.values())
    assert [int(each.iterations) for each in model.phase_optimizers.values()] == [4, 4]
    assert all(np.isfinite(each).all() for each in model.get_weights())


def test_what_does_not_fit_is_refused(model):
    parts = {"generator": model.generator, "critic": model.critic, "prior": model.prior}
    other = small(latent_dim=3)
    for wrong in (
        {"prior": StandardNormal(3)},
        {"generator": other.generator},
        {"critic": ProgressiveGAN.default((4, 4, 1), base_channels=2).critic},
    ):
        with pytest.raises(ValueError, match="fit the generator.*Received: "):
            ProgressiveGAN(**parts | wrong)
    with pytest.raises(ValueError, match="power of two.*Received: "):
        ProgressiveGAN.default((28, 28, 1))
