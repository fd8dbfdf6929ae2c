"""TensorFlow Datasets as a source: the digits, and whatever TFDS knows by name."""

import contextlib
import io
import logging
import os
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgen.data.channels import convert_tensor
from tfgen.data.source import DataInfo, Slice, Source, check_images
from tfgen.distributions import level_values

# Sets whose uint8 images are levels, not 8 bits.
_LEVELS = {"digits": 17, "binarized_mnist": 2}


def open_tfds(
    name: str, split: Slice, channels: int | None, data_dir: str | os.PathLike | None
) -> Source | None:
    """Open one split of a TFDS data set; None when TFDS does not know the name.

    The set is downloaded and prepared first where it is not yet. Preparing is atomic, also when
    several processes do it at once, and leaves nothing behind when it fails.

    Args:
        name: TFDS name, such as "mnist" or "mnist_corrupted/identity".
        split: a `Slice`.
        channels: 1 or 3: convert the images (see `convert_channels`); None: as they are.
        data_dir: where prepared sets are kept; None: the usual folder of TFDS.
    Returns:
        `Source`, which can be streamed, or None.
    Raises:
        ConnectionError: the set needs a download, and its server does not answer.
        OSError: the set could not be prepared, or `data_dir` cannot be written.
        ValueError: no such split, no images of one size and of 1 or 3 channels.
    """
    import tensorflow_datasets as tfds

    builder = _prepared(name, data_dir)
    if builder is None:
        return None
    with _quiet(), _naming(builder):
        image, label = _feature_names(builder)
        shape = builder.info.features[image].shape
        if None in shape or shape[-1] not in (1, 3):
            raise ValueError(
                f"{name}: expected images of one size with 1 or 3 channels. Received: shape {shape}"
            )
        chosen = split.choose(list(builder.info.splits), name)
        start, stop = split.bounds(builder.info.splits[chosen].num_examples)
        dtype = np.dtype(builder.info.features[image].np_dtype)
        levels = _LEVELS.get(builder.name, 256) if dtype == np.uint8 else None
        num_classes = builder.info.features[label].num_classes if label else None

    def read_all():
        with _quiet():
            return builder.as_dataset(
                split=f"{chosen}[{start}:{stop}]",
                decoders=tfds.decode.PartialDecoding({key: True for key in (image, label) if key}),
                read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
            ).map(lambda row: (row[image], row[label] if label else tf.constant(-1, tf.int64)))

    def arrays():
        x = np.empty((stop - start, *shape), dtype)
        y = np.empty(stop - start, np.int64)
        with _naming(builder):
            for index, (block, labels) in enumerate(read_all().batch(1024).as_numpy_iterator()):
                rows = slice(1024 * index, 1024 * index + len(block))
                x[rows], y[rows] = block, labels
        return check_images(x, name, levels or 256, channels), y if label else None

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
    return Source(info, arrays, stream=stream)


def tfds_splits(name: str, data_dir: str | os.PathLike | None) -> tuple[str, ...] | None:
    """The names of the splits of a TFDS data set, sorted; None when TFDS does not know the name.

    Args:
        name, data_dir: as in `open_tfds`; also prepares the set.
    Raises:
        As `open_tfds`.
    """
    builder = _prepared(name, data_dir)
    return None if builder is None else tuple(sorted(builder.info.splits))


def _prepared(name, data_dir):
    """The builder of a prepared data set; None when TFDS does not know the name."""
    with _quiet():
        import tensorflow_datasets as tfds

        import tfgen.data.digits  # noqa: F401 (registers the digits with TFDS)

        try:
            builder = tfds.builder(name, data_dir=data_dir)
            if builder.data_path.exists():
                return builder
        except ValueError:
            return None
        except Exception as error:  # of versions, configurations, namespaces, broken files
            raise ValueError(
                "data: expected the name of a TFDS data set that can be opened, in a version and a "
                f"configuration that exist. Received: {name!r} ({' '.join(str(error).split())})"
            ) from error
        _prepare(builder)
        return tfds.builder(name, data_dir=data_dir)


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


def _feature_names(builder):
    """The image feature, and the label feature or None."""
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
    return image, choose(tfds.features.ClassLabel, "label")


def _prepare(builder):
    """Download and prepare a data set, as `open_tfds` says."""
    import tensorflow_datasets as tfds

    root = Path(builder.data_dir_root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        downloads = tempfile.TemporaryDirectory(dir=root, prefix="incomplete.")
    except OSError as error:
        raise OSError(
            f"expected a data_dir that can be written; pass data_dir=, or set TFDS_DATA_DIR. "
            f"Received: {root} ({error.strerror})"
        ) from error
    with downloads:
        manual_dir = root / "downloads" / "manual"
        config = tfds.download.DownloadConfig(manual_dir=manual_dir)
        try:
            if not manual_dir.exists():
                _check_server(builder)
            builder.download_and_prepare(download_dir=downloads.name, download_config=config)
        except Exception as error:  # TFDS raises many types: of requests, of its own, of Beam
            if Path(builder.data_dir).exists():
                return  # another process was first
            with contextlib.suppress(OSError):
                Path(builder.data_dir).parent.rmdir()
            kind = ConnectionError if isinstance(error, ConnectionError) else OSError
            raise kind(
                f"could not download and prepare the TFDS data set {builder.name!r}. Without a "
                f"network, copy {root / builder.name} from a machine where it is prepared, or give "
                "a folder of images or of idx, .npz, .npy, .amat or .csv files in place of the "
                f"name. Received: {' '.join(str(error).split())}"
            ) from error


def _check_server(builder):
    """Ask the first server once, because TFDS retries an unreachable one for minutes."""
    import requests

    for url in list(builder.url_infos or ())[:1]:
        try:
            requests.get(url, stream=True, timeout=15).close()
        except (requests.ConnectionError, requests.Timeout) as error:
            raise ConnectionError(f"no answer from {url} ({type(error).__name__})") from error
        except requests.RequestException:
            return  # not a matter of the network; TFDS will say what it is


@contextlib.contextmanager
def _quiet():
    """Keep the progress bars and log lines of TFDS off the screen."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)
