"""Which commands the model of a run has."""

from tfgen.core import GenerativeModel, UnpairedModel
from tfgen.training.pictures import of_images

_OF_IMAGES = ("assemble", "edit", "similarity", "translate")


def model_commands(model: GenerativeModel) -> list[str]:
    """The commands of `tfgen` that take a run of this model, sorted."""
    found = ["evaluate", "export", "sample"]
    if of_images(model.event_shape):
        found += [name for name in _OF_IMAGES if hasattr(model, name)]
    has_score = model.density in ("exact", "bound") or hasattr(model, "reconstruct")
    if has_score and model.condition is None and not isinstance(model, UnpairedModel):
        found.append("anomaly")
    return sorted(found)


def check_command(model: GenerativeModel, name: str) -> None:
    """Checks that a model has a command.

    Raises:
        ValueError: it has not; says which ones it has.
    """
    commands = model_commands(model)
    if name not in commands:
        raise ValueError(
            f"expected the run of a model of images that has the command {name}. Received: a"
            f" {type(model).__name__}, which has the commands {', '.join(commands)}"
        )
