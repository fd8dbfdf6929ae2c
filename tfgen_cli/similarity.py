"""The command that compares image files with captions."""

from collections.abc import Sequence

import click

from tfgen_cli.errors import one_line_errors
from tfgen_cli.quiet import import_tfgen

_WIDEST = 100  # characters of a line


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--image", "images", required=True, multiple=True, type=click.Path(), help="May be repeated."
)
@click.option("--caption", "captions", required=True, multiple=True, help="May be repeated.")
@click.pass_obj
@one_line_errors
def similarity(verbose: bool, run: str, images: tuple[str, ...], captions: tuple[str, ...]) -> None:
    """Say how well captions fit image files, by the model of a RUN, such as CLIP.

    The images have the size that the model has learned from. A row for each image and a column for
    each caption, or a line for each of both where that is too wide: cosines, from -1 to 1, the best
    of each image with a star.

    \b
        tfgen similarity run --image a.png --image b.png --caption "a red 7" --caption "a blue 1"
    """
    import_tfgen(verbose)
    from tfgen.training.run_similarity import similarity as cosines

    for line in table(images, captions, cosines(run, images, captions).tolist()):
        click.echo(line)


def table(
    images: Sequence[str], captions: Sequence[str], values: Sequence[Sequence[float]]
) -> list[str]:
    """The lines of a table of images and captions, the best caption of each image with a star.

    Args:
        images: names of the rows.
        captions: names of the columns.
        values: a row of numbers for each image, one for each caption.
    """
    # In one line whatever the text, and seen where it is empty.
    captions = [" ".join(caption.split()) or '""' for caption in captions]
    cells = [
        [f"{value:.3f}{'*' if i == row.index(max(row)) else ' '}" for i, value in enumerate(row)]
        for row in values
    ]
    width = max(map(len, ("image", *images)))
    widths = [max(len(caption), len(" 0.000")) for caption in captions]
    if width + sum(3 + each for each in widths) <= _WIDEST:
        # A place is left for the star.
        heads = [f"{caption:>{each}} " for caption, each in zip(captions, widths, strict=True)]
        rows = [("image", heads), *zip(images, cells, strict=True)]
        return [
            "  ".join((f"{name:<{width}}", *map(_right, row, widths))).rstrip()
            for name, row in rows
        ]
    lines = [f"{'image':<{width}}  cosine   caption"]
    for image, row in zip(images, cells, strict=True):
        lines += [
            f"{image:<{width}}  {cell:>7}  {caption}"
            for caption, cell in zip(captions, row, strict=True)
        ]
    return lines


def _right(cell, width):
    return f"{cell:>{width + 1}}"
