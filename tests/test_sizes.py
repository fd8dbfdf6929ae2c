"""Sizes that nothing can have are refused in words, before anything is built of them."""

import inspect
import math
import types
import typing
from collections.abc import Sequence

import keras
import pytest

import tfgen
from tfgen import registry
from tfgen.conditions import CaptionedVector, Captions, Classes

NUMBERS = [0, -1, True, 2.5, "3", 10**9, None, math.nan]
RATES = [-1.0, math.nan, math.inf, True, "3", None]
SEQUENCES = [(), (0,), (-1,), (True,), (2.5,), ("3",), (10**9,), 3, None]
# Where these have a meaning all the same.
ALLOWED = {
    ("Interval", "low"): [-1.0],
    # Independent variables; and each on all those before it, as from D - 1 on.
    ("MarkovChain", "order"): [0, 10**9],
    # The middle alone, and the resolutions from the first or the last on.
    ("DDPM", "attention_at"): [(), (0,), (-1,)],
    ("unet", "attention_at"): [(), (0,), (-1,)],
    # Targets of any sign.
    ("LeastSquares", "fake"): [-1.0],
    ("LeastSquares", "target"): [-1.0],
    # Of a density, whose logarithms have any sign.
    ("Typicality", "entropy"): [-1.0],
    # Long, but sizes of nothing.
    **{
        (name, argument): [10**9]
        for name, argument in (
            ("AnnealedImportanceSampling", "num_chains"),
            ("AnnealedImportanceSampling", "num_leapfrog_steps"),
            ("AnnealedImportanceSampling", "num_steps"),
            ("Bound", "num_terms"),
            ("GeometricDecay", "num_steps"),
            ("Growth", "stage_images"),
            ("HMC", "num_burn_in"),
            ("HMC", "num_leapfrog_steps"),
            ("HMC", "num_steps"),
            ("ImportanceWeighted", "num_samples"),
            ("LinearWarmUp", "num_steps"),
            ("PseudoGibbs", "num_steps"),
        )
    },
    # A generator without any.
    ("CycleGAN", "num_halvings"): [0],
    ("StarGAN", "num_halvings"): [0],
    # No fade; and a long one.
    ("Growth", "fade_images"): [0, 10**9],
    # Affine maps.
    ("AAE", "discriminator_hidden"): [()],
    ("ConvolutionalNetworks", "hidden"): [()],
    ("DenseNetworks", "hidden"): [()],
    ("GatedDenseNetworks", "hidden"): [()],
    ("ImplicitPosterior", "hidden"): [()],
    ("ResidualNetworks", "hidden"): [()],
    ("GAN", "hidden"): [()],
    ("VAE", "hidden"): [()],
    ("WGANGP", "hidden"): [()],
    ("mlp", "hidden"): [()],
}
# What has to be given beside the argument in question.
GIVEN = {
    "augmentation": tfgen.adversarial.AffineJitter(),
    "background": tfgen.Independent.default((4,)),
    "captions": Captions(("a",), 2),
    "condition": CaptionedVector(Captions(("a",), 2), 3),
    "dim": 4,
    "dims": (2, 3),
    "end": 0.1,
    "entropy": 1.0,
    "event_shape": (8, 8, 1),
    "features": 4,
    "filters": 4,
    "groups": 1,
    "hidden": (3,),
    "image_shape": (8, 8, 1),
    "input_shape": (2,),
    "kernel_size": 3,
    "latent_dim": 2,
    "length": 2,
    "levels": 4,
    "mask": "B",
    "num_blocks": 1,
    "num_classes": 3,
    "num_components": 2,
    "num_resolutions": 1,
    "num_steps": 4,
    "num_tokens": 3,
    "num_values": 3,
    "output_shape": (),
    "pieces": 2,
    "shares": (1.0,),
    "start": 1.0,
    "top": tfgen.distributions.StandardNormal(2),
    "units": 4,
    "vocabulary": ("a",),
    "width": 1,
}
OF_VECTORS = {"RNADE", "denoising_mlp"}
OF_TEXTS = {"CLIP", "TextToImageGAN", "UnCLIP"}
OF_CLASSES = {"StarGAN"}


def callables():
    """`(name, what is called, the function that has the signature)`."""
    for name, model in registry.models().items():
        yield name, model.default, model.default
    for name, value in registry.values().items():
        yield name, value, value.__init__
    for name in tfgen.layers.__all__:
        layer = getattr(tfgen.layers, name)
        if not issubclass(layer, keras.layers.BatchNormalization):
            yield name, layer, layer.__init__
    for name in (
        "dcgan_generator",
        "dcgan_discriminator",
        "denoising_mlp",
        "mlp",
        "prior_transformer",
        "unet",
    ):
        build = getattr(tfgen.networks, name)
        yield name, build, build


def bad_values(kind):
    """The values that no argument annotated so can have; none where it is no size and no rate."""
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    bad = []
    if any(typing.get_origin(each) in (Sequence, tuple) and "int" in str(each) for each in kinds):
        bad = SEQUENCES
    if int in kinds:
        bad = [*NUMBERS, *(each for each in bad if isinstance(each, tuple))]
    elif float in kinds and {*kinds} <= {float, types.NoneType}:
        bad = RATES
    return [each for each in bad if each is not None or types.NoneType not in kinds]


def cases():
    for name, call, signed in callables():
        kinds = typing.get_type_hints(signed)
        for argument in inspect.signature(call).parameters:
            if argument in kinds and not argument.endswith("_shape"):
                allowed = [repr(value) for value in ALLOWED.get((name, argument), [])]
                bad = [each for each in bad_values(kinds[argument]) if repr(each) not in allowed]
                if bad:
                    yield pytest.param(name, call, argument, bad, id=f"{name}-{argument}")


@pytest.mark.parametrize(("name", "call", "argument", "bad"), cases())
def test_refuses_what_is_no_size(name, call, argument, bad):
    needed = [
        each.name
        for each in inspect.signature(call).parameters.values()
        if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    ]
    given = {each: GIVEN[each] for each in needed if each != argument}
    if name in OF_VECTORS:
        given["event_shape"] = (4,)
    if name in OF_TEXTS:
        given["condition"] = Captions(("a",), 2)
    if name in OF_CLASSES:
        given["condition"] = Classes(2)
    for value in bad:
        with pytest.raises(ValueError, match=r"expected [^\n]*Received: ") as error:
            call(**given, **{argument: value})
        assert argument in str(error.value)
