import inspect

import keras
import pytest

import tfgen
from tfgen import registry
from tfgen.core import Configured
from tfgen.data import DataInfo
from tfgen.distributions import Posterior, Prior
from tfgen.latent import ELBO

DIGITS = DataInfo((8, 8, 1), levels=17, num_classes=10, num_examples=100)
UNKNOWN = DataInfo((8, 8, 1), levels=None, num_classes=None, num_examples=100)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("(400, 200)", (400, 200)),
        ("None", None),
        ("'a'", "a"),
        ("data", 17),
        ("Bernoulli", tfgen.distributions.Bernoulli()),
        ("Categorical", tfgen.distributions.Categorical(17)),
        ("Categorical(4)", tfgen.distributions.Categorical(4)),
        ("LogisticMixture(5)", tfgen.distributions.LogisticMixture(5, 17)),
        ("Normal(scale=0.1)", tfgen.distributions.Normal(scale=0.1)),
        ("Minimax()", tfgen.adversarial.Minimax()),
        ("CosineSchedule(5)", tfgen.diffusion.CosineSchedule(5)),
        ("Classes", tfgen.conditions.Classes(10)),
        ("Classes(3)", tfgen.conditions.Classes(3)),
        ("L1(0.5)", keras.regularizers.L1(0.5)),
        ("Attributes(('a', 'b'))", tfgen.conditions.Attributes(("a", "b"))),
    ],
)
def test_values_of_set_are_literals_or_values_by_name(text, value):
    read = registry.read_value(text, DIGITS)
    assert type(read) is type(value)
    # Keras's regularizers have no equality.
    assert read == value or vars(read) == vars(value)


@pytest.mark.parametrize(
    "text",
    [
        "open",
        "__import__('os')",
        "tfgen.distributions.Bernoulli",
        "Bernoulli(",
        "VAE",
        "Head",
        "GatedPixelLayer",
        "Categorical(0)",
        "Categorical(open)",
    ],
)
def test_other_values_of_set_are_refused(text):
    with pytest.raises(ValueError, match="Received:"):
        registry.read_value(text, DIGITS)


@pytest.mark.parametrize("text", ["Classes", "Categorical"])
def test_what_the_data_do_not_know_must_be_said(text):
    with pytest.raises(ValueError, match=f"Received: {text} "):
        registry.read_value(text, UNKNOWN)


def test_every_public_value_of_every_folder_has_its_name():
    """Also those of a wing that nothing here knows of."""
    folders = [getattr(tfgen, name) for name in tfgen.__all__]
    public = {
        kind
        for folder in folders
        if inspect.ismodule(folder)
        for kind in (getattr(folder, name) for name in folder.__all__)
        if isinstance(kind, type)
        and issubclass(kind, Configured)
        and (not issubclass(kind, keras.layers.Layer) or issubclass(kind, (Prior, Posterior)))
    }
    named = registry.values()
    assert set(named.values()) == {kind for kind in public if not inspect.isabstract(kind)}
    assert {kind for kind in public if inspect.isabstract(kind)} >= {tfgen.distributions.Head}
    for name, kind in named.items():
        # A second class of one name would have taken its place.
        assert keras.saving.get_registered_object(f"tfgen>{name}") is kind


class Mine(Configured):
    """A value of somebody else's."""


def test_values_of_other_packages_have_no_name():
    with pytest.raises(ValueError, match="Received: Mine"):
        registry.read_value("Mine", DIGITS)


def test_arguments_are_those_of_default_and_those_that_it_passes_on():
    with pytest.raises(ValueError, match="latent_dim.*Received: depth"):
        registry.build(tfgen.VAE, {"depth": "3"}, DIGITS)
    with pytest.raises(ValueError, match="Received: encoder"):
        registry.build(tfgen.VAE, {"encoder": "3"}, DIGITS)
    settings = {"objective": "ELBO(2.0)", "architecture": "DenseNetworks((3,))"}
    model = registry.build(tfgen.VAE, settings, DIGITS)
    assert model.objective == ELBO(2.0)
    assert model.encoder.get_layer("hidden_0").units == 3


@pytest.mark.parametrize(
    ("model", "key", "text", "kind"),
    [
        ("VAE", "likelihood", "5", r"a Head \(Bernoulli, "),
        ("VAE", "likelihood", "StandardNormal(3)", "a Head"),
        ("VAE", "prior", "Bernoulli", "a Prior .* or None"),
        ("GAN", "hidden", "0", "a tuple, each of an integer"),
        ("GAN", "hidden", "(8, 1.5)", "a tuple, each of an integer"),
        ("VAE", "latent_dim", "True", "an integer or None"),
        ("VAE", "objective", "0.5", "a Objective"),
        ("GAN", "dropout", "'x'", "a number"),
        ("PixelCNN", "num_layers", "1e9", "an integer"),
        ("GAN", "loss_pair", "LinearSchedule(9)", "a LossPair"),
        ("DDPM", "schedule", "5", "a Schedule"),
        ("DDPM", "sampler", "Epsilon", "a Sampler"),
        ("DDPM", "levels", "17.0", "an integer or None"),
        ("RNADE", "head", "Bernoulli", "a ContinuousMixture"),
        ("FVSBN", "kernel_regularizer", "Normal", "a regularizer"),
    ],
)
def test_values_of_another_kind_are_refused(model, key, text, kind):
    with pytest.raises(ValueError, match=rf"expected {key} of {model} to be {kind}.*Received: "):
        registry.build(registry.find_model(model), {key: text}, DIGITS)


def test_what_a_model_makes_of_bad_values_is_refused_and_a_bug_is_not(monkeypatch):
    def default(event_shape, hidden: tuple[int, ...] = (1,)):
        raise AttributeError("no such thing")

    monkeypatch.setattr(tfgen.VAE, "default", default)
    with pytest.raises(ValueError, match="AttributeError: no such.*Received: {'hidden': "):
        registry.build(tfgen.VAE, {"hidden": "(2,)"}, DIGITS)
    with pytest.raises(AttributeError):
        registry.build(tfgen.VAE, {}, DIGITS)


def test_a_condition_goes_to_every_model_which_may_refuse_it():
    model = registry.build(
        tfgen.PixelCNN,
        {"condition": "Classes", "num_features": "4", "num_layers": "1"},
        DIGITS,
    )
    assert model.condition == tfgen.conditions.Classes(10)
    assert "condition" in registry.settable(tfgen.PixelCNN)
    assert "condition" not in registry.settable(tfgen.NADE)
    with pytest.raises(ValueError, match="NADE.*Received: condition=Classes"):
        registry.build(tfgen.NADE, {"condition": "Classes"}, DIGITS)


@pytest.mark.parametrize(
    ("model", "key", "text"),
    [
        ("VAE", "likelihood", "Categorical"),
        ("VAE", "prior", "GaussianMixture(((-1.0, 0.0), (1.0, 0.0)))"),
        ("GAN", "prior", "StandardNormal(3)"),
        ("DCGAN", "loss_pair", "Minimax"),
        ("LSGAN", "loss_pair", "LeastSquares(1, -1, 0)"),
        ("LSGAN", "average_decay", "0.99"),
        ("GAN", "penalty", "R1(weight=1.0)"),
        ("GAN", "augmentation", 'DiffAugment(("color", "cutout"))'),
        ("WGANGP", "penalty", "GradientPenalty(10, 0)"),
        ("DDPM", "schedule", "CosineSchedule(9)"),
        ("DDPM", "prediction", "Velocity"),
        ("DDPM", "sampler", "DDIM(3)"),
        ("DDPM", "variance", "LearnedVariance(0.01)"),
        ("DDPM", "weighting", "MinSNR(5)"),
        ("DDPM", "support", "Interval(-1, 2)"),
        ("DDPM", "drop_rate", "0.2"),
        ("DDPM", "levels", "data"),
        ("DDPM", "condition", "Classes"),
        ("RNADE", "head", "LaplaceMixture(3)"),
    ],
)
def test_each_kind_of_value_reaches_some_model(model, key, text):
    small = {
        "DDPM": {"base_channels": "4"},
        "DCGAN": {"base_filters": "4"},
        "LSGAN": {"base_filters": "4"},
        "WGANGP": {"base_filters": "4"},
    }.get(model, {})
    # RNADE has vectors only.
    info = DIGITS._replace(event_shape=(4,)) if model == "RNADE" else DIGITS
    built = registry.build(registry.find_model(model), {key: text, **small}, info)
    assert getattr(built, key) == registry.read_value(text, DIGITS)
    if key == "prior":
        assert built.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_a_model_that_needs_a_condition_has_that_of_the_data():
    sizes = {"hidden": "(4, 4, 4)", "latent_dim": "2"}
    build = lambda info, **more: registry.build(tfgen.ConditionalGAN, {**sizes, **more}, info)
    assert build(DIGITS).condition == tfgen.conditions.Classes(10)
    words = DIGITS._replace(num_classes=None, vocabulary=("red", "seven"), length=3)
    assert build(words).condition == tfgen.conditions.Captions(("red", "seven"), 3)
    assert build(DIGITS, condition="Vector(2)").condition == tfgen.conditions.Vector(2)
    with pytest.raises(ValueError, match="condition to be a value.*Received: None"):
        build(UNKNOWN)
