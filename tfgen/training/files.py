"""Files that are whole or not there, and JSON that every reader takes."""

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[str]:
    """Gives a name to write to; the file takes the place of `path` when the block ends.

    The name has the ending of `path`. Where the block fails, `path` stays as it was.

    Args:
        path: name of the file.
    """
    stem, ending = os.path.splitext(os.fspath(path))
    partial = f"{stem}.partial{ending}"
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)


def json_text(value: Any) -> str:
    """The text of a JSON value; NaN and infinities, which JSON does not have, become null."""
    return json.dumps(_finite(value), indent=2, allow_nan=False)


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes `json_text(value)`, whole or not at all."""
    with replacing(path) as partial:
        Path(partial).write_text(json_text(value) + "\n")


def damaged(path: str | os.PathLike, error: Any, advice: str) -> ValueError:
    """The error that says that a file of a run cannot be read, and what to do."""
    said = str(error) or type(error).__name__
    return ValueError(
        f"expected {os.fspath(path)} as a run of this version wrote it: it is damaged, or another"
        f" version's; {advice}. Received: {said if len(said) < 300 else said[:300] + ' ...'}"
    )


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        return _finite(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
