"""Which training image each generated one is nearest to, and whether that is a copy."""

from typing import NamedTuple

import numpy as np

from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.features import check_features
from tfgen.evaluation.fidelity.neighbours import common_rows, nearest


class TrainingNeighbours(NamedTuple):
    """See `training_neighbours`.

    Attributes:
        indices: int `[n]`, of the nearest training image of each generated one.
        distances: float `[n]`, to it, as a multiple of the median of real test images: 1 is
            usual, 0 a copy.
        closer: share of the pairs of a generated and a test image in which the generated one is
            nearer to the training images (a tie counts half): around 0.5 where nothing is copied,
            1 where all is; below 0.5 where generated images are like no real ones.
        suspicious: share of generated images that are nearer to a training image than 99 of 100
            test images are: around 0.01 where nothing is copied.
    """

    indices: np.ndarray
    distances: np.ndarray
    closer: float
    suspicious: float


def training_neighbours(
    training: ArrayLike, fake: ArrayLike, test: ArrayLike
) -> TrainingNeighbours:
    """Distances of generated images to the nearest training images, beside those of real ones.

    A model that copies gives images that are nearer to the training images than images that
    nobody trained on; `closer` is the statistic of Mann and Whitney, as Meehan et al. (2020,
    section 3) take it for a test of copying.

    Args:
        training: features of the images that the model was trained on, `[n, d]`; or their pixels,
            `[n, height, width, channels]`.
        fake: those of generated images.
        test: those of real images that the model was not trained on.
    Returns:
        `TrainingNeighbours`.
    Raises:
        ValueError: bad features, or different numbers of them.

    Example:
        >>> random = np.random.default_rng(0)
        >>> training, test = random.normal(size=(2, 200, 2))
        >>> training_neighbours(training, training[:50] + 1e-3, test).closer > 0.9
        True
    """
    named = {"training": training, "fake": fake, "test": test}
    rows = {name: check_features(_flat(value), name, least=1) for name, value in named.items()}
    if len({each.shape[1] for each in rows.values()}) > 1:
        raise ValueError(
            "expected training, fake and test to have the same number of features. Received:"
            f" shapes {', '.join(str(each.shape) for each in rows.values())}"
        )
    (training, fake, test), scale = common_rows(*rows.values())
    indices, squares = nearest(fake, training)
    _, test_squares = nearest(test, training)
    distances, usual = scale * np.sqrt(squares), scale * np.sqrt(test_squares)
    order = np.sort(usual)
    # Of test images that are farther, and of those at the same distance.
    below, up_to = (np.searchsorted(order, distances, side) for side in ("left", "right"))
    closer = 1 - (below + up_to) / (2 * len(order))
    median = np.median(usual)
    return TrainingNeighbours(
        indices,
        distances / (median if median > 0 else 1.0),
        float(np.mean(closer)),
        float(np.mean(distances < np.quantile(usual, 0.01))),
    )


def _flat(x):
    x = np.asarray(x)
    return x.reshape(len(x), -1) if x.ndim > 2 else x
