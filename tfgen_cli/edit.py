"""The command that redraws regions of an image file."""

import re
from typing import Any

import click

from tfgen_cli.errors import OneLineError, one_line_errors
from tfgen_cli.options import SEED
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.option("--image", required=True, type=click.Path(), help="File, of the model's size.")
@click.option(
    "--region",
    "regions",
    required=True,
    multiple=True,
    metavar="X,Y,W,H",
    help="What is redrawn, in pixels: upper left corner, from 0,0, and size. May be repeated.",
)
@click.option("--condition", help="Of what is drawn: a class, numbers, names, or a caption.")
@click.option(
    "--guidance", type=float, help="Above 1, what is drawn follows the condition more closely."
)
@SEED
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="File: .png.")
@click.pass_obj
@one_line_errors
def edit(
    verbose: bool, run: str, image: str, regions: tuple[str, ...], output: str, **options: Any
) -> None:
    """Redraw regions of an image file by the model of a RUN, in keeping with the rest.

    The image has the size that the model has learned from. Outside of the regions the result has
    the pixels of the file, as a model of grey images reads it.

    \b
        tfgen edit run --image seven.png --region 4,4,12,12 --output edited.png
        tfgen edit run --image seven.png --region 0,0,28,14 --condition 9 --output b.png
    """
    wanted = [_region(text) for text in regions]
    import_tfgen(verbose)
    from tfgen.training.run_editing import write_edited

    write_edited(run, image, wanted, output, **options)
    click.echo(f"wrote {output}")


def _region(text):
    """`(x, y, width, height)` of "X,Y,W,H"."""
    if not re.fullmatch(r"\s*-?\d+\s*(,\s*-?\d+\s*){3}", text, re.ASCII):
        raise OneLineError(
            f"expected --region as X,Y,W,H, four whole numbers of pixels. Received: {text}"
        )
    return tuple(int(part) for part in text.split(","))
