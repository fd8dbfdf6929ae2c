"""A run to play with: its model, its held-out images, and a control for each thing it can do."""

import dataclasses
import os
from typing import Any

from tfgen.core import GenerativeModel
from tfgen.demo.codes import between, sliding, steering
from tfgen.demo.control import Control
from tfgen.demo.drawing import assembling, sampling, translating, varying
from tfgen.demo.examples import Examples, held_out
from tfgen.demo.regions import redrawing
from tfgen.demo.scores import comparing, scoring
from tfgen.training.pictures import of_images
from tfgen.training.run_folder import RunFolder

NUM_SAMPLES = 16


@dataclasses.dataclass(frozen=True)
class Playground:
    """A run as the page shows it.

    Attributes:
        name: of the run's folder.
        facts: a line about the model.
        controls: what it can do.
        notice: what the page has to say of the run beside that, or "".
    """

    name: str
    facts: str
    controls: tuple[Control, ...]
    notice: str = ""


def open_run(folder: str | os.PathLike, num_samples: int = NUM_SAMPLES) -> Playground:
    """What there is to play with in the folder of a finished run.

    Where the data of the run are gone, there are no held-out images, and the page says so.

    Args:
        folder: of the run.
        num_samples: that are drawn by a click.
    Raises:
        ValueError: no finished run, or a model of other things than images in grey or colour.
    """
    run = RunFolder(folder)
    model, metrics = run.load_model(), run.read_metrics()
    try:
        examples, notice = held_out(model, metrics), ""
    except (ValueError, OSError) as error:
        examples, notice = Examples(), f"There are no held-out images: {error}"
    controls = controls_of(model, examples, num_samples)
    return Playground(run.path.resolve().name, _facts(model, metrics), controls, notice)


def controls_of(
    model: GenerativeModel, examples: Examples = Examples(), num_samples: int = NUM_SAMPLES
) -> tuple[Control, ...]:
    """A control for each thing that a model can do.

    Args:
        model: of images in grey or colour.
        examples: held-out images of it.
        num_samples: that are drawn by a click.
    Raises:
        ValueError: a model of something else.
    """
    if not of_images(model.event_shape):
        raise ValueError(
            "expected a model of images in grey or colour. Received:"
            f" a {type(model).__name__} of events of shape {tuple(model.event_shape)}"
        )
    return (
        *sampling(model, examples, num_samples),
        *redrawing(model, examples),
        *translating(model, examples),
        *assembling(model, examples),
        *steering(model, examples, num_samples),
        *sliding(model, examples),
        *between(model, examples),
        *varying(model, examples),
        *comparing(model, examples),
        *scoring(model, examples),
    )


def _facts(model: GenerativeModel, metrics: dict[str, Any]) -> str:
    """The model, what it was trained on, for how long, and what its density is."""
    data = " and ".join(str(metrics[key]) for key in ("data", "data_b") if metrics.get(key))
    rows, columns, channels = model.event_shape
    facts = [type(model).__name__, f"trained on {data}"]
    if "epochs" in metrics:
        facts.append(f"{metrics['epochs']} epoch{'' if metrics['epochs'] == 1 else 's'}")
    facts.append(f"{rows}x{columns} pixels in {'grey' if channels == 1 else 'colour'}")
    if model.condition is not None:
        facts.append(f"given {type(model.condition).__name__}")
    return ", ".join([*facts, f"density: {model.density}"])
