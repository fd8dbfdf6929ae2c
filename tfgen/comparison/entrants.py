"""Who takes part in a comparison: models to be trained, by name, and finished runs, by folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tfgen import registry
from tfgen.core import GenerativeModel, SamplingModel, UnpairedModel
from tfgen.data import DataInfo
from tfgen.training import RunFolder

BASELINE = "Independent"  # variables that know nothing of each other: what every model must beat
_FEW_LEVELS = 32  # up to which a latent-variable model has a probability of its own for each


class Entrant(NamedTuple):
    """A row of the comparison.

    Attributes:
        name: of the row.
        run: folder of its run.
        model: name of the model that is trained into that folder; None for a finished run.
        settings: `{argument: text}` of `MODEL.default`, beside those of `settings_of`.
    """

    name: str
    run: Path
    model: str | None = None
    settings: dict[str, str] = {}


def find_entrants(
    names: Sequence[str], folder: Path, settings: dict[str, dict[str, str]]
) -> list[Entrant]:
    """Reads the names of models and the folders of runs.

    Args:
        names: of models (see `tfgen.registry.models`), or of folders.
        folder: of the comparison, in which a folder `runs/MODEL` is each trained model's.
        settings: of models, `{model: {argument: text}}`.
    Raises:
        ValueError: a name that is neither, one that comes twice, settings of a model that does not
            take part, or an argument that its `default` does not have.
    """
    found = []
    for name in names:
        if name in registry.models():
            registry.check_settings(registry.find_model(name), settings.get(name, {}))
            found.append(Entrant(name, folder / "runs" / name, name, settings.get(name, {})))
        elif RunFolder(name).metrics.exists():
            found.append(Entrant(Path(name).name, Path(name)))
        else:
            raise ValueError(
                f"expected models ({', '.join(registry.models())}) or folders of finished runs."
                f" Received: {name}"
            )
    taken = [entrant.name for entrant in found]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ValueError(f"expected each name once. Received: {', '.join(twice)}")
    idle = sorted(set(settings) - {entrant.model for entrant in found})
    if idle:
        raise ValueError(f"expected settings of models that take part. Received: {', '.join(idle)}")
    return found


def settings_of(
    kind: type[GenerativeModel], info: DataInfo, binarize: str | None = None
) -> dict[str, str]:
    """The arguments by which a model can be set beside others.

    Its likelihood is one of the data set's own levels wherever it can be: those of binary and of
    grey images, or of levels and of real numbers, are not of the same thing. Its samples are drawn
    in few steps.

    Args:
        kind: a model class.
        info: `DataInfo` of the data set.
        binarize: how images are made binary; None: not at all.
    Returns:
        `{argument: text}`, for `tfgen.registry.build`.
    """
    levels, names = 2 if binarize else info.levels, registry.settable(kind)
    settings = {}
    if levels and "levels" in names:
        settings["levels"] = str(levels)
    elif levels and levels > 2 and "likelihood" in names:
        few = levels <= _FEW_LEVELS
        settings["likelihood"] = "Categorical" if few else "DiscretizedLogistic"
    if "sampler" in names:
        # The usual one takes a step for each of a thousand noise levels.
        settings["sampler"] = "DPMSolver(20)"
    return settings


def suitable_models(
    info: DataInfo, binarize: str | None = None, say: Callable[[str], None] = lambda text: None
) -> list[str]:
    """The names of all models that draw samples and that a data set suits.

    Args:
        info: `DataInfo` of the data set.
        binarize: as for `settings_of`.
        say: is told which models are left out, and why.
    """
    names = []
    for name, kind in registry.models().items():
        if not issubclass(kind, SamplingModel) or issubclass(kind, UnpairedModel):
            continue
        try:
            registry.build(kind, settings_of(kind, info, binarize), info)
        except ValueError as error:
            say(f"without {name}: {error}")
        else:
            names.append(name)
    return names
