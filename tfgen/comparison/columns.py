"""The table of a comparison: its columns, in the terminal and as CSV."""

import csv
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfgen.training.files import replacing

Row = dict[str, Any]


class Column(NamedTuple):
    """A column of the table.

    Attributes:
        title: with the unit.
        meaning: one line, for whoever asks what the title means.
        value: of a row: a number, a text, or None where the row has none.
        text: the number as the table shows it.
        in_terminal: whether the terminal shows it, too.
    """

    title: str
    meaning: str
    value: Callable[[Row], Any]
    text: Callable[[Any], str] = str
    in_terminal: bool = True

    def cell(self, row: Row) -> str:
        """What the table shows of a row."""
        value = self.value(row)
        return "" if value is None else self.text(value)


def _fixed(digits):
    return lambda value: f"{value:,.{digits}f}"


def _rounded(value):
    """Three digits that count."""
    if not value or not math.isfinite(value):
        return str(value)
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _likelihood(name):
    return lambda row: (row.get("likelihood") or {}).get(name)


def _fidelity(name):
    return lambda row: (row.get("fidelity") or {}).get(name)


def kind_of(row: Row) -> str | None:
    """How the likelihood was found, and of how many levels: only alike kinds can be compared."""
    kind, levels = _likelihood("kind")(row), row.get("levels")
    if kind is None:
        return None
    return f"{kind}, {levels} levels" if levels else f"{kind}, continuous"


COLUMNS = (
    Column("name", "model, or folder of a run", lambda row: row["name"]),
    Column(
        "density", "what the model knows of p(x)", lambda row: row.get("density"), in_terminal=False
    ),
    Column("nats", "mean ln p(x) of test examples, or its bound", _likelihood("mean"), _fixed(2)),
    Column("+-", "standard error of the nats", _likelihood("standard_error"), _fixed(2)),
    Column("kind", "how the nats were found: only equal kinds can be compared", kind_of),
    Column("bits/dim", "code length of a value", _likelihood("bits_per_dim"), _fixed(3)),
    Column("FD", "Frechet distance to the test images", _fidelity("frechet_distance"), _rounded),
    Column("KID", "kernel distance", _fidelity("kernel_distance"), _rounded, False),
    Column("precision", "share like real images", _fidelity("precision"), _fixed(2), False),
    Column("recall", "share of real images that it covers", _fidelity("recall"), _fixed(2), False),
    Column("PRDC density", "real neighbours of a sample", _fidelity("density"), _fixed(2), False),
    Column("coverage", "real images with a near sample", _fidelity("coverage"), _fixed(2), False),
    Column("label right", "of the class asked for", _fidelity("label_accuracy"), _fixed(3)),
    Column(
        "copies",
        "share nearer to a training image than 99 of 100 test images are",
        _fidelity("suspiciously_close"),
        _fixed(3),
        False,
    ),
    Column("parameters", "free ones", lambda row: row.get("num_parameters"), "{:,}".format, False),
    Column("epochs", "of training", lambda row: row.get("epochs"), "{:,}".format, False),
    Column("seconds", "of training steps", lambda row: row.get("seconds"), _fixed(0), False),
    Column("images/s", "of training", lambda row: row.get("images_per_second"), _fixed(0)),
    Column(
        "s per 100",
        "seconds of 100 samples",
        lambda row: row.get("seconds_of_100_samples"),
        _rounded,
    ),
    Column(
        "SavedModel, MB",
        "size of the folder",
        lambda row: None if (size := row.get("saved_model_bytes")) is None else size / 1e6,
        _fixed(1),
        False,
    ),
    Column("failed", "why there are no figures", lambda row: row.get("failed"), in_terminal=False),
)


def show_table(rows: Sequence[Row], protocol: Sequence[str]) -> None:
    """Writes the table to the terminal, below it why rows are empty, and the protocol.

    Args:
        rows: of a `Comparison`.
        protocol: its lines.
    """
    # As slow to import as the table is to draw, and only the terminal needs it.
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console, table = Console(), Table(box=SIMPLE, padding=(0, 1, 0, 0))
    shown = [c for c in COLUMNS if c.in_terminal and any(c.cell(row) for row in rows)]
    for column in shown:
        left = column.text is str
        title = column.title.replace(" ", "\n")
        wraps = column.title == "kind"
        table.add_column(title, justify="left" if left else "right", no_wrap=not wraps)
    for row in rows:
        table.add_row(*(escape(column.cell(row)) for column in shown))
    console.print(table)
    for row in rows:
        if row.get("failed"):
            console.print(escape(f"{row['name']}: {row['failed']}"), highlight=False)
    for line in protocol:
        console.print(escape(line), highlight=False)


def write_csv(rows: Sequence[Row], path: str | os.PathLike) -> None:
    """Writes the table as CSV, numbers in full.

    Args:
        rows: of a `Comparison`.
        path: of the file, which is whole or not there at all.
    """
    with replacing(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column.title for column in COLUMNS])
        writer.writerows([[column.value(row) for column in COLUMNS] for row in rows])
