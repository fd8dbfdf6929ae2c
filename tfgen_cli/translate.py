"""The command that translates image files."""

import click

from tfgen_cli.errors import one_line_errors
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "--to", help="What the images become: a or b of two domains, or a condition of the model."
)
@click.option(
    "--output", required=True, type=click.Path(file_okay=False), help="Folder of the results."
)
@click.pass_obj
@one_line_errors
def translate(verbose: bool, run: str, files: tuple[str, ...], to: str | None, output: str) -> None:
    """Translate FILES, images of the size that the model of a RUN has learned from.

    Each becomes a file of its name in the folder of the results, ending in .png. A CycleGAN's go
    to the domain b of --data-b unless --to says a.

    \b
        tfgen translate run horse.png --output zebras
        tfgen translate run zebra.png --to a --output horses
    """
    import_tfgen(verbose)
    from tfgen.training.run_translation import write_translated

    for path in write_translated(run, files, output, to=to):
        click.echo(f"wrote {path}")
