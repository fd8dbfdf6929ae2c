"""Features of images: what computes them, what that is called, and the check of what comes out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfgen.core import check_count
from tfgen.core.typing import ArrayLike

FeatureFunction = Callable[[np.ndarray], ArrayLike]


def extract(features: FeatureFunction, images: ArrayLike, *, batch_size: int = 500) -> np.ndarray:
    """Features of images, a batch at a time.

    Args:
        features: a `Judge`, `InceptionFeatures()`, or any callable from a batch of images to an
            array `[batch, d]`; one of higher rank is flattened.
        images: `[n, height, width, channels]`, float32 in [0, 1].
        batch_size: images of one call.
    Returns:
        float32 `[n, d]`.
    Raises:
        ValueError: no images, or features that are not finite or not one row for each image.
    """
    check_count(batch_size, "batch_size")
    images = images if hasattr(images, "shape") else np.asarray(images)
    if len(images.shape) == 0 or not len(images):
        raise ValueError(f"expected at least one image. Received: shape {tuple(images.shape)}")
    blocks = []
    for begin in range(0, len(images), batch_size):
        batch = images[begin : begin + batch_size]
        rows = np.asarray(features(batch), "float32")
        if rows.ndim < 2 or len(rows) != len(batch):
            raise ValueError(
                f"expected features [{len(batch)}, d] of {len(batch)} images. Received: shape"
                f" {rows.shape}"
            )
        blocks.append(rows.reshape(len(rows), -1))
    return check_features(np.concatenate(blocks), "the features", least=1)


def description_of(features: FeatureFunction) -> str:
    """What features are called in results: their `description`, or the callable's own name."""
    said = getattr(features, "description", None) or getattr(features, "__name__", None)
    return said or getattr(features, "name", None) or repr(features)


def check_features(x: Any, name: str, *, least: int = 2) -> np.ndarray:
    """Checks an array of features, and gives it as floating point.

    Args:
        x: `[n, d]`, numbers.
        name: what the messages call it.
        least: how many rows there have to be.
    Raises:
        ValueError: another rank or dtype, too few rows, no columns, NaN or infinity.
    """
    try:
        x = np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected {name} to be an array [n, d]. Received: {error}") from error
    if x.dtype.kind not in "biuf":
        raise ValueError(f"expected {name} to be numbers. Received: dtype {x.dtype}")
    if x.ndim != 2 or len(x) < least or not x.shape[1]:
        raise ValueError(
            f"expected {name} of shape [n, d], n at least {least}. Received: shape {x.shape}"
        )
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        x = x.astype("float32" if x.dtype.kind == "f" else "float64")
    if not np.isfinite(x).all():
        raise ValueError(
            f"expected {name} to be finite. Received: {np.sum(~np.isfinite(x))} values of NaN or"
            f" infinity in shape {x.shape}"
        )
    return x


def check_pair(real: Any, fake: Any, *, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Checks the features of real and of generated images, `[n, d]` and `[m, d]`.

    Raises:
        ValueError: as `check_features`, or different numbers of features.
    """
    real, fake = (
        check_features(real, "real", least=least),
        check_features(fake, "fake", least=least),
    )
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            "expected real and fake to have the same number of features. Received: shapes"
            f" {real.shape} and {fake.shape}"
        )
    return real, fake
