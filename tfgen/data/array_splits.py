"""Which arrays a file or a folder holds, and which split each of them is."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgen.data.files import check_regular
from tfgen.data.idx_files import read_idx
from tfgen.data.image_folder import has_images
from tfgen.data.numpy_files import npz_keys, read_npy, read_npz
from tfgen.data.split_names import SplitName, read_name
from tfgen.data.text_files import read_text

WHOLE = "whole"
_IDX = re.compile(
    r"(?P<split>train|t10k|test|valid|validation)-(?P<what>images|labels)"
    r"[-.]idx\d-ubyte(\.gz)?"
)
_TEXT = re.compile(r"(?P<stem>.*)\.(?P<kind>csv|amat)(\.gz)?", re.IGNORECASE)


class Array(NamedTuple):
    """One array, not read yet.

    Attributes:
        where: its file, and its name in it.
        name: what `where` says.
        read: () -> the array.
    """

    where: str
    name: SplitName
    read: Callable[[], np.ndarray]


class Split(NamedTuple):
    """The arrays of one split.

    Attributes:
        examples: images or vectors.
        labels: their labels, or None.
        tabular: whether they come from a `.csv` file, whose lines are no images.
    """

    examples: Array
    labels: Array | None = None
    tabular: bool = False


def find_splits(path: Path) -> dict[str, Split]:
    """The splits of the array files at `path`, a file or a folder; empty when there are none.

    Of the kinds idx, `.npz`, `.amat`, `.npy` and `.csv`, the first one with a name of a split
    counts; without any such name, one single array is the whole data set, `{WHOLE: Split}`.

    Raises:
        ValueError: two arrays of one split, several without a split, files that are no files, or
            images beside files of `.npy` or `.csv`.
    """
    kinds = {"idx": [], "npz": [], "amat": [], "npy": [], "csv": []}
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if not file.name.startswith("."):
            _add_arrays(kinds, file, read_labels=path.is_dir())
    for kind, arrays in kinds.items():
        splits = _named_splits(arrays, kind)
        if splits:
            if kind in ("npy", "csv") and path.is_dir() and has_images(path):
                where = next(iter(splits.values())).examples.where
                raise ValueError(
                    f"{path}: expected images, or arrays. Received: images beside {where}"
                )
            return splits
    if not any(kinds.values()) or path.is_dir() and has_images(path):
        return {}
    return {WHOLE: _whole(kinds)}


def _add_arrays(kinds, file, read_labels):
    """Adds the arrays of one file to those of its kind."""
    idx, text = _IDX.fullmatch(file.name), _TEXT.fullmatch(file.name)
    suffix = file.suffix.lower()
    if not idx and not text and suffix not in (".npz", ".npy"):
        return
    check_regular(file)
    add = lambda kind, *array: kinds[kind].append(Array(*array))
    if idx:
        name = read_name(f"{idx['split']}_{idx['what']}")
        add("idx", str(file), name, functools.partial(read_idx, file))
    elif text:
        name = read_name(text["stem"], prefix=True)
        add(text["kind"].lower(), str(file), name, functools.partial(read_text, file))
    elif suffix == ".npy":
        name = read_name(file.stem, prefix=True)
        add("npy", str(file), name, functools.partial(read_npy, file))
    else:
        for key in npz_keys(file):
            where, read = f"{file}[{key!r}]", functools.partial(read_npz, file, key)
            add("npz", where, read_name(key), read)


def _named_splits(arrays, kind):
    found = {"x": {}, "y": {}}
    for array in arrays:
        split, role = array.name
        if split is None:
            continue
        if split in found[role]:
            what = "images or vectors" if role == "x" else "labels"
            raise ValueError(
                f"expected one array of the {split!r} {what}. "
                f"Received: {found[role][split].where} and {array.where}"
            )
        found[role][split] = array
    tabular = kind == "csv"
    return {s: Split(x, found["y"].get(s), tabular) for s, x in found["x"].items()}


def _whole(kinds):
    # Beside an archive's examples there may be more, such as the names of the columns.
    inside = [array for array in kinds["npz"] if array.name.role is None]
    arrays = [array for each in kinds.values() for array in each]
    labels = [array for array in arrays if array.name.role == "y"]
    examples = [array for array in arrays if array not in labels and array not in inside] or inside
    if len(examples) != 1 or len(labels) > 1:
        raise ValueError(
            "expected one array of examples, or arrays that are named by their split, as x_train, "
            "y_train, x_valid, x_test. Received: " + ", ".join(array.where for array in arrays)
        )
    return Split(examples[0], labels[0] if labels else None, examples[0] in kinds["csv"])
