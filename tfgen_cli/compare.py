"""`tfgen compare`: models side by side."""

from pathlib import Path
from typing import Any

import click

from tfgen_cli import catalogue
from tfgen_cli.errors import OneLineError, one_line_errors
from tfgen_cli.options import BINARIZE, CHANNELS, COUNT, SEED
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.argument("names", nargs=-1, metavar="[MODEL | RUN]...")
@click.option("--data", help="digits, a TFDS name, or a file or folder of data.")
@click.option("--minutes", type=float, help="Of training steps, for each model.")
@click.option("--epochs", type=COUNT, help="Of each model, the most: instead, or as well.")
@click.option("--output", required=True, type=click.Path(), help="Folder of the comparison.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="MODEL.KEY=VALUE",
    help="An argument of a model, as `tfgen train --set` has it.",
)
@click.option(
    "--judge",
    type=click.Path(exists=True, dir_okay=False),
    help="Of samples (see `tfgen judge`); by default one is trained.",
)
@click.option(
    "--num-samples",
    type=COUNT,
    default=1000,
    show_default=True,
    help="Of each model, that are compared with real images.",
)
@click.option(
    "--num-test",
    type=COUNT,
    help="Test examples whose likelihood is told, drawn at random; by default all.",
)
@SEED
@BINARIZE
@CHANNELS
@click.option("--resume", is_flag=True, help="Go on: what is finished is not done again.")
@click.pass_obj
@one_line_errors
def compare(
    verbose: bool, names: tuple[str, ...], settings: tuple[str, ...], output: str, **options: Any
) -> None:
    """Set models side by side: train each MODEL with the same budget, or read finished RUNs.

    Without names all models that the data suit take part; Independent and real images always do.
    A model that fails gets a row that says why. --output gets compare.html, which opens in any
    browser, compare.csv and compare.json.

    \b
        tfgen compare --data digits --minutes 1 --output compared
        tfgen compare NADE PixelCNN VAE DCGAN DDPM --data digits --minutes 2 --output compared
        tfgen compare runs/vae runs/nade --output compared
    """
    unknown = [name for name in names if catalogue.read(name) is None and not Path(name).is_dir()]
    if unknown:
        models = ", ".join(sorted(catalogue.models()))
        raise OneLineError(f"expected models ({models}) or folders. Received: {unknown[0]}")
    given: dict[str, dict[str, str]] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        model, dot, argument = key.partition(".")
        if not (equals and dot and argument and text) or catalogue.read(model) is None:
            raise OneLineError(f"expected MODEL.KEY=VALUE. Received: {setting}")
        given.setdefault(model, {})[argument] = text
    import_tfgen(verbose)
    from tfgen import comparison

    say = lambda line: click.echo(line, err=True)
    found = comparison.compare(names, output=output, settings=given, say=say, **options)
    comparison.show_table(found.rows, found.protocol)
    click.echo(f"wrote {output}/compare.html")
