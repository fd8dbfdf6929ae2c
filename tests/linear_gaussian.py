"""The model x = W z + m + noise: p(x), p(z | x) and p(x_a | x_b) are normal and known.

Bishop (2006), section 12.2.
"""

import numpy as np
from scipy import stats

from tfgen import VAE
from tfgen.distributions import Normal, StandardNormal
from tfgen.networks import mlp

D, K, NOISE = 5, 2, 0.5
_RANDOM = np.random.default_rng(0)
W, M = _RANDOM.normal(size=(D, K)), _RANDOM.normal(size=D)
COVARIANCE = W @ W.T + NOISE**2 * np.eye(D)
PRECISION = np.eye(K) + W.T @ W / NOISE**2  # of p(z | x)
X = (_RANDOM.normal(size=(7, K)) @ W.T + M + NOISE * _RANDOM.normal(size=(7, D))).astype("f")
EXACT = stats.multivariate_normal(M, COVARIANCE).logpdf(X)
# z along these axes is independent given x, so that a diagonal q can be exact.
AXES = np.linalg.eigh(PRECISION)[1]


def linear_gaussian(rotation=np.eye(K), *, shift=0.0, stretch=1.0, **kwargs):
    """The VAE of z' = rotation^T z, whose q has the means and variances of the posterior.

    Args:
        rotation: `AXES` makes q exact.
        shift: added to the means of q, which makes it worse.
        stretch: factor on the standard deviations of q.
    """
    W_rotated = W @ rotation
    model = VAE(
        encoder=mlp((D,), (), (2 * K,)),
        decoder=mlp((K,), (), (D,)),
        prior=StandardNormal(K),
        likelihood=Normal(scale=NOISE),
        **kwargs,
    )
    model.decoder.set_weights([W_rotated.T, M])
    covariance = np.linalg.inv(rotation.T @ PRECISION @ rotation)
    gain = covariance @ W_rotated.T / NOISE**2
    # Parameters of one dimension stand side by side: its mean and its raw scale.
    kernel, bias = np.zeros((D, K, 2)), np.zeros((K, 2))
    kernel[..., 0], bias[:, 0] = gain.T, shift - gain @ M
    scale = stretch * np.sqrt(np.diag(covariance))
    bias[:, 1] = np.log(np.expm1(scale - model.posterior.min_scale))
    model.encoder.set_weights([kernel.reshape(D, 2 * K), bias.reshape(-1)])
    return model


def posterior(x, rotation=np.eye(K)):
    """Mean `[n, K]` and covariance `[K, K]` of p(z | x)."""
    covariance = np.linalg.inv(rotation.T @ PRECISION @ rotation)
    return (x - M) @ (W @ rotation) @ covariance / NOISE**2, covariance


def conditional(x, drawn):
    """Mean `[n, a]` and covariance `[a, a]` of p(x_drawn | x_kept); `drawn` is bool `[D]`."""
    kept = ~drawn
    gain = COVARIANCE[np.ix_(drawn, kept)] @ np.linalg.inv(COVARIANCE[np.ix_(kept, kept)])
    covariance = COVARIANCE[np.ix_(drawn, drawn)] - gain @ COVARIANCE[np.ix_(kept, drawn)]
    return M[drawn] + (x[:, kept] - M[kept]) @ gain.T, covariance
