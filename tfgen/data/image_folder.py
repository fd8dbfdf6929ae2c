"""A folder of image files; sub-folders are classes, or splits with classes inside."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgen.data.caption_files import captions_of, read_captions
from tfgen.data.files import LIMIT_VARIABLE, check_regular, unpack_limit
from tfgen.data.source import DataInfo, Slice, Source
from tfgen.distributions import level_values

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}
_SPLITS = ("train", "valid", "validation", "test")
_CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3, "CMYK": 3, "YCbCr": 3, "LA": 4, "PA": 4, "RGBA": 4}


def open_images(path: Path, split: Slice, channels: int | None) -> Source:
    """Open one split of a folder of png, jpg, bmp or gif images (of a gif, the first picture).

    The images of a split are in the order of the SHA-256 of their paths inside the folder: fixed,
    and mixing the classes, so that every part of a split holds all of them. Sub-folders `train`,
    `test` (and `valid` or `validation`) are the splits; where there are none, the first 80% in this
    order are "train" and the rest is "test". Inside a split the sub-folders, sorted, are the
    classes; images directly in it have no label. Where the folder has captions (`read_captions`),
    those are the labels.

    Args:
        path: `pathlib.Path` of the folder.
        split: a `Slice`.
        channels: 1 or 3: read all images as grey or as RGB, transparent ones over white; None: as
            they are, which must be one of the two.
    Returns:
        `Source`, which can be read by index.
    Raises:
        ValueError: no images, no such split, a corrupt file, mixed sizes or channels, or an image
            without a caption where there are captions.
    """
    if not path.is_dir():
        raise ValueError(
            f"{path}: expected a folder, or a file of idx, .npz, .npy, .amat or .csv. "
            "Received: something else"
        )
    splits = _list_splits(path)
    files = splits[split.choose(splits, path)]
    if not files:
        raise ValueError(
            f"{path}: expected images (png, jpg, bmp, gif), or idx, .npz, .npy, .amat or .csv "
            f"files, in the split {split.name!r}. Received: none"
        )
    classes = {label for images in splits.values() for _, label in images}
    start, stop = split.bounds(len(files))
    paths = [file for file, _ in files[start:stop]]
    y, num_classes, captions = None, None, read_captions(path)
    if captions is not None:
        y = np.array(captions_of(paths, path, captions), str)
    elif None not in classes:
        number = {label: index for index, label in enumerate(sorted(classes))}
        y = np.array([number[label] for _, label in files[start:stop]], np.int64)
        num_classes = len(classes)
    shape = _common_shape(paths, channels)
    values = level_values(256)

    def arrays():
        x = np.empty((len(paths), *shape), np.float32)

        def fill(index):
            x[index] = values[read_image(paths[index], shape[-1])]

        with ThreadPoolExecutor() as pool:
            list(pool.map(fill, range(len(paths))))
        return x, y

    def read(index):
        image = tf.numpy_function(lambda i: read_image(paths[i], shape[-1]), [index], tf.uint8)
        image.set_shape(shape)
        label = tf.constant(-1, tf.int64) if y is None else tf.gather(y, index)
        return tf.gather(values, tf.cast(image, tf.int32)), label

    info = DataInfo(shape, 256, num_classes, len(paths))
    return Source(info, arrays, read=read, captions=None if captions is None else lambda: y)


def read_image(path: Path, channels: int) -> np.ndarray:
    """One image file as uint8 `[height, width, channels]`, for 1 (grey) or 3 (RGB) channels.

    Raises:
        ValueError: when the file does not decode, or unpacks to more than `unpack_limit()`; names
            it.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            # A file of a few bytes can hold any number of pixels.
            _check_size(image)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    except Exception as error:  # decoders raise many types: OSError, SyntaxError, struct.error
        raise ValueError(f"{path}: expected an image that decodes. Received: {error}") from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _check_size(image):
    """Refuses an image that is not yet decoded, and that would be too large as float32 RGB."""
    if 12 * image.width * image.height > unpack_limit():
        raise ValueError(
            f"{image.width} x {image.height} pixels, more than {unpack_limit():,} bytes of float32"
            f" RGB; set the environment variable {LIMIT_VARIABLE}, in bytes, to read it"
        )


def has_images(path: Path) -> bool:
    """Whether a folder holds image files, at any depth."""
    return any(True for _ in _image_files(path))


def image_splits(path: Path) -> tuple[str, ...]:
    """The names of the splits that `open_images` has, sorted."""
    return tuple(sorted(_list_splits(path)))


def _list_splits(path):
    """{split: [(file, class name or None), ...]}, each in the fixed order."""
    folders = {name: path / name for name in _SPLITS if (path / name).is_dir()}
    if folders:
        return {name: _list_images(folder) for name, folder in folders.items()}
    images = _list_images(path)
    cut = round(0.8 * len(images))
    return {"train": images[:cut], "test": images[cut:]}


def _list_images(folder):
    keyed = []
    for file, inside in _image_files(folder):
        key = hashlib.sha256(os.fsencode(inside.as_posix())).digest()
        keyed.append((key, file, inside.parts[0] if len(inside.parts) > 1 else None))
    return [(file, label) for _, file, label in sorted(keyed)]


def _image_files(folder):
    """Pairs of a file and its path inside the folder."""
    for file in folder.rglob("*"):
        inside = file.relative_to(folder)
        hidden = any(part.startswith((".", "__")) for part in inside.parts)
        if file.suffix.lower() in _SUFFIXES and not hidden:
            yield file, inside


def _common_shape(paths, channels):
    """(height, width, channels) of all the files, from their headers."""

    def header(path):
        from PIL import Image

        check_regular(path)
        try:
            with Image.open(path) as image:
                _check_size(image)
                if image.mode not in _CHANNELS:
                    raise ValueError(f"mode {image.mode!r}, which is not 8 bits a channel")
                found = 4 if image.has_transparency_data else _CHANNELS[image.mode]
                return (image.height, image.width), found
        except Exception as error:
            raise ValueError(f"{path}: expected an image file. Received: {error}") from error

    with ThreadPoolExecutor() as pool:
        headers = list(pool.map(header, paths))
    first_size, first_channels = headers[0]
    for path, (size, found) in zip(paths, headers, strict=True):
        if size != first_size:
            raise ValueError(
                f"expected images of one size, {first_size} (height, width) as {paths[0]}. "
                f"Received: {size} in {path}"
            )
        if channels is None and (found != first_channels or found == 4):
            raise ValueError(
                f"expected images of 1 or of 3 channels as in {paths[0]}; channels=1 or channels=3 "
                f"converts them. Received: {found} channels in {path}"
            )
    return (*first_size, channels or first_channels)
