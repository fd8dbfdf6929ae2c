"""The curves of a run: each term by epoch."""

import os
from typing import Any

from tfgen.training.files import replacing


def save_curves(rows: list[dict[str, Any]], path: str | os.PathLike) -> None:
    """Draws each term by epoch, training and validation in one panel, as a PNG file.

    A loss that is equal to a term has no panel of its own.

    Args:
        rows: of `read_history`.
        path: name of the file, which is whole or not there at all.
    Raises:
        ValueError: there are no rows.
    """
    # Matplotlib is slow to import, and only pictures need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    if not rows:
        raise ValueError("expected at least one epoch to draw. Received: an empty history")
    names = list({name: None for row in rows for name in row})
    no_term = ("epoch", "seconds")
    names = [name for name in names if name not in no_term and not name.startswith("val_")]
    # Without penalties the loss is one of the terms.
    values = {name: [row.get(name) for row in rows] for name in names}
    if any(values[name] == values.get("loss") for name in names if name != "loss"):
        names.remove("loss")
    figure = Figure(figsize=(4.2 * len(names), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    marker = "o" if len(rows) == 1 else None
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for label, column in (("training", name), ("validation", f"val_{name}")):
            points = [(row["epoch"], row[column]) for row in rows if column in row]
            if points:
                axes.plot(*zip(*points, strict=True), label=label, marker=marker)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=120)
