"""The commands of `tfgen`; those that read a user's images have files of their own, and `judge`."""

import contextlib
from typing import Any

import click

from tfgen_cli import catalogue
from tfgen_cli.assemble import assemble
from tfgen_cli.compare import compare
from tfgen_cli.config_file import config_settings, read_config
from tfgen_cli.demo import demo
from tfgen_cli.edit import edit
from tfgen_cli.errors import OneLineError, one_line_errors
from tfgen_cli.fidelity import check_fidelity, fidelity_options, judge, run_fidelity
from tfgen_cli.options import BINARIZE, CHANNELS, COUNT, SEED
from tfgen_cli.quiet import import_tfgen
from tfgen_cli.similarity import similarity
from tfgen_cli.translate import translate

_RUN = click.argument("run", type=click.Path(exists=True, file_okay=False))
# As `tfgen.training.run_anomaly` has them, whose import takes seconds.
_SCORES = ("likelihood", "reconstruction", "ratio", "typicality", "complexity")


@click.group()
@click.version_option(package_name="tfgen")
@click.option("-v", "--verbose", is_flag=True, help="Let TensorFlow write what it does.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Generative modelling for Keras."""
    context.obj = verbose


for command in (assemble, compare, demo, edit, judge, similarity, translate):
    main.add_command(command)


@main.command()
@click.argument("model")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    is_eager=True,
    expose_value=False,
    callback=read_config,
    help="YAML or JSON file of these arguments; those given here come first.",
)
@click.option("--data", required=True, help="digits, a TFDS name, or a file or folder of data.")
@click.option("--data-b", help="The second data set, of a model that learns from two, as CycleGAN.")
@click.option("--epochs", type=COUNT, help="Number of epochs, the most.")
@click.option("--minutes", type=float, help="Of training steps, the most: instead, or as well.")
@click.option("--output", required=True, type=click.Path(), help="Folder of the run.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="An argument of the model."
)
@click.option("--batch-size", type=COUNT, help="Images of a step.")
@click.option("--learning-rate", type=float, help="Of the optimizers, in place of the paper's.")
@click.option(
    "--patience",
    type=COUNT,
    help="Stop after so many epochs without a better validation, and keep the best epoch.",
)
@SEED
@BINARIZE
@CHANNELS
@click.option(
    "--distribute",
    type=click.Choice(["mirrored", "multi-worker"]),
    help="Train on all GPUs of this machine, or on the processes that TF_CONFIG names.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--overwrite", is_flag=True, help="Replace the run in the folder.")
@click.pass_obj
@one_line_errors
def train(verbose: bool, model: str, data: str, settings: tuple[str, ...], **options: Any) -> None:
    """Train MODEL (see `tfgen models`) on a data set, into the folder of a run.

    `--set` takes the arguments of `MODEL.default`: numbers, tuples, names of heads, priors, loss
    pairs, schedules and conditions. `data` as a value, and levels that a head lacks or classes or
    words that a condition lacks, are the data set's own. A model with a condition gets the labels.

    \b
        tfgen train VAE --data digits --epochs 50 --output run --set latent_dim=10
        tfgen train NADE --data digits --epochs 50 --output run --set levels=data
        tfgen train VAE --data digits --epochs 50 --output run --set likelihood=Categorical
        tfgen train PixelCNN --data digits --epochs 50 --output run --set condition=Classes
        tfgen train NADE --data digits --epochs 500 --output run --patience 10
        tfgen train CycleGAN --data horses --data-b zebras --epochs 200 --output run
    """
    if options["epochs"] is None and options["minutes"] is None:
        raise click.UsageError("expected --epochs or --minutes. Received: neither")
    pairs = {**config_settings(), **_pairs(settings)}
    _check_model(model, pairs)
    import_tfgen(verbose)
    from tfgen import registry, training

    kind = registry.find_model(model)
    training.train(
        lambda *infos: registry.build(kind, pairs, *infos),
        data,
        arguments={"model": model, "set": pairs},
        **options,
    )
    click.echo(f"trained {model}: {options['output']}")


@main.command()
@_RUN
@click.option("-n", "num_samples", default=64, type=COUNT, show_default=True)
@click.option("--condition", help="Of all samples: a class, numbers, names, or a caption.")
@click.option(
    "--guidance",
    type=float,
    help="Of a diffusion model: above 1, samples follow their condition more closely.",
)
@SEED
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    help="Images: .png, .jpg; vectors: .csv; arrays of either: .npy, .npz.",
)
@click.pass_obj
@one_line_errors
def sample(verbose: bool, run: str, num_samples: int, output: str, **options: Any) -> None:
    """Draw samples from the model of a RUN, as a picture, or as numbers.

    Without --condition, a model that has one shows a row for each condition; an array has -n
    samples, given the conditions of examples that were held out, which `.npz` keeps beside them. A
    model that draws no samples shows what it makes of images that were held out.

    \b
        tfgen sample run --output samples.png
        tfgen sample run -n 10000 --output samples.npz
        tfgen sample run --condition 7 --guidance 2 --output sevens.png
    """
    import_tfgen(verbose)
    from tfgen.training.run_pictures import write_drawn

    write_drawn(run, output, num_samples, **options)
    click.echo(f"wrote {output}")


@main.command()
@_RUN
@click.option("--split", default="test", show_default=True, help="Split of the run's data set.")
@click.option(
    "--num-terms",
    type=COUNT,
    help="Of the bound of a diffusion model, for each image: more are slower and less noisy.",
)
@click.option(
    "--num-samples",
    type=COUNT,
    help="Importance samples for each image, of a latent-variable model: its likelihood by them.",
)
@click.option(
    "--gap-samples",
    type=COUNT,
    help="Adds the mean gap to the likelihood by that many samples, on a random few images.",
)
@click.option(
    "--gap-examples", default=500, type=COUNT, show_default=True, help="How many images these are."
)
@fidelity_options
@click.pass_obj
@one_line_errors
def evaluate(
    verbose: bool,
    run: str,
    split: str,
    num_terms: int | None,
    num_samples: int | None,
    gap_samples: int | None,
    gap_examples: int,
    fidelity: bool,
    judge_file: str | None,
    num_images: int | None,
) -> None:
    """Evaluate a RUN on its test set; the figures also go into metrics.json."""
    check_fidelity(fidelity, judge_file, num_images)
    import_tfgen(verbose)
    from tfgen import evaluation, training
    from tfgen.training.files import json_text

    if num_terms is not None and num_samples is not None:
        raise click.UsageError("--num-terms and --num-samples are of different models")
    estimator = None if num_terms is None else evaluation.Bound(num_terms)
    if num_samples is not None:
        estimator = evaluation.ImportanceWeighted(num_samples)
    dear = None if gap_samples is None else evaluation.ImportanceWeighted(gap_samples)
    figures = training.evaluate(
        run, split=split, estimator=estimator, dear=dear, num_dear_examples=gap_examples
    )
    if fidelity:
        figures["fidelity"] = run_fidelity(run, split, judge_file, num_images)
    click.echo(json_text(figures))


@main.command()
@_RUN
@click.option("--data", required=True, help="digits, a TFDS name, or a file or folder of data.")
@click.option(
    "--score",
    type=click.Choice(_SCORES),
    help="By default likelihood, or reconstruction where the model has none.",
)
@click.option(
    "--background",
    type=click.Path(exists=True, file_okay=False),
    help="Run of the background model, for the score ratio.",
)
@click.option("--split", default="test", show_default=True, help="Split of both data sets.")
@click.option(
    "--false-alarm-rate",
    default=0.05,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    show_default=True,
    help="Share of the run's own examples that may pass for anomalies.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    help="PNG or JPEG file; by default RUN/anomalies.png.",
)
@click.pass_obj
@one_line_errors
def anomaly(verbose: bool, run: str, data: str, **options: Any) -> None:
    """Tell the examples of another data set from those of a RUN, by the RUN's model.

    Prints AUROC, AUPR and what a threshold finds that the run's validation examples set. The
    picture shows the worst mistakes: the run's own images that are the strangest, and below them
    the others that are the least strange.

    \b
        tfgen anomaly run --data mnist
        tfgen anomaly run --data mnist --score complexity
        tfgen anomaly run --data mnist --score ratio --background other_run
    """
    import_tfgen(verbose)
    from tfgen import training
    from tfgen.training.files import json_text

    click.echo(json_text(training.anomaly(run, data, **options)))


@main.command()
@_RUN
@click.option("--output", type=click.Path(), help="Folder; by default RUN/saved_model.")
@click.pass_obj
@one_line_errors
def export(verbose: bool, run: str, output: str | None) -> None:
    """Write the SavedModel of a RUN, which runs without tfgen."""
    import_tfgen(verbose)
    from tfgen import training

    folder = training.RunFolder(run)
    model = folder.load_model()
    with contextlib.nullcontext() if output else folder.lock():
        model.export(output or folder.saved_model)
    click.echo(f"wrote {output or folder.saved_model}: {', '.join(model.signatures())}")


@main.command()
def models() -> None:
    """List the models."""
    rows = [("name", "wing", "density", "paper")]
    rows += [model[:4] for model in catalogue.models().values()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _pairs(settings):
    """`["key=value", ...]` as `{key: text of the value}`."""
    pairs: dict[str, str] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key or not text or key in pairs:
            raise OneLineError(f"expected each key once, as key=value. Received: {setting}")
        pairs[key] = text
    return pairs


def _check_model(name, pairs):
    """Refuses a model and arguments that there are not, before TensorFlow is imported."""
    model = catalogue.read(name)
    if model is None:
        names = ", ".join(sorted(catalogue.models()))
        raise OneLineError(f"expected one of the models {names}. Received: {name}")
    # A model that takes no condition says so itself.
    unknown = [key for key in pairs if key not in (*model.settable, "condition")]
    if unknown:
        raise OneLineError(
            f"expected --set with one of {', '.join(model.settable)} for {name}."
            f" Received: {', '.join(unknown)}"
        )
