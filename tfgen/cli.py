"""The command line: `tfgen train | sample | evaluate | export | models`."""

import contextlib
import functools
from typing import Any

import click

_RUN = click.argument("run", type=click.Path(exists=True, file_okay=False))


class _Error(click.ClickException):
    exit_code = 2


def _one_line_errors(command):
    """Turns errors that the user can mend, and divergence, into one line and exit status 2."""

    @functools.wraps(command)
    def wrapped(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError, FloatingPointError) as error:
            raise _Error(" ".join(str(error).split())) from error

    return wrapped


@click.group()
@click.version_option(package_name="tfgen")
def main() -> None:
    """Generative modelling for Keras."""


@main.command()
@click.argument("model")
@click.option("--data", required=True, help="Data set: digits, a TFDS name, or a folder.")
@click.option("--epochs", required=True, type=click.IntRange(min=1), help="Number of epochs.")
@click.option("--output", required=True, type=click.Path(), help="Folder of the run.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="An argument of the model."
)
@click.option("--batch-size", type=click.IntRange(min=1), help="Images of a step.")
@click.option("--seed", default=0, type=click.IntRange(min=0), show_default=True)
@click.option("--binarize", type=click.Choice(["threshold", "stochastic"]))
@click.option(
    "--distribute",
    type=click.Choice(["mirrored", "multi-worker"]),
    help="Train on all GPUs of this machine, or on the processes that TF_CONFIG names.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--overwrite", is_flag=True, help="Replace the run in the folder.")
@_one_line_errors
def train(model: str, data: str, settings: tuple[str, ...], **options: Any) -> None:
    """Train MODEL (see `tfgen models`) on a data set, into the folder of a run.

    `--set` takes the arguments of `MODEL.default`: numbers, tuples, names of heads, priors, loss
    pairs, schedules and conditions. `data` as a value, and levels that a head lacks or classes that
    a condition lacks, are the data set's own. A model with a condition gets the labels.

    \b
        tfgen train VAE --data digits --epochs 50 --output run --set latent_dim=10
        tfgen train NADE --data digits --epochs 50 --output run --set levels=data
        tfgen train VAE --data digits --epochs 50 --output run --set likelihood=Categorical
        tfgen train PixelCNN --data digits --epochs 50 --output run --set condition=Classes
    """
    from tfgen import registry, training

    kind = registry.find_model(model)
    pairs = registry.split_settings(settings)
    training.train(
        lambda info: registry.build(kind, pairs, info),
        data,
        arguments={"model": model, "set": pairs},
        **options,
    )
    click.echo(f"trained {model}: {options['output']}")


@main.command()
@_RUN
@click.option("-n", "num_samples", default=64, type=click.IntRange(min=1), show_default=True)
@click.option("--condition", help="Of all samples: a class, numbers, names, or a caption.")
@click.option("--seed", default=0, type=click.IntRange(min=0), show_default=True)
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="PNG or JPEG file.")
@_one_line_errors
def sample(run: str, num_samples: int, condition: str | None, seed: int, output: str) -> None:
    """Draw samples from the model of a RUN, as a picture.

    Without --condition, a model that has one shows a row for each condition. A model that draws no
    samples shows what it makes of images that were held out.
    """
    from tfgen import training
    from tfgen.training.pictures import check_ending

    check_ending(output)
    images = training.draw(run, num_samples, condition=condition, seed=seed)
    training.save_grid(images, output)
    click.echo(f"wrote {output}")


@main.command()
@_RUN
@click.option("--split", default="test", show_default=True, help="Split of the run's data set.")
@_one_line_errors
def evaluate(run: str, split: str) -> None:
    """Evaluate a RUN on its test set; the figures also go into metrics.json."""
    from tfgen import training
    from tfgen.training.files import json_text

    click.echo(json_text(training.evaluate(run, split=split)))


@main.command()
@_RUN
@click.option("--output", type=click.Path(), help="Folder; by default RUN/saved_model.")
@_one_line_errors
def export(run: str, output: str | None) -> None:
    """Write the SavedModel of a RUN, which runs without tfgen."""
    from tfgen import training

    folder = training.RunFolder(run)
    model = folder.load_model()
    with contextlib.nullcontext() if output else folder.lock():
        model.export(output or folder.saved_model)
    click.echo(f"wrote {output or folder.saved_model}: {', '.join(model.signatures())}")


@main.command()
def models() -> None:
    """List the models."""
    from tfgen import registry

    rows = [("name", "wing", "density", "paper"), *registry.table()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
