"""Mean and covariance of features that come in blocks."""

from collections.abc import Iterable
from typing import Self

import numpy as np
from scipy.linalg import blas

from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.features import FeatureFunction, check_features, extract

_ROWS = 1024  # of one product, which are held in double precision


class FeatureMoments:
    """Mean and covariance of features, in one pass, double precision and constant memory.

    The blocks' sums of squares about their own means are joined (Chan et al. 1983, Eq. 2.1), which
    loses no digits where the mean is large.

    Attributes:
        count: number of rows so far.
        mean: float64 `[d]`.

    Example:
        >>> moments = FeatureMoments().add([[0.0, 1.0]]).add([[2.0, 1.0]])
        >>> moments.mean.tolist(), moments.covariance.tolist()
        ([1.0, 1.0], [[2.0, 0.0], [0.0, 0.0]])
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: np.ndarray | None = None
        self._squares: np.ndarray | None = None

    @classmethod
    def of_images(
        cls, features: FeatureFunction, batches: Iterable[ArrayLike], *, batch_size: int = 500
    ) -> Self:
        """Of the features of images that come in batches, which are read once.

        Args:
            features: see `extract`.
            batches: arrays `[batch, height, width, channels]`, such as a `tf.data.Dataset`.
            batch_size: images of one call of the features.
        """
        moments = cls()
        for images in batches:
            moments.add(extract(features, images, batch_size=batch_size))
        return moments

    def add(self, features: ArrayLike) -> Self:
        """Takes a block of rows, `[n, d]`.

        Raises:
            ValueError: it is no such block (see `check_features`), or of another d.
        """
        features = check_features(features, "features", least=1)
        if self.mean is None:
            dim = features.shape[1]
            self.mean = np.zeros(dim)
            # The upper triangle alone, in BLAS's order, so that products are added in place.
            self._squares = np.zeros((dim, dim), order="F")
        if features.shape[1] != len(self.mean):
            raise ValueError(
                f"expected {len(self.mean)} features, as before. Received: shape {features.shape}"
            )
        for begin in range(0, len(features), _ROWS):
            self._add_block(features[begin : begin + _ROWS].astype("float64"))
        return self

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased, as `numpy.cov` has it: float64 `[d, d]`.

        Raises:
            ValueError: fewer than two rows were added.
        """
        if self.count < 2:
            raise ValueError(f"expected at least 2 rows of features. Received: {self.count}")
        covariance = self._squares + self._squares.T
        np.fill_diagonal(covariance, np.diagonal(self._squares))
        covariance /= self.count - 1
        return covariance

    def _add_block(self, block):
        mean = block.mean(axis=0)
        block -= mean
        total = self.count + len(block)
        shift = mean - self.mean
        self._squares = blas.dsyrk(1, block.T, beta=1, c=self._squares, overwrite_c=True)
        weight = self.count * len(block) / total
        self._squares = blas.dsyr(weight, shift, a=self._squares, overwrite_a=True)
        self.mean = self.mean + shift * (len(block) / total)
        self.count = total
