"""The page of a comparison: one HTML file that needs no network."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfgen.comparison.columns import COLUMNS, Row
from tfgen.comparison.pictures import learning_curves, scatter
from tfgen.training import RunFolder, read_history
from tfgen.training.files import replacing
from tfgen.training.pictures import data_url

_TEMPLATE = Path(__file__).with_name("page.html")


def write_page(
    rows: Sequence[Row],
    protocol: Sequence[str],
    runs: dict[str, RunFolder],
    figures: Path,
    path: str | os.PathLike,
) -> None:
    """Writes the table, which a click on a title sorts, and the pictures of all models.

    Args:
        rows: of a `Comparison`.
        protocol: its lines.
        runs: `{name: run}`, whose histories are drawn.
        figures: folder with `NAME/samples.png` and `NAME/nearest.png`.
        path: of the HTML file, which is whole or not there at all.
    """
    # Only this page needs it.
    from jinja2 import Environment

    histories = {
        name: read_history(run.history) for name, run in runs.items() if run.history.exists()
    }
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    # Why a model failed is said below the table.
    shown = [c for c in COLUMNS if c.title != "failed" and any(c.cell(row) for row in rows)]
    text = page.render(
        columns=shown,
        rows=[
            (row, [(column.cell(row), _sortable(column.value(row))) for column in shown])
            for row in rows
        ],
        failed=[row for row in rows if row.get("failed")],
        protocol=protocol,
        scatter=_inline(scatter([row for row in rows if "failed" not in row])),
        curves=_inline(learning_curves(histories)),
        models=[
            {
                "name": row["name"],
                "samples": _read(figures / row["name"] / "samples.png"),
                "nearest": _read(figures / row["name"] / "nearest.png"),
            }
            for row in rows
        ],
    )
    with replacing(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")


def _sortable(value: Any) -> Any:
    return "" if value is None else value


def _read(path):
    return data_url(path.read_bytes()) if path.exists() else None


def _inline(png):
    return None if png is None else data_url(png)
