"""The density of small binary images, from samples, by a kernel that flips pixels."""

import dataclasses
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tfgen.distributions.hypercube import flip_pixels


@dataclasses.dataclass(frozen=True)
class HammingKernel:
    """q_hat(x) = (1 - w) c_x / n + w sum_y c_y / n f^h (1 - f)^(D - h), h = h(x, y) pixels apart.

    The shares c_x / n of n samples, mixed with what becomes of them when each pixel is flipped
    with probability f (Aitchison & Aitken 1976, "Multivariate binary discrimination by the kernel
    method"): an image that was never drawn has the more probability, the nearer samples lie.

    Attributes:
        flip_probability: f, in [0, 1/2]; 1/2 is the uniform distribution.
        weight: w, in [0, 1].
    """

    flip_probability: float
    weight: float

    def __call__(self, shares: np.ndarray) -> np.ndarray:
        """q_hat of all images, `[2**D]` float64, by their shares of the samples.

        The kernel is symmetric: so is this, and it takes gradients back, too.
        """
        return (1 - self.weight) * shares + self.weight * flip_pixels(shares, self.flip_probability)

    @classmethod
    def fitted(cls, shares: np.ndarray, num_samples: int) -> Self:
        """The f and w of the highest likelihood of each sample by the others.

        Args:
            shares: `[2**D]`, float64, of `num_samples` samples.
            num_samples: n, at least 2.
        """
        seen = shares > 0

        def negative_log_likelihood(raw):
            kernel = cls.from_raw(raw)
            own = (1 - kernel.weight) + kernel.weight * (1 - kernel.flip_probability) ** np.log2(
                len(shares)
            )
            others = (num_samples * kernel(shares)[seen] - own) / (num_samples - 1)
            return -np.sum(shares[seen] * np.log(np.maximum(others, 1e-300)))

        # Two starts: little noise around what was drawn, and much of it.
        options = {"xatol": 0.02, "fatol": 1e-7}
        fits = [
            minimize(negative_log_likelihood, start, method="Nelder-Mead", options=options)
            for start in ([-3.0, -2.0], [0.0, -3.0])
        ]
        return cls.from_raw(min(fits, key=lambda fit: fit.fun).x)

    @classmethod
    def from_raw(cls, raw: np.ndarray) -> Self:
        """Of two numbers of any size."""
        return cls(0.5 * float(expit(raw[0])), float(expit(raw[1])))


@dataclasses.dataclass(frozen=True)
class CrossEntropyEstimate:
    """E_p[-log q] by samples of q.

    Attributes:
        mean: in nats, the bias taken off.
        standard_error: of the draws of the samples, in nats.
        bias: in nats, that was taken off.
    """

    mean: float
    standard_error: float
    bias: float


def cross_entropy_by_samples(
    probabilities: np.ndarray,
    numbers: np.ndarray,
    random: np.random.Generator,
    num_repeats: int = 2,
) -> CrossEntropyEstimate:
    """sum_x p(x) (-log q(x)) of a known p, and of a q that is known by samples alone.

    The kernel's estimate, with one sample more that may be any image, less its bias as a parametric
    bootstrap finds it: by as many samples of q_hat, whose cross-entropy is known (Efron &
    Tibshirani 1993, chapter 10). The standard error is that of the delta method.

    Args:
        probabilities: p, `[2**D]`, float64, of all images in the order of their numbers.
        numbers: `[n]`, of the samples of q.
        random: of the bootstrap.
        num_repeats: of the bootstrap.
    """
    num_samples = len(numbers)
    shares = np.bincount(numbers, minlength=len(probabilities)) / num_samples
    estimate, slopes, smoothed = _plug_in(probabilities, shares, num_samples)
    again = [
        _plug_in(
            probabilities, random.multinomial(num_samples, smoothed) / num_samples, num_samples
        )
        for _ in range(num_repeats)
    ]
    bias = float(np.mean([each[0] for each in again])) - estimate
    variance = np.sum(shares * slopes**2) - np.sum(shares * slopes) ** 2
    return CrossEntropyEstimate(
        estimate - bias, float(np.sqrt(max(variance, 0.0) / num_samples)), bias
    )


def _plug_in(probabilities, shares, num_samples):
    """The estimate, its derivatives by the shares, and q_hat."""
    kernel = HammingKernel.fitted(shares, num_samples)
    # One sample more that may be any image: none is impossible, however alike the samples are.
    smoothed = (num_samples * kernel(shares) + 1 / len(shares)) / (num_samples + 1)
    estimate = -float(np.sum(probabilities * np.log(smoothed)))
    slopes = kernel(probabilities / smoothed) * num_samples / (num_samples + 1)
    return estimate, slopes, smoothed / smoothed.sum()
