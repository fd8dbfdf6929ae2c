"""Options that several commands have."""

import click

COUNT = click.IntRange(1, 2**31 - 1)
SEED = click.option(
    "--seed", default=0, type=click.IntRange(0, 2**31 - 1), show_default=True, help="Of all draws."
)
BINARIZE = click.option("--binarize", type=click.Choice(["threshold", "stochastic"]))
CHANNELS = click.option("--channels", type=int, help="Convert images to grey (1) or colour (3).")
