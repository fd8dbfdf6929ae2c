"""Builders of TensorFlow Datasets by their names, downloaded and prepared."""

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def prepared(name: str, data_dir: str | os.PathLike | None) -> Any:
    """The `tfds.core.DatasetBuilder` of a data set; None when TFDS does not know the name.

    The set is downloaded and prepared first where it is not yet, after the sets that its builder
    names in an attribute `made_of`. Preparing is atomic, also when several processes do it at once,
    and leaves nothing behind when it fails.

    Args:
        name: TFDS name, such as "mnist" or "mnist_corrupted/identity".
        data_dir: where prepared sets are kept; None: the usual folder of TFDS.
    Raises:
        ConnectionError: the set needs a download, and its server does not answer.
        OSError: the set could not be prepared, or `data_dir` cannot be written.
        ValueError: no such version or configuration, or broken files.
    """
    with quiet():
        import tensorflow_datasets as tfds

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
        for source in getattr(builder, "made_of", ()):
            prepared(source, data_dir)
        _prepare(builder)
        return tfds.builder(name, data_dir=data_dir)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and log lines of TFDS off the screen."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)


def _prepare(builder):
    """Download and prepare a data set, as `prepared` says."""
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
