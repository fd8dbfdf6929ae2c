"""TensorFlow Datasets as a source: the digits, and whatever TFDS knows by name."""

import contextlib
import os

import numpy as np
import tensorflow as tf

from tfgen.data.channels import convert_tensor
from tfgen.data.source import DataInfo, Slice, Source, check_images
from tfgen.data.tfds_builders import prepared, quiet
from tfgen.distributions import level_values

# Sets whose uint8 images are levels, not 8 bits.
_LEVELS = {"digits": 17, "binarized_mnist": 2}


def open_tfds(
    name: str,
    split: Slice,
    channels: int | None,
    data_dir: str | os.PathLike | None,
    labels: bool | str = True,
) -> Source | None:
    """Open one split of a TFDS data set; None when TFDS does not know the name.

    The set is downloaded and prepared first where it is not yet. Preparing is atomic, also when
    several processes do it at once, and leaves nothing behind when it fails.

    Args:
        name: TFDS name, such as "mnist" or "mnist_corrupted/identity".
        split: a `Slice`.
        channels: 1 or 3: convert the images (see `convert_channels`); None: as they are.
        data_dir: where prepared sets are kept; None: the usual folder of TFDS.
        labels: the name of the feature that y is; otherwise the one label that there is, or "label"
            of several; or else the captions.
    Returns:
        `Source`, which can be streamed, or None.
    Raises:
        ConnectionError: the set needs a download, and its server does not answer.
        OSError: the set could not be prepared, or `data_dir` cannot be written.
        ValueError: no such split or label, no images of one size and of 1 or 3 channels.
    """
    import tensorflow_datasets as tfds

    builder = _builder(name, data_dir)
    if builder is None:
        return None
    with quiet(), _naming(builder):
        image, label = _feature_names(builder, labels)
        shape = builder.info.features[image].shape
        if None in shape or shape[-1] not in (1, 3):
            raise ValueError(
                f"{name}: expected images of one size with 1 or 3 channels. Received: shape {shape}"
            )
        chosen = split.choose(list(builder.info.splits), name)
        start, stop = split.bounds(builder.info.splits[chosen].num_examples)
        dtype = np.dtype(builder.info.features[image].np_dtype)
        levels = _LEVELS.get(builder.name, 256) if dtype == np.uint8 else None
        has_texts = bool(label) and isinstance(builder.info.features[label], tfds.features.Text)
        has_classes = bool(label) and not has_texts
        num_classes = builder.info.features[label].num_classes if has_classes else None

    def read(*features):
        with quiet():
            return builder.as_dataset(
                split=f"{chosen}[{start}:{stop}]",
                decoders=tfds.decode.PartialDecoding({feature: True for feature in features}),
                read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
            )

    def read_all():
        rows = read(image, label) if label else read(image)
        return rows.map(
            lambda row: (row[image], row[label] if label else tf.constant(-1, tf.int64))
        )

    def arrays():
        x = np.empty((stop - start, *shape), dtype)
        y = np.empty(stop - start, object if has_texts else np.int64)
        with _naming(builder):
            for index, (block, labels) in enumerate(read_all().batch(1024).as_numpy_iterator()):
                rows = slice(1024 * index, 1024 * index + len(block))
                x[rows], y[rows] = block, labels
        x = check_images(x, name, levels or 256, channels)
        return x, _decoded(y) if has_texts else y if label else None

    def captions():
        with _naming(builder):
            blocks = read(label).batch(1024).as_numpy_iterator()
            return _decoded(np.concatenate([block[label] for block in blocks]))

    def stream():
        values = level_values(levels or 256)

        def convert(x, y):
            x = convert_tensor(x, channels or shape[-1])
            return (
                tf.gather(values, tf.cast(x, tf.int32)) if levels else tf.cast(x, tf.float32)
            ), y

        return read_all().map(convert)

    event_shape = (*shape[:-1], channels or shape[-1])
    info = DataInfo(event_shape, levels, num_classes, stop - start)
    return Source(info, arrays, stream=stream, captions=captions if has_texts else None)


def tfds_splits(name: str, data_dir: str | os.PathLike | None) -> tuple[str, ...] | None:
    """The names of the splits of a TFDS data set, sorted; None when TFDS does not know the name.

    Args:
        name, data_dir: as in `open_tfds`; also prepares the set.
    Raises:
        As `open_tfds`.
    """
    builder = _builder(name, data_dir)
    return None if builder is None else tuple(sorted(builder.info.splits))


def _builder(name, data_dir):
    """The builder of a prepared data set; None when TFDS does not know the name."""
    with quiet():
        # They register our own sets with TFDS.
        import tfgen.data.captioned
        import tfgen.data.digits  # noqa: F401
    return prepared(name, data_dir)


@contextlib.contextmanager
def _naming(builder):
    """Turns what reading broken files raises into a ValueError that names their folder."""
    try:
        yield
    except (ValueError, OSError):
        raise
    except Exception as error:  # TFDS, TensorFlow and protobuf raise types of their own
        raise ValueError(
            f"{builder.data_path}: expected a prepared TFDS data set that reads; remove the folder "
            f"to prepare it again. Received: {' '.join(str(error).split())}"
        ) from error


def _feature_names(builder, labels):
    """The image feature, and the feature that y is or None."""
    import tensorflow_datasets as tfds

    features = dict(getattr(builder.info.features, "items", dict)())

    def choose(kind, usual):
        names = [key for key, feature in features.items() if isinstance(feature, kind)]
        return usual if usual in names else names[0] if len(names) == 1 else None

    image = choose(tfds.features.Image, "image")
    if image is None:
        raise ValueError(
            f"{builder.name}: expected a data set with one image feature. "
            f"Received: {sorted(features)}"
        )
    classes, texts = tfds.features.ClassLabel, tfds.features.Text
    if not isinstance(labels, str):
        return image, choose(classes, "label") or choose(texts, "caption")
    usable = [key for key, feature in features.items() if isinstance(feature, (classes, texts))]
    if labels not in usable:
        raise ValueError(
            f"labels: expected one of those that {builder.name} has, {sorted(usable)}."
            f" Received: {labels!r}"
        )
    return image, labels


def _decoded(texts):
    return np.array([text.decode() for text in texts], str)
