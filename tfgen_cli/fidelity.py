"""The judge of samples: its command, and what `tfgen evaluate --fidelity` hands on."""

from collections.abc import Callable
from typing import Any

import click

from tfgen_cli.errors import one_line_errors
from tfgen_cli.options import BINARIZE, CHANNELS, COUNT
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.option("--data", required=True, help="digits, a TFDS name, or a file or folder of data.")
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="File: .keras.")
@click.option(
    "--epochs",
    type=COUNT,
    help="Of training: 5, or as many as make 1,000 steps where images are few, unless given.",
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**31 - 1), show_default=True)
@BINARIZE
@click.option("--levels", type=click.IntRange(2), help="Grey levels of the images.")
@CHANNELS
@click.pass_obj
@one_line_errors
def judge(verbose: bool, data: str, output: str, **options: Any) -> None:
    """Train a classifier of real images, by which samples are judged.

    It sees the training images of the data set alone, and says how many of the test images it
    classifies rightly.

    \b
        tfgen judge --data mnist --output judge.keras
        tfgen evaluate run --fidelity --judge judge.keras
    """
    import_tfgen(verbose)
    from tfgen import training

    click.echo(f"wrote {output}: {training.make_judge(data, output, **options).description}")


def fidelity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with `--fidelity` and what belongs to it."""
    options = (
        click.option(
            "--fidelity",
            is_flag=True,
            help="Compare samples with real images: Frechet distance, precision, recall, copies.",
        ),
        click.option(
            "--judge",
            "judge_file",
            metavar="FILE",
            help="Of the features (see `tfgen judge`), or inception; by default RUN/judge.keras,"
            " which is trained where it is missing.",
        ),
        click.option(
            "--num-images",
            type=COUNT,
            help="Samples that are compared; by default as many as there are real images.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_fidelity(fidelity: bool, judge: str | None, num_images: int | None) -> None:
    """Refuses what belongs to `--fidelity` without it."""
    if not fidelity and (judge is not None or num_images is not None):
        raise click.UsageError("--judge and --num-images are of --fidelity")


def run_fidelity(run: str, split: str, judge: str | None, num_images: int | None) -> dict[str, Any]:
    """The figures of `tfgen evaluate RUN --fidelity`; tfgen has been imported.

    Args:
        run: folder of the run.
        split: of its data set.
        judge: "inception", the file of a judge, or None for the run's own.
        num_images: samples; None for as many as the split has images.
    """
    from tfgen import training
    from tfgen.evaluation import fidelity

    folder = training.RunFolder(run)
    if judge is None and not folder.judge.exists():
        click.echo(f"training a classifier of real images: {folder.judge}", err=True)
    features = None
    if judge is not None:
        inception = judge == "inception"
        features = fidelity.InceptionFeatures() if inception else fidelity.load_judge(judge)
    return training.evaluate_fidelity(run, features, split=split, num_images=num_images)
