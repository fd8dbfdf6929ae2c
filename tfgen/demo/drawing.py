"""Controls of models that draw, or make one image of another."""

import numpy as np

from tfgen.adversarial import AssemblingModel, TranslatingModel
from tfgen.adversarial.two_domain_model import DOMAINS, TwoDomainModel
from tfgen.core import GenerativeModel, SamplingModel
from tfgen.demo.control import Control, Result, image
from tfgen.demo.examples import Examples
from tfgen.demo.inputs import ImageFile, Number
from tfgen.demo.method_inputs import condition_input, method_inputs
from tfgen.training.pictures import image_grid

_NUM_VARIANTS = 4
_NUM_TAKEN_APART = 50  # held-out images whose patches may be taken


def sampling(model: GenerativeModel, examples: Examples, num_samples: int) -> list[Control]:
    """Samples, of a model that draws them."""
    if not isinstance(model, SamplingModel):
        return []

    def run(**given):
        return Result(image_grid(model.sample(num_samples, **given)))

    inputs = method_inputs(model, model.sample, examples.condition)
    help = "Samples of the model: the same for the same seed."
    return [Control("Sample", "Draw", inputs, run, help)]


def varying(model: GenerativeModel, examples: Examples) -> list[Control]:
    """Images like one that is given, of a model that has a method for that."""
    x = image("x", "image", model, examples.x)
    controls = []
    if hasattr(model, "sdedit"):

        def noised(x, **given):
            return Result(image_grid(model.sdedit(_repeated(x), **given), _NUM_VARIANTS))

        strength = Number("strength", "noise, as a share of the most", 0.05, 1, 0.5, 0.05)
        inputs = (x, strength, *method_inputs(model, model.sdedit, examples.condition))
        help = "Noise is added up to a level and taken away again: coarse things stay."
        controls.append(Control("Vary", "Vary", inputs, noised, help))
    if hasattr(model, "variation"):

        def varied(x, **given):
            return Result(image_grid(model.variation(_repeated(x), **given), _NUM_VARIANTS))

        inputs = (x, *method_inputs(model, model.variation))
        help = "Other images in which the model's CLIP sees the same."
        controls.append(Control("Variations", "Vary", inputs, varied, help))
    return controls


def assembling(model: GenerativeModel, examples: Examples) -> list[Control]:
    """Whole images of patches, of a model that assembles them."""
    if not isinstance(model, AssemblingModel):
        return []
    held_out = [None] * model.num_patches
    if examples.x is not None:
        taken, _ = model.take_apart(examples.x[:_NUM_TAKEN_APART], seed=0)
        held_out = np.moveaxis(taken.numpy(), 1, 0)
    shape = (None, None, model.event_shape[-1])
    patches = tuple(
        ImageFile(f"patch{i}", f"patch {i + 1}", shape, examples=each)
        for i, each in enumerate(held_out)
    )

    def run(seed, **given):
        return Result(image_grid(model.assemble([_repeated(x) for x in given.values()], seed=seed)))

    inputs = (*patches, *method_inputs(model, model.assemble))
    help = "Whole images of these patches, which need have no size or order."
    return [Control("Assemble", "Assemble", inputs, run, help)]


def translating(model: GenerativeModel, examples: Examples) -> list[Control]:
    """Translations of an image: to either of two domains, or under a condition."""
    if not isinstance(model, TranslatingModel):
        return []
    if not isinstance(model, TwoDomainModel):

        def translated(x, condition):
            return Result(image_grid(model.translate(x[None], condition)))

        asked = condition_input(model.condition, examples.condition)
        inputs = (image("x", "image", model, examples.x), asked)
        help = "What the image becomes under a condition."
        return [Control("Translate", "Translate", inputs, translated, help)]
    controls = []
    for source, to, held_out in ((*DOMAINS, examples.x), (*DOMAINS[::-1], examples.b)):
        shape, arguments = model.direction(to)

        def translated_to(x, arguments=arguments):
            return Result(image_grid(model.translate(x[None], **arguments)))

        inputs = (ImageFile("x", f"image of {source}", tuple(shape), examples=held_out),)
        help = f"What an image of the domain {source} becomes in {to}."
        controls.append(Control(f"{source} to {to}", "Translate", inputs, translated_to, help))
    return controls


def _repeated(x):
    """One image, as often as it is varied."""
    return x[None].repeat(_NUM_VARIANTS, axis=0)
