"""What every exported model owes, whatever its wing and whatever its condition."""

import contextlib
import functools
import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_denoiser import tiny_denoiser, tiny_unclip

import tfgen
from tfgen import registry
from tfgen.adversarial import ContrastiveText, DiffAugment, Growth, RandomBoxes
from tfgen.autoregressive import s_curve_orders
from tfgen.conditions import Attributes, Captions, Classes, Vector
from tfgen.core import SamplingModel, UnpairedModel
from tfgen.core.configured import init_parameters
from tfgen.diffusion import (
    CosineSchedule,
    EDMWeighting,
    Heun,
    KarrasSchedule,
    LearnedVariance,
    Preconditioned,
)
from tfgen.distributions import (
    Categorical,
    CategoricalCode,
    Code,
    DiagonalNormal,
    GaussianMixture,
    Normal,
    NormalMixture,
    UniformCode,
)
from tfgen.latent import (
    ELBO,
    IWAE,
    GaussianNoise,
    ImplicitPosterior,
    InverseAutoregressiveFlow,
    LearnedMixture,
    LinearWarmUp,
    MaskingNoise,
    VampPrior,
)
from tfgen.losses import R1, ModeSeeking
from tfgen.networks import DenseNetworks, dcgan_features, denoising_mlp, projection_discriminator

IMAGE, SMALL, VECTOR = (8, 8, 1), (5, 4, 1), (6,)
INFO_CODE = Code((CategoricalCode(3), UniformCode(1)))
TEXTS = ("a red seven", "a blue one", "", "ein Gr\u00fcner, sieben")


def conditions(condition, count):
    """Conditions as users give them."""
    if isinstance(condition, Classes):
        return np.arange(count) % condition.num_classes
    if isinstance(condition, Captions):
        return np.array([TEXTS[i % len(TEXTS)].encode() for i in range(count)])
    values = np.random.default_rng(1).normal(size=(count, condition.spec.shape[1]))
    if isinstance(condition, Attributes):
        return (values > 0).astype("float32")
    return values.astype("float32")


def examples(model, count=12, seed=0):
    """A batch on the levels: `(x,)`, or `(x, y)` for a model with a condition."""
    levels = model.levels or 5
    grey = np.random.default_rng(seed).integers(0, levels, (count, *model.event_shape))
    x = (grey / np.float32(levels - 1)).astype("float32")
    return (x,) if model.condition is None else (x, conditions(model.condition, count))


class Sets(tuple):
    """Two sets that form no pairs, as `fit` takes them."""


def sets(model, count=12, seed=0):
    """Two sets of other lengths, of an unpaired model."""
    small = (count + 1) // 2
    b = np.random.default_rng(seed + 1).random((small, *model.event_shape_b), "float32")
    return Sets((*examples(model, count, seed), b))


class Row(NamedTuple):
    """One model: how it is made, and `(model, count) -> batch`, what `fit` takes of it."""

    make: Callable
    batch: Callable = examples


# Every exported model, tiny; a name before a colon is the model's. What stands alone is a `make`.
MODELS = {
    "VAE": lambda: tfgen.VAE.default(IMAGE, latent_dim=3, architecture=DenseNetworks((8,))),
    "VAE: categorical": lambda: tfgen.VAE.default(
        IMAGE, latent_dim=3, architecture=DenseNetworks((8,)), likelihood=Categorical(5)
    ),
    "VAE: vectors": lambda: tfgen.VAE.default(
        VECTOR,
        latent_dim=3,
        architecture=DenseNetworks((8,)),
        likelihood=Normal(),
        objective=ELBO(beta=2.0),
    ),
    "Autoencoder": lambda: tfgen.Autoencoder.default(
        IMAGE, latent_dim=3, architecture=DenseNetworks((8,)), corruption=MaskingNoise(0.2)
    ),
    "Autoencoder: vectors": lambda: tfgen.Autoencoder.default(
        VECTOR, latent_dim=3, architecture=DenseNetworks((8,)), likelihood=Normal()
    ),
    "AAE": lambda: tfgen.AAE.default(
        IMAGE, latent_dim=3, architecture=DenseNetworks((8,)), discriminator_hidden=(6,)
    ),
    "AAE: vectors": lambda: tfgen.AAE.default(
        VECTOR,
        latent_dim=3,
        architecture=DenseNetworks((8,)),
        likelihood=Normal(),
        posterior=DiagonalNormal(),
        discriminator_hidden=(6,),
    ),
    "AAE: classes, conditional": lambda: tfgen.AAE.default(
        IMAGE,
        architecture=DenseNetworks((8,)),
        prior=GaussianMixture.on_circle(3, dim=3),
        posterior=ImplicitPosterior(3, 5, (4,)),
        discriminator_hidden=(6,),
        penalty=R1(1.0),
        instance_noise=GaussianNoise(0.1),
        condition=Classes(3),
    ),
    "VAE: everything has weights": lambda: tfgen.VAE.default(
        IMAGE,
        architecture=DenseNetworks((8,)),
        prior=LearnedMixture(3, 4),
        posterior=InverseAutoregressiveFlow(3, num_flows=2, hidden=6, num_context=2),
        objective=IWAE(3),
    ),
    "HierarchicalVAE": lambda: tfgen.HierarchicalVAE.default(
        IMAGE,
        (2, 3),
        DenseNetworks((8,)),
        top=VampPrior(IMAGE, 2, 5),
        hidden=6,
        objective=ELBO(LinearWarmUp(9), free_bits=0.1),
    ),
    "HierarchicalVAE: classes, conditional": lambda: tfgen.HierarchicalVAE.default(
        IMAGE, (2, 3), DenseNetworks((8,)), hidden=6, condition=Classes(3)
    ),
    "NADE": lambda: tfgen.NADE.default(IMAGE, num_hidden=6),
    "NADE: categorical": lambda: tfgen.NADE.default(VECTOR, num_hidden=6, levels=5),
    "Independent": lambda: tfgen.Independent.default(IMAGE),
    "MarkovChain": lambda: tfgen.MarkovChain.default(IMAGE, order=2),
    "MarkovChain: categorical": lambda: tfgen.MarkovChain.default(VECTOR, levels=5),
    "FullJoint": lambda: tfgen.FullJoint.default(VECTOR),
    "ChainRule": lambda: tfgen.ChainRule.default(VECTOR),
    "FVSBN": lambda: tfgen.FVSBN.default(IMAGE),
    "FVSBN: categorical": lambda: tfgen.FVSBN.default(VECTOR, levels=5),
    "MADE": lambda: tfgen.MADE.default(IMAGE, hidden=(8, 8), num_masks=2, num_orders=2),
    "MADE: categorical": lambda: tfgen.MADE.default(VECTOR, hidden=(8,), levels=5),
    "DeepNADE": lambda: tfgen.DeepNADE.default(VECTOR, hidden=(8, 8), num_orders=2),
    "DeepNADE: categorical": lambda: tfgen.DeepNADE.default(VECTOR, hidden=(8,), levels=5),
    "RNADE": lambda: tfgen.RNADE.default(VECTOR, num_hidden=6, head=NormalMixture(2)),
    "RowLSTM": lambda: tfgen.RowLSTM.default(SMALL, num_features=4, num_layers=1),
    "DiagonalBiLSTM": lambda: tfgen.DiagonalBiLSTM.default(SMALL, num_features=4, num_layers=1),
    "MaskedPixelCNN": lambda: tfgen.MaskedPixelCNN.default(SMALL, num_features=4, num_layers=1),
    "LocallyMaskedPixelCNN": lambda: tfgen.LocallyMaskedPixelCNN.default(
        (3, 2, 1), s_curve_orders(3, 2)[::3], num_features=4, num_layers=1
    ),
    "PixelCNN": lambda: tfgen.PixelCNN.default(SMALL, num_features=4, num_layers=2),
    "PixelCNN: colour": lambda: tfgen.PixelCNN.default(
        (4, 4, 3), num_features=3, num_layers=2, levels=5
    ),
    "PixelCNNPlusPlus": lambda: tfgen.PixelCNNPlusPlus.default(
        SMALL, num_features=4, num_blocks=1, num_resolutions=2, num_components=2
    ),
    "PixelCNNPlusPlus: colour": lambda: tfgen.PixelCNNPlusPlus.default(
        (3, 3, 3), levels=4, num_features=4, num_blocks=1, num_resolutions=2, num_components=2
    ),
    "PixelCNN: classes, conditional": lambda: tfgen.PixelCNN.default(
        SMALL, num_features=4, num_layers=2, condition=Classes(3)
    ),
    "PixelCNN: captions, conditional": lambda: tfgen.PixelCNN.default(
        (3, 2, 1), num_features=4, num_layers=1, condition=Captions.from_corpus(TEXTS)
    ),
    "VAE: captions, conditional": lambda: tfgen.VAE.default(
        IMAGE, latent_dim=3, architecture=DenseNetworks((8,)), condition=Captions.from_corpus(TEXTS)
    ),
    "GAN: attributes, conditional": lambda: tfgen.GAN.default(
        IMAGE,
        latent_dim=3,
        hidden=(8,),
        penalty=R1(),
        augmentation=DiffAugment(),
        average_decay=0.9,
        condition=Attributes(("long", "bold")),
    ),
    "GAN": lambda: tfgen.GAN.default(IMAGE, latent_dim=3, hidden=(8,)),
    "GAN: vectors": lambda: tfgen.GAN.default(VECTOR, latent_dim=3, hidden=(8,)),
    "LSGAN": lambda: tfgen.LSGAN.default(IMAGE, latent_dim=3, base_filters=4),
    "WGANGP": lambda: tfgen.WGANGP.default(IMAGE, latent_dim=3, base_filters=4, critic_steps=2),
    "WGANGP: vectors, conditional": lambda: tfgen.WGANGP.default(
        VECTOR, latent_dim=3, hidden=(8,), critic_steps=2, average_decay=0.9, condition=Classes(3)
    ),
    "DCGAN": lambda: tfgen.DCGAN.default(IMAGE, latent_dim=3, base_filters=4),
    "DCGAN: captions, conditional": lambda: tfgen.DCGAN.default(
        (8, 9, 3),
        latent_dim=3,
        base_filters=4,
        condition=Captions.from_corpus(TEXTS),
        discriminator=projection_discriminator(
            dcgan_features((8, 9, 3), 4), Captions.from_corpus(TEXTS)
        ),
    ),
    "ConditionalGAN: classes, conditional": lambda: tfgen.ConditionalGAN.default(
        IMAGE, Classes(3), latent_dim=3, hidden=(6, 5, 8), judge_hidden=(5, 4, 6)
    ),
    "ConditionalGAN: vectors": lambda: tfgen.ConditionalGAN.default(
        VECTOR, Vector(2), latent_dim=3, hidden=(6, 5, 8), judge_hidden=(5, 4, 6)
    ),
    "InfoGAN": lambda: tfgen.InfoGAN.default(
        IMAGE, INFO_CODE, noise_dim=2, base_filters=2, hidden=6, average_decay=0.9
    ),
    "PuzzleGAN": lambda: tfgen.PuzzleGAN.default(
        IMAGE,
        num_patches=2,
        latent_dim=3,
        base_filters=2,
        embedding_dim=3,
        regions=RandomBoxes(2, 4),
        average_decay=0.9,
    ),
    # Saved in the middle of a fade, which ends after that.
    "ProgressiveGAN": lambda: tfgen.ProgressiveGAN.default(
        IMAGE, latent_dim=3, base_channels=2, growth=Growth(18, 20), average_decay=0.9
    ),
    "CycleGAN": Row(
        lambda: tfgen.CycleGAN.default(
            IMAGE, base_filters=2, num_blocks=1, judge_filters=2, pool_size=3, average_decay=0.9
        ),
        sets,
    ),
    "CycleGAN: colour": Row(
        lambda: tfgen.CycleGAN.default(
            IMAGE, (8, 8, 3), base_filters=2, num_blocks=1, judge_filters=2, pool_size=None
        ),
        sets,
    ),
    "StarGAN: classes, conditional": lambda: tfgen.StarGAN.default(
        IMAGE,
        Classes(3),
        base_filters=2,
        num_blocks=1,
        kernel_size=3,
        judge_filters=2,
        discriminator_steps=2,
        average_decay=0.9,
    ),
    "TextToImageGAN: captions, conditional": lambda: tfgen.TextToImageGAN.default(
        IMAGE,
        Captions.from_corpus(TEXTS),
        latent_dim=3,
        text_dim=4,
        base_filters=2,
        text_training=ContrastiveText(2, batch_size=4),
        midpoint_weight=0.5,
        mode_seeking=ModeSeeking(0.1),
    ),
    "DDPM": lambda: tfgen.DDPM(
        denoiser=tiny_denoiser(IMAGE), schedule=CosineSchedule(6), ema_decay=0.9
    ),
    "DCGAN: classes, conditional": lambda: tfgen.DCGAN.default(
        IMAGE, latent_dim=3, base_filters=4, condition=Classes(3)
    ),
    "DDPM: vectors, conditional": lambda: tfgen.DDPM(
        denoiser=denoising_mlp(VECTOR, 8, num_blocks=1, time_dim=4, condition=Vector(2)),
        schedule=CosineSchedule(6),
        condition=Vector(2),
    ),
    "DDPM: classes": lambda: tfgen.DDPM.default(
        IMAGE,
        num_steps=6,
        base_channels=8,
        multipliers=(1,),
        attention_at=(),
        condition=Classes(3),
    ),
    "CLIP: captions, conditional": lambda: tfgen.CLIP.default(
        IMAGE,
        Captions.from_corpus(TEXTS),
        embedding_dim=4,
        architecture=DenseNetworks((6,)),
        width=4,
        num_layers=1,
        num_heads=2,
    ),
    "UnCLIP: captions, conditional": lambda: tiny_unclip(
        IMAGE, (4, 4, 1), MODELS["CLIP: captions, conditional"]()
    ),
    "CLIP: vectors, conditional": lambda: tfgen.CLIP.default(
        VECTOR, Classes(3), embedding_dim=4, architecture=DenseNetworks((6,)), width=4
    ),
    "DDPM: vectors": lambda: tfgen.DDPM.default(VECTOR, num_steps=6, base_channels=8),
    "DDPM: learned variance": lambda: tfgen.DDPM.default(
        VECTOR,
        base_channels=8,
        schedule=KarrasSchedule(6),
        prediction=Preconditioned(),
        weighting=EDMWeighting(),
        variance=LearnedVariance(),
        sampler=Heun(3),
    ),
}
ROWS = {name: row if isinstance(row, Row) else Row(row) for name, row in MODELS.items()}
CONDITIONAL = [name for name, row in ROWS.items() if "conditional" in name]
every_model = pytest.mark.parametrize("name", ROWS)
# One of each class, and with a condition one of each wing.
ONE_OF_EACH = [name for name in ROWS if ":" not in name] + CONDITIONAL
one_of_each = pytest.mark.parametrize("name", ONE_OF_EACH)
conditional = pytest.mark.parametrize("name", CONDITIONAL)


def make(name):
    keras.utils.set_random_seed(5)
    return ROWS[name].make()


def batch_of(name, model, count=12):
    return ROWS[name].batch(model, count)


def train(name, model):
    model.fit(*batch_of(name, model), batch_size=4, epochs=2, verbose=0)


class State(NamedTuple):
    """What a model is at one moment."""

    outputs: np.ndarray
    weights: list
    optimizer_variables: list


def state_of(name, model):
    optimizers = [np.array(v) for v in optimizer_variables(model)]
    return State(np.array(model(call_of(batch_of(name, model)))), model.get_weights(), optimizers)


class Trained(NamedTuple):
    """A model after four epochs, and what it was after two, in `folder` too."""

    model: keras.Model
    after_two: State
    folder: tempfile.TemporaryDirectory


# What several tests read is traced and compiled once; they leave it as it was. `conftest.py` sorts
# the tests by model, so that few are kept at a time.
@functools.lru_cache(maxsize=2)
def trained(name):
    model = make(name)
    model.compile(steps_per_execution=2)
    train(name, model)
    folder = tempfile.TemporaryDirectory()
    model.save(f"{folder.name}/model.keras")
    model.save_weights(f"{folder.name}/model.weights.h5")
    after_two = state_of(name, model)
    train(name, model)
    return Trained(model, after_two, folder)


class Reloaded(NamedTuple):
    """The twin that was loaded after two epochs and went on for two, validated at each."""

    model: keras.Model
    at_first: State


@functools.lru_cache(maxsize=2)
def reloaded(name):
    twin = keras.saving.load_model(f"{trained(name).folder.name}/model.keras")
    at_first = state_of(name, twin)
    batch = batch_of(name, twin)
    validation = batch if len(batch) > 1 else batch[0]
    twin.fit(*batch, batch_size=4, epochs=2, validation_data=validation, verbose=0)
    return Reloaded(twin, at_first)


@functools.lru_cache(maxsize=2)
def trained_with(policy, name):
    keras.config.set_dtype_policy(policy)
    try:
        model = make(name)
        model.compile(steps_per_execution=2)
        train(name, model)
    finally:
        keras.config.set_dtype_policy("float32")
    return model


def shared(name):
    """A model to read, a trained one where it is there."""
    return trained(name).model if name in ONE_OF_EACH else make(name)


@contextlib.contextmanager
def taken_back(*models):
    """What happens inside to the models' weights and generators is taken back."""
    kept = [(variable, np.array(variable)) for model in models for variable in model.variables]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def inputs_of(name, model, count=7):
    """What the signatures of a model may take, by the names of their inputs."""
    x, *y = batch_of(name, model, count)
    # Where dimensions have several orders, nothing but the draw of all suits every one of them.
    several = len(np.unique(getattr(model, "orders", [0]), axis=0)) > 1
    first_half = np.arange(x[0].size) < (0 if several else x[0].size // 2)
    codes = (count, getattr(model, "latent_dim", 3))
    inputs = {
        "x": x,
        "z": np.random.default_rng(0).normal(size=codes).astype("float32"),
        "codes": INFO_CODE.prior().sample(count, seed=(0, 1)).numpy(),
        "mask": np.broadcast_to(first_half.reshape(x.shape[1:]), x.shape).astype("float32"),
        "num_samples": np.int32(count),
        "num_steps": np.int32(2),
        "noise": np.random.default_rng(2).normal(size=x.shape).astype("float32"),
        "strength": np.float32(0.5),
        "guidance": np.float32(2),
        "t": np.int32(2),
        "patches": np.stack([x, x[::-1]], axis=1),
        "seed": np.int32([0, 9]),
    }
    return inputs if model.condition is None else {**inputs, "condition": y[0]}


def call_of(batch):
    """What a model is called on: x, or x and its conditions."""
    return batch[0] if len(batch) == 1 or isinstance(batch, Sets) else batch


def sampled(name, model, count, **arguments):
    _, *y = batch_of(name, model, count)
    return model.sample(count, **({"condition": y[0]} if y else {}), **arguments)


# Methods of models with a condition that read none.
UNCONDITIONAL = {
    "AAE": ("encode", "decode", "reconstruct"),
    "CLIP": ("encode_image",),
    "UnCLIP": ("encode_image", "variation"),
}
# Methods that take any number of conditions, whatever the number of examples.
OF_ANY_NUMBER = dict.fromkeys(("CLIP", "UnCLIP"), ("encode_text", "similarity"))


def takes_condition(name, model, method):
    """Whether a public method takes the condition of its model."""
    unread = UNCONDITIONAL.get(name.split(":")[0], ())
    return model.condition is not None and method not in unread


def doors(model):
    """The public methods that a signature serves, with the names of their inputs."""
    for name, (_, specs) in model.signatures().items():
        method = getattr(model, name, None)
        names = [spec.name for spec in specs]
        if method and set(names) <= set(inspect.signature(method).parameters):
            yield method, names


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def optimizer_variables(model):
    return [v for phase in model.phases() for v in model.phase_optimizers[phase.name].variables]


def test_every_exported_model_is_here():
    assert {name.split(":")[0] for name in ROWS} == set(registry.models())


def test_every_wing_that_takes_conditions_has_a_conditional_model_here():
    wing = lambda model: model.__module__.split(".")[1]
    wings = {wing(model) for model in registry.models().values() if model.takes_condition}
    assert {wing(registry.find_model(name.split(":")[0])) for name in CONDITIONAL} == wings


@every_model
def test_a_default_model_is_built_and_names_its_source(name):
    model = make(name)
    assert model.built and model.count_params() > 0
    assert model.density in ("exact", "bound", "implicit", "none") and model.paper
    assert hasattr(model, "log_prob") == (model.density == "exact")
    assert hasattr(model, "elbo") == (model.density == "bound")
    assert isinstance(model, SamplingModel) or not hasattr(model, "sample")
    assert np.isfinite(model(call_of(batch_of(name, model)))).all()


@every_model
def test_config_goes_through_json_and_builds_an_equal_model(name):
    model = make(name)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    twin = keras.saving.deserialize_keras_object(config)
    assert "condition" in init_parameters(type(model))
    for argument in init_parameters(type(model)):
        one, other = getattr(model, argument), getattr(twin, argument)
        # Networks have no equality of their own: they are compared by what they compute, below.
        assert type(one) is type(other)
        if isinstance(one, keras.layers.Layer) and not isinstance(one, keras.Model):
            one, other = one.get_config(), other.get_config()
        assert isinstance(one, keras.Model) or one == other
    assert twin.name == model.name
    twin.set_weights(model.get_weights())
    inputs = call_of(batch_of(name, model))
    np.testing.assert_array_equal(twin(inputs), model(inputs))


@one_of_each
def test_a_reloaded_model_has_equal_outputs_and_trains_on_alike(name):
    (model, after_two, _), (twin, at_first) = trained(name), reloaded(name)
    np.testing.assert_array_equal(at_first.outputs, after_two.outputs)
    assert_same(at_first.optimizer_variables, after_two.optimizer_variables)
    assert_same(twin.get_weights(), model.get_weights())
    assert int(twin.steps_seen) == int(model.steps_seen) == 12
    if isinstance(model, SamplingModel):
        with taken_back(model, twin):
            np.testing.assert_array_equal(sampled(name, twin, 3), sampled(name, model, 3))


@one_of_each
def test_validation_changes_no_weight(name):
    one, other = trained(name).model, reloaded(name).model
    assert_same(other.get_weights(), one.get_weights())
    assert_same(other._random_states(), one._random_states())


@one_of_each
def test_weights_files_carry_the_state_too(name):
    _, after_two, folder = trained(name)
    twin = make(name)
    twin.compile(steps_per_execution=2)
    twin.load_weights(f"{folder.name}/model.weights.h5")
    assert twin.epochs_seen == 2
    assert_same(twin.get_weights(), after_two.weights)


@one_of_each
def test_each_phase_moves_its_own_weights_and_only_those(name):
    model = make(name)
    for moving in model.phases():
        model.compile(
            {
                phase.name: keras.optimizers.SGD(0.1 if phase.name == moving.name else 0.0)
                for phase in model.phases()
            },
            run_eagerly=True,
        )
        own = {id(v) for network in moving.networks for v in network.trainable_variables}
        before = [np.array(v) for v in model.trainable_variables]
        model.train_on_batch(*batch_of(name, model))
        moved = [
            not np.array_equal(old, new)
            for old, new in zip(before, model.trainable_variables, strict=True)
        ]
        # A table learns by counting: none of its weights has a gradient.
        assert any(moved) == bool(own)
        for variable, has_moved in zip(model.trainable_variables, moved, strict=True):
            assert not has_moved or id(variable) in own, variable.path


@one_of_each
def test_evaluation_moves_nothing_and_reports_every_term_twice_alike(name):
    model = reloaded(name).model
    before = [np.array(v) for v in model.variables]
    evaluate = lambda: model.evaluate(
        *batch_of(name, model), batch_size=5, verbose=0, return_dict=True
    )
    terms = evaluate()
    assert_same([np.array(v) for v in model.variables], before)
    loss = ["loss"] if len(model.phases()) == 1 else []
    assert sorted(terms) == sorted([*model.term_names, *loss])
    assert np.isfinite(list(terms.values())).all()
    assert evaluate() == terms


@conditional
def test_a_data_set_of_pairs_trains_as_arrays_do(name):
    one, other = make(name), make(name)
    batch = batch_of(name, one)
    for model in (one, other):
        model.compile()
    one.fit(*batch, batch_size=4, shuffle=False, verbose=0)
    pairs = tf.data.Dataset.from_tensor_slices(batch).batch(4)
    other.fit(pairs, validation_data=pairs, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@every_model
def test_the_same_seed_gives_the_same_samples_in_eager_mode_and_in_a_graph(name):
    model = shared(name)
    if not isinstance(model, SamplingModel):
        assert not hasattr(model, "sample")
        return
    draw = lambda count=5, **arguments: sampled(name, model, count, **arguments)
    samples = draw(seed=3).numpy()
    assert samples.shape == (5, *model.event_shape)
    model.check(samples)
    np.testing.assert_array_equal(draw(seed=3), samples)
    np.testing.assert_array_equal(draw(seed=tf.constant([0, 3])), samples)
    in_a_graph = tf.function(lambda: draw(seed=3))()
    np.testing.assert_allclose(in_a_graph, samples, atol=1e-5)
    assert not np.array_equal(draw(seed=4), samples)
    with taken_back(model):
        assert not np.array_equal(draw(), draw())
        if model.density == "exact":
            # Weights that are lost show: no picture is made up.
            model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
            assert np.isnan(draw().numpy()).reshape(5, -1).any(axis=1).all()


@one_of_each
def test_samples_come_in_blocks_inside_a_tape_and_inside_xla(name):
    model = trained(name).model
    if not isinstance(model, SamplingModel):
        assert not hasattr(model, "sample")
        return
    draw = lambda count=5, **arguments: sampled(name, model, count, seed=3, **arguments)
    # Of the size that samplers are compiled for.
    blocks = draw(batch_size=4)
    assert blocks.shape == (5, *model.event_shape)
    model.check(blocks)
    np.testing.assert_array_equal(draw(batch_size=4), blocks)
    assert len(np.unique(np.reshape(blocks, (5, -1)), axis=0)) > 2
    np.testing.assert_array_equal(draw(4, batch_size=4), draw(4))
    with tf.GradientTape():
        np.testing.assert_array_equal(draw(), draw())
    # Another stream under XLA, but samples of the same model. XLA has no strings, but their tokens.
    _, *y = batch_of(name, model, 5)
    given = {"condition": model.condition.tokens(y[0])} if y else {}
    compiled = tf.function(lambda: model.sample(5, seed=3, **given), jit_compile=True)
    model.check(compiled())


@conditional
def test_one_condition_stands_for_all_and_changes_what_is_drawn(name):
    model = trained(name).model
    x, y = batch_of(name, model, 2)
    with taken_back(model):
        # Random weights everywhere: some networks start at zero where the condition enters.
        rng = np.random.default_rng(0)
        model.set_weights(
            [
                w + 0.3 * rng.normal(size=w.shape) if w.dtype == "float32" else w
                for w in model.get_weights()
            ]
        )
        if not isinstance(model, SamplingModel):
            one = model((x, y[0]))
            np.testing.assert_array_equal(model((x, np.repeat(y[:1], 2, 0))), one)
            assert not np.array_equal(model((x, y[1])), one)
            return
        one = model.sample(4, seed=3, condition=y[0])
        same = model.sample(4, seed=3, condition=np.repeat(y[:1], 4, 0))
        np.testing.assert_array_equal(same, one)
        # Few pixels of few levels may be alike by chance.
        draw = lambda seed, condition: model.sample(4, seed=seed, condition=condition)
        assert any(not np.array_equal(draw(k, y[0]), draw(k, y[1])) for k in range(3, 6))


@one_of_each
def test_a_preview_is_a_grid_of_examples(name):
    model = trained(name).model
    batch = batch_of(name, model, 7)
    grid = model.preview(batch, seed=1)
    rows, columns, *event_shape = grid.shape
    assert tuple(event_shape) == tuple(model.event_shape)
    np.testing.assert_array_equal(model.preview(batch, seed=1), grid)
    if not isinstance(model, SamplingModel):
        return
    assert rows * columns <= 7
    if isinstance(model.condition, Classes):
        assert rows == model.condition.num_classes


SERVE = """
import sys
import traceback
import numpy as np
import tensorflow as tf

def serve(folder):
    data = np.load(folder + "/inputs.npz", allow_pickle=True)
    served = tf.saved_model.load(folder + "/served").signatures
    results = {}
    for name, function in served.items():
        if name == "serving_default":
            continue
        names = function.structured_input_signature[1]
        outputs = function(**{key: tf.constant(data[key]) for key in names})
        results.update({name + "/" + key: value.numpy() for key, value in outputs.items()})
    # TensorFlow itself imports keras.
    assert "tfgen" not in sys.modules and "tensorflow_probability" not in sys.modules
    np.savez(folder + "/outputs.npz", **results)

for line in sys.stdin:
    try:
        serve(line.rstrip())
        answer = None
    except BaseException:
        answer = traceback.format_exc()
    print(repr(answer), flush=True)
"""


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Runs the SavedModel of a folder in one process that never sees tfgen."""
    folder = tmp_path_factory.mktemp("server")
    # -I: neither the working directory nor PYTHONPATH is searched.
    with (
        open(folder / "errors.txt", "w") as errors,
        subprocess.Popen(
            [sys.executable, "-I", "-c", SERVE],
            cwd=folder,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):

        def run(path):
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
            answer = process.stdout.readline() or (folder / "errors.txt").read_text()
            if answer != "None\n":
                raise AssertionError(answer)

        yield run
        process.stdin.close()


@one_of_each
def test_the_saved_model_gives_the_same_numbers_without_tfgen(name, tmp_path, serve):
    model = trained(name).model
    inputs = inputs_of(name, model)
    if isinstance(model.condition, Classes):
        inputs["condition"] = inputs["condition"].astype("int32")
    np.savez(tmp_path / "inputs.npz", **inputs)
    model.export(tmp_path / "served")
    serve(tmp_path)
    outputs = np.load(tmp_path / "outputs.npz")
    expected = {}
    for key, (function, specs) in model.signatures().items():
        arguments = {spec.name: tf.constant(inputs[spec.name]) for spec in specs}
        assert ("condition" in arguments) == takes_condition(name, model, key)
        expected.update({f"{key}/{k}": v for k, v in function(**arguments).items()})
    assert set(outputs) == set(expected) != set()
    for key, value in expected.items():
        np.testing.assert_allclose(outputs[key], value, rtol=1e-4, atol=1e-5, err_msg=key)
    if isinstance(model, SamplingModel):
        names = [spec.name for spec in model.signatures()["sample"][1]]
        given = {key: inputs[key].item() for key in ("guidance", "num_steps") if key in names}
        samples = sampled(name, model, len(inputs["x"]), seed=9, **given)
        np.testing.assert_allclose(outputs["sample/samples"], samples, atol=1e-5)


def bad_inputs(model, x):
    yield x[0], "shape"
    yield x[..., None], "shape"
    yield x[:0], "at least one"
    yield (x * 4).astype("uint8"), "floating point"
    yield np.where(x > 2, x, np.nan), "finite"
    yield np.where(x > 2, x, np.inf), "finite"
    if len(model.event_shape) == 3 or model.levels:
        yield x - 1.5, r"\[0, 1\]"
    if model.levels:
        yield np.clip(x, 0.4, 0.4), "levels"


@every_model
def test_bad_inputs_are_met_at_every_door(name):
    model = make(name)
    model.compile()
    x, *y = batch_of(name, model, 3)
    inputs = inputs_of(name, model, 3)
    entrances = [
        lambda x: model.fit(x, *y),
        lambda x: model.evaluate(x, *y),
        lambda x: model.fit(
            *batch_of(name, model, 3),
            batch_size=1,
            validation_data=(x, *y) if y else x,
            verbose=0,
        ),
    ]
    for method, names in doors(model):
        if "x" in names:
            # What is not kept is not looked at.
            rest = {**inputs, "mask": np.ones(x.shape[1:])}
            rest = {key: rest[key] for key in names if key != "x"}
            entrances.append(lambda x, method=method, rest=rest: method(x, **rest))
    for bad, message in bad_inputs(model, x):
        for enter in entrances:
            with pytest.raises(ValueError, match=f"(?s){message}.*Received: "):
                enter(bad)


def bad_conditions(condition, y):
    yield None, "condition"
    yield y[:2], "3 examples|one length"
    if isinstance(condition, Classes):
        yield y + condition.num_classes, "classes from 0"
        yield y.astype("float32"), "classes from 0"
    elif isinstance(condition, Captions):
        yield np.ones(3), "texts"
    else:
        yield y[:, :1], "float vectors|for each of"
        yield y + np.nan, "finite|1 or 0"


@conditional
def test_bad_conditions_are_met_at_every_door(name):
    model = make(name)
    model.compile()
    x, y = batch_of(name, model, 3)
    inputs = inputs_of(name, model, 3)
    entrances = [
        lambda y: model.fit(x, y),
        lambda y: model.evaluate(x, y),
        lambda y: model.fit(
            x, inputs["condition"], batch_size=1, validation_data=(x, y), verbose=0
        ),
    ]
    of_any_number = []
    for method, names in doors(model):
        rest = {key: inputs[key] for key in names if key != "condition"}
        assert ("condition" in names) == takes_condition(name, model, method.__name__)
        enter = lambda y, method=method, rest=rest: method(**rest, condition=y)
        if method.__name__ in OF_ANY_NUMBER.get(name.split(":")[0], ()):
            of_any_number.append(enter)
        elif "condition" in names:
            entrances.append(enter)
        elif "condition" in inspect.signature(method).parameters:
            with pytest.raises(ValueError, match="no condition.*Received: "):
                enter(y)
    for bad, message in bad_conditions(model.condition, y):
        for enter in entrances + of_any_number * ("one length" not in message):
            with pytest.raises(ValueError, match=f"(?s)({message}).*Received: "):
                enter(bad)


@every_model
def test_conditions_are_refused_where_there_are_none(name):
    model = make(name)
    if model.condition is not None:
        return
    model.compile()
    inputs = inputs_of(name, model, 3)
    refusal = "b to be floating" if isinstance(model, UnpairedModel) else "no y"
    with pytest.raises(ValueError, match=f"{refusal}.*Received: "):
        model.fit(inputs["x"], np.zeros(3, "int32"))
    for method, names in doors(model):
        with pytest.raises(ValueError, match="no condition.*Received: "):
            method(**{key: inputs[key] for key in names}, condition=1)
    if not model.takes_condition:
        arguments = {key: getattr(model, key) for key in init_parameters(type(model))}
        with pytest.raises(ValueError, match="no condition.*Received: "):
            type(model)(**{**arguments, "condition": Classes(3)})
        with pytest.raises(ValueError, match="no condition.*Received: "):
            type(model).default(model.event_shape, condition=Classes(3), **DEFAULTS.get(name, {}))


# What `default` must be given beside the shape.
DEFAULTS = {"LocallyMaskedPixelCNN": {"pixel_orders": s_curve_orders(3, 2)[:1]}}


@one_of_each
def test_weights_and_bad_counts_are_refused(name):
    model = make(name)
    model.compile()
    batch = batch_of(name, model)
    for arguments in ({"sample_weight": np.ones(12)}, {"class_weight": {0: 1}}):
        with pytest.raises(ValueError, match="Received: "):
            model.fit(*batch, **arguments)
    for count in (0, -1):
        with pytest.raises(ValueError, match="batch_size.*Received: "):
            model.fit(*batch, batch_size=count)
        if isinstance(model, SamplingModel):
            with pytest.raises(ValueError, match="num_samples.*Received: "):
                sampled_count(model, count)
    if isinstance(model, SamplingModel):
        with pytest.raises(ValueError, match="seed.*Received: "):
            sampled(name, model, 2, seed=-1)


def sampled_count(model, count):
    y = None if model.condition is None else conditions(model.condition, 1)[0]
    return model.sample(count, condition=y)


def finite_outputs(name, model):
    """Everything that a model can say of a batch, by signature."""
    inputs = inputs_of(name, model, 4)
    outputs = {}
    for key, (function, specs) in model.signatures().items():
        outputs |= {
            f"{key}/{k}": v for k, v in function(**{s.name: inputs[s.name] for s in specs}).items()
        }
    return outputs


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@one_of_each
def test_mixed_precision_trains_without_nan(name, policy):
    model = trained_with(policy, name)
    batch = batch_of(name, model)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    terms = model.evaluate(*batch, verbose=0, return_dict=True)
    assert np.isfinite(list(terms.values())).all()
    for phase in model.phases():
        with tf.GradientTape() as tape:
            loss = next(iter(phase.loss(model.unpack(batch), tf.constant([0, 1]), True).values()))
        variables = [v for network in phase.networks for v in network.trainable_variables]
        gradients = [g for g in tape.gradient(loss, variables) if g is not None]
        assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients)
        assert any(np.any(tf.convert_to_tensor(g)) for g in gradients) or not variables
    for key, value in finite_outputs(name, model).items():
        assert value.dtype == tf.float32 and np.isfinite(value).all(), key
    if isinstance(model, SamplingModel):
        model.check(sampled(name, model, 4, seed=0))


@one_of_each
def test_a_model_of_mixed_precision_reloads_the_same_under_another_policy(name, tmp_path):
    model = trained_with("mixed_bfloat16", name)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    assert twin.dtype_policy == model.dtype_policy
    # What computes nothing with floats has the policy of the day: inputs, functional models, words.
    texts = (keras.layers.StringLookup, keras.layers.TextVectorization)
    idle = (keras.layers.InputLayer, keras.Model, *texts)
    policies = lambda each: [
        layer.dtype_policy.name for layer in each._flatten_layers() if not isinstance(layer, idle)
    ]
    assert policies(twin) == policies(model)
    expected = finite_outputs(name, model)
    for key, value in finite_outputs(name, twin).items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-5, atol=1e-5, err_msg=key)


def test_float64_is_refused():
    keras.config.set_dtype_policy("float64")
    try:
        with pytest.raises(ValueError, match="float32.*Received: float64"):
            tfgen.NADE.default(VECTOR, num_hidden=2)
    finally:
        keras.config.set_dtype_policy("float32")


@one_of_each
def test_summary_and_predict_work_as_in_keras(name, capsys):
    model = trained(name).model
    model.summary()
    assert "params" in capsys.readouterr().out
    batch = batch_of(name, model)
    condition = {} if model.condition is None else {"condition": batch[1]}
    found = model.predict(batch[0], batch_size=5, verbose=0, **condition)
    np.testing.assert_allclose(found, model(call_of(batch)), atol=1e-5)
