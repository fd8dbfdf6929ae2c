"""`load`, `load_arrays` and `info`: any data set by its name or path."""

import functools
import os

import numpy as np
import tensorflow as tf

from tfgen.conditions import Captions
from tfgen.data.discretize import BINARIZE, quantize
from tfgen.data.discretize import binarize as binarize_images
from tfgen.data.epochs import (
    count_epochs,
    epoch_indices,
    gather_blocks,
    read_blocks,
    stream_blocks,
)
from tfgen.data.opening import open_source
from tfgen.data.source import DataInfo

_BLOCK = 1024  # images handled at once where the caller names no batch


def load(
    name: str | os.PathLike,
    split: str,
    *,
    batch_size: int | None = None,
    levels: int | None = None,
    binarize: str | None = None,
    labels: bool | str = False,
    shuffle: bool = True,
    seed: int = 0,
    epoch: int = 0,
    channels: int | None = None,
    data_dir: str | os.PathLike | None = None,
    memory_limit: int = 4 * 2**30,
) -> tf.data.Dataset:
    """A data set of float32 images in [0, 1], or of vectors, as a `tf.data.Dataset`.

    Every pass over it is one epoch: another order and other draws, both fixed by (seed, epoch). Its
    attribute `epoch_counter`, a `tf.Variable`, holds the number of the next pass, and may be
    assigned to resume. It is kept in memory, prefetched, and has a known cardinality.

    Args:
        name: "digits" (scikit-learn's 8x8 digits), "captioned_digits", "captioned_mnist"; a TFDS
            name, such as "mnist" or "cifar10"; the path of a folder of images (`open_images`); or
            of a file or folder of images or vectors as idx, `.npz`, `.npy`, `.amat` or `.csv`
            (`open_arrays`). A plain word means the TFDS set of that name before a folder.
        split: "train", "test", "valid" where there is one, or a part, "train[:90%]", "test[:100]".
        batch_size: examples in an element, the last one maybe fewer; None: one, without batch axis.
        levels: quantise to this many grey levels, level k being k / (levels - 1); None: as is.
        binarize: "threshold": 1 where x >= 0.5; "stochastic": Bernoulli(x), drawn anew every
            epoch, the draw of an image being fixed by (seed, epoch, index in the split); or None.
            Comes after `levels`.
        labels: give (image, label) in place of the image, label int64: what a model with
            `condition=Classes(info(name).num_classes)` is fitted on; or a text, where the set has
            captions, for `Captions(info(name).vocabulary, info(name).length)`. A TFDS set that has
            several labels takes the name of one.
        shuffle: False: always the stored order.
        seed: integer, fixes orders and draws.
        epoch: number of the first pass.
        channels: 1 or 3: convert images to grey or to colour (`convert_channels`); None: as is.
        data_dir: where prepared TFDS sets are kept; None: the usual folder of TFDS.
        memory_limit: bytes of float32 from which on a set is not kept in memory. Folders of images
            then give the same elements in the same order; TFDS sets shuffle in a buffer of that
            many bytes. Array files are always kept in memory.
    Returns:
        `tf.data.Dataset` of `event_shape` or `[batch, *event_shape]`, or of pairs with labels.
    Raises:
        ValueError: unknown name, split or `binarize`; a file or array that is not as it should be;
            `levels` or `binarize` for vectors that are not in [0, 1].
        ConnectionError: the data set needs a download and there is no network.
        OSError: `data_dir` cannot be written, or preparing failed.
    """
    if batch_size is not None:
        _check_integer("batch_size", batch_size, 1)
    _check_integer("memory_limit", memory_limit, 0)
    _check_options(levels, binarize, seed, epoch, channels)
    source = open_source(name, split, channels, data_dir, labels)
    n = source.info.num_examples
    image_bytes = 4 * int(np.prod(source.info.event_shape))
    block = batch_size or _BLOCK
    in_memory = n * image_bytes <= memory_limit or source.in_memory
    indices = functools.partial(epoch_indices, n, shuffle, seed)
    if in_memory:
        x, y = source.arrays()
        _check_range(x, levels, binarize, name)
        _quantize_in_place(x, levels)
        with tf.device("CPU:0"):
            x, y = tf.constant(x), tf.zeros(n, tf.int64) if y is None else tf.constant(y)
        blocks = lambda epoch: gather_blocks(x, y, indices(epoch), block)
    elif source.read:
        blocks = lambda epoch: read_blocks(source.read, indices(epoch), block)
    else:
        stored = source.stream()
        buffer_size = min(n, max(1, memory_limit // image_bytes)) if shuffle else None
        blocks = lambda epoch: stream_blocks(stored, buffer_size, seed, epoch, block)

    def examples(epoch):
        def finish(indices, x, y):
            if levels is not None and not in_memory:
                x = quantize(x, levels)
            x = binarize_images(x, binarize, seed=seed, epoch=epoch, indices=indices)
            return (x, y) if labels else x

        dataset = blocks(epoch).map(finish, tf.data.AUTOTUNE, deterministic=True)
        return dataset.unbatch() if batch_size is None else dataset

    return count_epochs(examples, n if batch_size is None else -(-n // batch_size), epoch)


def load_arrays(
    name: str | os.PathLike,
    split: str,
    *,
    batch_size: int | None = None,
    levels: int | None = None,
    binarize: str | None = None,
    labels: bool | str = False,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    channels: int | None = None,
    data_dir: str | os.PathLike | None = None,
    memory_limit: int = 4 * 2**30,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """A data set of float32 images in [0, 1], or of vectors, as NumPy arrays.

    The arguments are those of `load`. The arrays hold one epoch, number `epoch`: its draws, when
    `binarize` is "stochastic", and its order with `shuffle`, which is off by default because `fit`
    shuffles arrays.

    Args:
        batch_size, memory_limit: without effect, so that both functions take the same arguments:
            the arrays come whole.
    Returns:
        x `[n, *event_shape]`, float32; with `labels`, (x, y), y int64 or texts `[n]`.
    Raises:
        As `load`.
    """
    _check_options(levels, binarize, seed, epoch, channels)
    x, y = open_source(name, split, channels, data_dir, labels).arrays()
    _check_range(x, levels, binarize, name)
    _quantize_in_place(x, levels)
    with tf.device("CPU:0"):
        for rows in _row_blocks(x) if binarize else ():
            x[rows] = binarize_images(
                x[rows], binarize, seed=seed, epoch=epoch, indices=np.arange(len(x))[rows]
            )
        if shuffle:
            indices = epoch_indices(len(x), shuffle, seed, epoch).numpy()
            x, y = x[indices], None if y is None else y[indices]
    return (x, y) if labels else x


def info(
    name: str | os.PathLike,
    split: str = "train",
    *,
    channels: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> DataInfo:
    """Facts of a data set.

    Args:
        name, split, channels, data_dir: as in `load`.
    Returns:
        `DataInfo`.
    Raises:
        As `load`.
    """
    _check_options(None, None, 0, 0, channels)
    source = open_source(name, split, channels, data_dir, labels=False)
    if source.captions is None:
        return source.info
    captions = Captions.from_corpus(source.captions())
    return source.info._replace(vocabulary=captions.vocabulary, length=captions.length)


def _check_range(x, levels, binarize, name):
    if (levels is None and binarize is None) or x.ndim == 4:
        return
    if x.min() < 0 or x.max() > 1:
        raise ValueError(
            f"{name}: expected values in [0, 1] for a model of binary values or levels; real ones "
            f"are for RNADE and the like. Received: {x.min():g} to {x.max():g}"
        )


def _quantize_in_place(x, levels):
    with tf.device("CPU:0"):
        for rows in _row_blocks(x) if levels is not None else ():
            x[rows] = quantize(x[rows], levels)


def _row_blocks(x):
    return (slice(start, start + _BLOCK) for start in range(0, len(x), _BLOCK))


def _check_options(levels, binarize, seed, epoch, channels):
    if levels is not None:
        _check_integer("levels", levels, 2)
    if binarize not in BINARIZE:
        raise ValueError(f"binarize: expected one of {BINARIZE}. Received: {binarize!r}")
    if channels not in (None, 1, 3):
        raise ValueError(f"channels: expected 1, 3 or None. Received: {channels!r}")
    _check_integer("seed", seed)
    _check_integer("epoch", epoch, 0)


def _check_integer(name, value, smallest=None):
    integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not integer or (smallest is not None and value < smallest):
        least = "" if smallest is None else f" of at least {smallest}"
        raise ValueError(f"{name}: expected an integer{least}. Received: {value!r}")
