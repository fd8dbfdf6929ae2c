"""The command that opens a page to play on with models of runs."""

import os
import tempfile

import click

from tfgen_cli.errors import OneLineError, one_line_errors
from tfgen_cli.options import COUNT
from tfgen_cli.quiet import import_tfgen


@click.command()
@click.argument(
    "runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(exists=True, file_okay=False)
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address that the page listens on."
)
@click.option("--port", type=click.IntRange(1, 65535), default=7860, show_default=True)
@click.option(
    "-n", "num_samples", default=16, type=COUNT, show_default=True, help="Samples of a click."
)
@click.option(
    "--no-warm-up",
    is_flag=True,
    help="Be there at once: the first click of each control then waits until it is compiled.",
)
@click.pass_obj
@one_line_errors
def demo(
    verbose: bool, runs: tuple[str, ...], host: str, port: int, num_samples: int, no_warm_up: bool
) -> None:
    """Play with the models of RUNs on a page in the browser, until Ctrl-C.

    What a model can do becomes a control: samples, classes and captions, regions to be painted
    over, codes, translations, likelihoods. The page listens on this machine alone, unless --host
    says otherwise, and loads nothing from another one. It asks for no password: whoever reaches
    the address may play.

    \b
        tfgen demo runs/pixel_cnn runs/vae
        tfgen demo runs/unclip --port 8000
    """
    with tempfile.TemporaryDirectory(prefix="tfgen-demo-") as uploads:
        # Read as Gradio is imported: no telemetry, and no uploads that outlive the command.
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        os.environ["GRADIO_TEMP_DIR"] = uploads
        import_gradio()
        import_tfgen(verbose)
        from tfgen.demo import open_run
        from tfgen.demo.server import serve

        playgrounds = [open_run(run, num_samples) for run in runs]
        for playground in () if no_warm_up else playgrounds:
            click.echo(f"warming up {playground.name} ...", err=True)
            for control in playground.controls:
                control.warm_up()
        click.echo(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        serve(playgrounds, host, port)


def import_gradio() -> None:
    """Imports Gradio, an optional package.

    Raises:
        OneLineError: it is not installed.
    """
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise OneLineError(
            f'expected Gradio: pip install "tfgen[demo]". Received: {error}'
        ) from error
