"""The Frechet distance between two sets of features (Heusel et al. 2017)."""

import numpy as np
import scipy.linalg

from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.feature_moments import FeatureMoments


def frechet_distance(real: ArrayLike | FeatureMoments, fake: ArrayLike | FeatureMoments) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)), of Gaussians with the sets' moments.

    It is the squared 2-Wasserstein distance of the two Gaussians (Dowson & Landau 1982, Eq. 4), and
    with the features of InceptionV3 the "Frechet inception distance" of Heusel et al. (2017). The
    covariances are unbiased, as the usual packages have them; the figure is not: few images give a
    larger one, so that only figures of equally many images are to be compared.

    Args:
        real, fake: features, `[n, d]` and `[m, d]`, or their `FeatureMoments`.
    Returns:
        0 or more, in squared units of the features.
    Raises:
        ValueError: bad features, fewer than two rows, or different d.

    Example:
        >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
        9.0
    """
    real, fake = (
        each if isinstance(each, FeatureMoments) else FeatureMoments().add(each)
        for each in (real, fake)
    )
    covariances = real.covariance, fake.covariance
    if len(real.mean) != len(fake.mean):
        raise ValueError(
            "expected real and fake to have the same number of features. Received:"
            f" {len(real.mean)} and {len(fake.mean)}"
        )
    traces = sum(np.trace(covariance) for covariance in covariances)
    distance = np.sum((real.mean - fake.mean) ** 2) + traces - 2 * _trace_of_root(*covariances)
    return float(max(distance, 0.0))


def _trace_of_root(*covariances):
    """tr((C C')^(1/2)), the sum of the roots of the eigenvalues of C C'."""
    try:
        # Solves C C' v = lambda v by a Cholesky factor of C'. The driver "gv" is the fastest for
        # eigenvalues alone; transposed, the covariances are in LAPACK's order, which saves copies.
        first, second = (covariance.T for covariance in covariances)
        values = scipy.linalg.eigh(first, second, type=2, eigvals_only=True, driver="gv")
        return np.sum(np.sqrt(values[_counts(values)]))
    except np.linalg.LinAlgError:
        # The factors F F^T = C of covariances without an inverse: singular values of F^T F'.
        first, second = map(_factor, covariances)
        return np.sum(np.linalg.svd(first.T @ second, compute_uv=False))


def _factor(covariance):
    """F `[d, rank]` with C = F F^T."""
    values, vectors = np.linalg.eigh(covariance)
    kept = _counts(values)
    return vectors[:, kept] * np.sqrt(values[kept])


def _counts(values):
    """Which ascending eigenvalues are not 0: roots of zeros would be those of rounding errors."""
    return values > len(values) * np.finfo("float64").eps * max(values[-1], 0.0)
