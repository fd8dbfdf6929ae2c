"""A source of images or vectors from array files: idx, `.npz`, `.npy`, `.amat` and `.csv`."""

from pathlib import Path

import numpy as np

from tfgen.data.array_splits import WHOLE, find_splits
from tfgen.data.source import DataInfo, Slice, Source, check_images, check_labels, check_vectors

_TRAINING = 0.8  # of a data set without splits
_SMALLEST_SIDE = 8  # of images of real values that come as vectors: columns of tables are few


def open_arrays(path: Path, split: Slice, channels: int | None) -> Source | None:
    """Open one split of the array files at `path`; None when there are none.

    `path` is a file, or a folder of one kind of files:

    * idx, named as MNIST's are (`train-images-idx3-ubyte.gz`, ..., `t10k-labels-idx1-ubyte.gz`);
    * `.npz`, with arrays named by their splits: `x_train`, `y_train`, `X_valid`, `trainY`,
      `test_labels`, `train`, `validation`, `val_data` and the like;
    * `.amat`, `.npy` or `.csv`, with files so named, also after another name: `adult_train.amat`.
      The first line of a text may be a header. idx and texts may end in `.gz`.

    Arrays are images, `[n, height, width]` or `[n, height, width, 1 or 3]`, or vectors `[n, d]` of
    any finite values, which stand for themselves. But vectors of `.npz`, `.amat` and `.npy` whose
    length is a square are grey images where they are bool or uint8; or where those of the training
    split are so, or are all 0 or 1, or lie in [0, 1] and are of 8x8 or more.

    Where there is one array and no name of a split, 80% of it are "train" and the rest is "test":
    the first ones in the order `numpy.random.RandomState(0).permutation(n)`.

    Args:
        path: `pathlib.Path` of a folder or a file.
        split: a `Slice`.
        channels: 1 or 3: convert images (see `convert_channels`); None: as they are.
    Returns:
        `Source` without streaming, or None.
    Raises:
        ValueError: on a corrupt file, a missing split, or arrays that are no images or vectors.
    """
    splits = find_splits(path)
    if not splits:
        return None
    whole = splits.get(WHOLE)
    chosen = "train" if whole else split.choose(splits, path)
    examples, labels, _ = whole or splits[chosen]
    raw = examples.read()
    if _are_images(raw, chosen, splits):
        x = check_images(raw, examples.where, channels=channels)
        levels = 256 if raw.dtype == np.uint8 else _binary(x)
    else:
        x = check_vectors(raw, examples.where)
        if channels is not None:
            raise ValueError(f"channels: expected images. Received: vectors, {examples.where}")
        levels = _binary(x)
    y, num_classes = None, None
    if labels:
        y = _read_labels(labels, len(x), f"{examples.where} labels")
        others = [o.labels for o in splits.values() if o.labels and o.labels is not labels]
        every = [y, *(_read_labels(other) for other in others)]
        num_classes = 1 + max(int(other.max(initial=0)) for other in every)
    if whole:
        rows = _rows_of(split.choose(("train", "test"), path), len(x))
        x, y = x[rows], None if y is None else y[rows]
    start, stop = split.bounds(len(x))
    info = DataInfo(x.shape[1:], levels, num_classes, stop - start)
    return Source(info, lambda: (x[start:stop], None if y is None else y[start:stop]))


def array_splits(path: Path) -> tuple[str, ...]:
    """The names of the splits that `open_arrays` has, sorted; empty when there are no arrays."""
    splits = find_splits(path)
    return ("test", "train") if WHOLE in splits else tuple(sorted(splits))


def _rows_of(split, num_examples):
    """The examples of a split where the files name none."""
    # NumPy promises that the stream of this generator stays as it is.
    order = np.random.RandomState(0).permutation(num_examples)
    cut = round(_TRAINING * num_examples)
    return order[:cut] if split == "train" else order[cut:]


def _are_images(raw, chosen, splits):
    if raw.ndim != 2:
        return True
    side = round(raw.shape[1] ** 0.5)
    if side * side != raw.shape[1] or splits[chosen if chosen in splits else WHOLE].tabular:
        return False
    if _counts_levels(raw):
        return True
    if chosen != "train" and "train" in splits:
        raw = splits["train"].examples.read()
    if _counts_levels(raw):
        return True
    if not raw.size or raw.dtype.kind != "f":
        return False
    # False for NaN, too.
    in_range = bool(raw.min() >= 0 and raw.max() <= 1)
    return in_range and (side >= _SMALLEST_SIDE or _binary(raw) == 2)


def _counts_levels(raw):
    return raw.dtype in (bool, np.uint8)


def _binary(x):
    return 2 if np.logical_or(x == 0, x == 1).all() else None


def _read_labels(array, num_examples=None, where=None):
    labels = array.read()
    # A text has them as floats.
    if labels.dtype.kind == "b" or labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    return check_labels(labels, num_examples or len(labels), where or array.where)
