"""The command that makes a whole image of patches."""

import click

from tfgen_cli.errors import one_line_errors
from tfgen_cli.options import COUNT, SEED
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.argument("patches", nargs=-1, required=True, type=click.Path())
@click.option("-n", "num_samples", default=1, type=COUNT, show_default=True)
@SEED
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    help="Images: .png, .jpg; arrays: .npy, .npz.",
)
@click.pass_obj
@one_line_errors
def assemble(
    verbose: bool, run: str, patches: tuple[str, ...], num_samples: int, seed: int, output: str
) -> None:
    """Make a whole image of PATCHES, image files, by the model of a RUN of PuzzleGAN.

    There are as many as the model has learned from; their order and their sizes do not matter.
    With -n, several images of the same patches, side by side.

    \b
        tfgen assemble run a.png b.png c.png --output whole.png
    """
    import_tfgen(verbose)
    from tfgen.training.run_assembly import write_assembled

    write_assembled(run, patches, output, num_samples=num_samples, seed=seed)
    click.echo(f"wrote {output}")
