"""The pictures of a comparison: likelihood against fidelity, and learning curves by seconds."""

import io
from collections.abc import Sequence
from typing import Any

from tfgen.comparison.columns import Row, kind_of


def scatter(rows: Sequence[Row]) -> bytes | None:
    """Code length against Frechet distance, a PNG file; None where no model has both.

    One mark for each kind of likelihood, since only equal kinds can be compared; models that
    have a distance alone are lines on the right.

    Args:
        rows: of a `Comparison`.
    """
    points = []
    for row in rows:
        found, distance = row.get("likelihood"), row["fidelity"].get("frechet_distance")
        if found and distance and found["mean"] is not None:
            points.append((row, found, distance))
    if not points:
        return None
    figure, axes = _figure(7, 4.5)
    in_bits = all(found["bits_per_dim"] is not None for _, found, _ in points)
    length = lambda found: found["bits_per_dim"] if in_bits else -found["mean"]
    kinds = list({kind_of(row): None for row, *_ in points})
    for kind, mark in zip(kinds, "osD^vP*X" * len(kinds), strict=False):
        some = [each for each in points if kind_of(each[0]) == kind]
        lengths, distances = [length(f) for _, f, _ in some], [d for *_, d in some]
        axes.scatter(lengths, distances, marker=mark, label=kind)
        for (row, *_), x, y in zip(some, lengths, distances, strict=True):
            axes.annotate(row["name"], (x, y), xytext=(5, 3), textcoords="offset points", size=8)
    for row in rows:
        distance = row.get("fidelity", {}).get("frechet_distance")
        if distance and not row.get("likelihood"):
            axes.axhline(distance, lw=0.6, ls=":", c="grey")
            at = (1, distance)
            axes.annotate(row["name"], at, xycoords=("axes fraction", "data"), size=8, c="grey")
    axes.set_yscale("log")
    axes.set_xlabel("bits/dim of test images" if in_bits else "-ln p(x) of test images, nats")
    axes.set_ylabel("Frechet distance of samples")
    axes.legend(fontsize=8)
    return _png(figure)


def learning_curves(histories: dict[str, list[dict[str, Any]]]) -> bytes | None:
    """The first term of each model by seconds of training, a PNG file; None without any.

    A panel for each model: what one minimises is not what another does.

    Args:
        histories: `{name: rows}` (see `tfgen.training.read_history`).
    """
    known = {
        name: rows for name, rows in histories.items() if len(rows) > 1 and "seconds" in rows[0]
    }
    if not known:
        return None
    columns = min(4, len(known))
    lines = -(-len(known) // columns)
    figure, _ = _figure(3.2 * columns, 2.4 * lines, axes=False)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid[len(known) :]:
        axes.set_axis_off()
    for axes, (name, rows) in zip(grid, known.items(), strict=False):
        no_term = ("epoch", "seconds", "loss")
        terms = [each for each in rows[0] if each not in no_term and not each.startswith("val_")]
        for label, column in (("training", terms[0]), ("validation", f"val_{terms[0]}")):
            points = [(row["seconds"], row[column]) for row in rows if column in row]
            if points:
                axes.plot(*zip(*points, strict=True), label=label, lw=1)
        axes.set_title(f"{name}: {terms[0].replace('_', ' ')}", fontsize=8)
        axes.set_xlabel("seconds", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    grid[0].legend(fontsize=7)
    return _png(figure)


def _figure(width, height, axes=True):
    # Matplotlib is slow to import, and only pictures need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots() if axes else None


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
