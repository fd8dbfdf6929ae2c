"""A data set by its name or path: which reader opens it."""

import os
from pathlib import Path

from tfgen.data.array_files import array_splits, open_arrays
from tfgen.data.image_folder import image_splits, open_images
from tfgen.data.source import Slice, Source
from tfgen.data.tfds_source import open_tfds, tfds_splits


def open_source(
    name: str | os.PathLike,
    split: str,
    channels: int | None,
    data_dir: str | os.PathLike | None,
    labels: bool | str,
) -> Source:
    """Open one split of a data set.

    Args:
        name, split, channels, data_dir, labels: as in `tfgen.data.load`.
    Raises:
        As `tfgen.data.load`.
    """
    part = Slice.parse(split)
    source = _first(
        name,
        lambda known: open_tfds(known, part, channels, data_dir, labels),
        lambda path: _open_path(path, part, channels, labels),
    )
    if labels and source.info.num_classes is None and source.captions is None:
        raise ValueError(f"labels: expected a data set that has labels. Received: {str(name)!r}")
    return source


def _open_path(path, part, channels, labels):
    if isinstance(labels, str):
        raise ValueError(
            f"labels: expected True or False of {path}, whose labels have no names. Received:"
            f" {labels!r}"
        )
    return open_arrays(path, part, channels) or open_images(path, part, channels)


def splits(
    name: str | os.PathLike, *, data_dir: str | os.PathLike | None = None
) -> tuple[str, ...]:
    """The names of the splits of a data set, sorted; `("test", "train")` for the digits.

    Args:
        name, data_dir: as in `tfgen.data.load`.
    Raises:
        As `tfgen.data.load`.
    """
    return _first(
        name,
        lambda known: tfds_splits(known, data_dir),
        lambda path: array_splits(path) or image_splits(path),
    )


def _first(name, of_tfds, of_path):
    """What the reader of TFDS gives for the name, or else that of files for the path."""
    if not isinstance(name, (str, os.PathLike)):
        raise ValueError(f"data: expected a name or a path. Received: {name!r}")
    path = _existing(name)
    plain = isinstance(name, str) and not set(name) & {"/", os.sep} and name[:1] not in (".", "~")
    found = None
    if path is None or plain and path.is_dir():
        found = of_tfds(str(name))
    if found is None and path is None:
        raise ValueError(
            "data: expected 'digits', the name of a TFDS data set, or the path of a file or folder."
            f" Received: {str(name)!r}"
        )
    return of_path(path) if found is None else found


def _existing(name):
    """The path that the name is, or None."""
    try:
        # Not Path's own expansion, to which "./~" is the home, too.
        path = Path(os.path.expanduser(name))
        return path if str(name) and path.exists() else None
    except (OSError, ValueError):  # too long, a zero byte
        return None
