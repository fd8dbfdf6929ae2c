import numpy as np
import pytest

from tfgen.distributions import all_images, bars_and_stripes, ising_grid
from tfgen.distributions.hypercube import image_numbers
from tfgen.evaluation.hamming_kernel import HammingKernel, cross_entropy_by_samples

TRUTH = bars_and_stripes(3, flip_probability=0.03)
IMAGES = all_images((9,))


def log_probs(table):
    return table.log_probs().numpy()


def tilted():
    """The truth with images whose first pixel is on made twenty times as rare."""
    logits = log_probs(TRUTH) - 3 * (IMAGES[:, 0] > 0)
    return logits - np.log(np.exp(logits).sum())


def test_the_kernel_is_a_mixture_over_the_samples():
    shares = np.bincount([3, 3, 5], minlength=8) / 3
    images = all_images((3,))
    density = np.zeros(8)
    for sample in (3, 3, 5):
        apart = (images != images[sample]).sum(axis=1)
        density += (0.75 * (apart == 0) + 0.25 * 0.1**apart * 0.9 ** (3 - apart)) / 3
    np.testing.assert_allclose(HammingKernel(0.1, 0.25)(shares), density)
    assert abs(density.sum() - 1) < 1e-12


def test_the_best_kernel_predicts_each_sample_by_the_others():
    """By brute force: every sample is left out in its turn."""
    numbers = image_numbers(TRUTH.sample(200, seed=(0, 1)))
    shares = np.bincount(numbers, minlength=512) / 200

    def predicted(kernel):
        left = [kernel((200 * shares - np.eye(512)[number]) / 199)[number] for number in numbers]
        return np.mean(np.log(left))

    best = HammingKernel.fitted(shares, 200)
    scores = [
        predicted(HammingKernel(f, w)) for f in (0.01, 0.03, 0.1, 0.3) for w in (0.1, 0.4, 0.8, 1)
    ]
    assert predicted(best) > max(scores) - 1e-3


@pytest.mark.parametrize(
    "log_q",
    [
        log_probs(TRUTH),
        log_probs(ising_grid(3, 0.3)),
        log_probs(bars_and_stripes(3, flip_probability=0.1)),
        tilted(),
        np.full(512, -np.log(512)),
    ],
    ids=["truth", "grid", "more noise", "tilted", "uniform"],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_estimate_is_within_its_error(log_q, seed):
    p, random = np.exp(log_probs(TRUTH)), np.random.default_rng(seed)
    numbers = random.choice(512, size=3000, p=np.exp(log_q) / np.exp(log_q).sum())
    found = cross_entropy_by_samples(p, numbers, random)
    error = abs(found.bias) + 2 * found.standard_error
    assert abs(found.mean + np.sum(p * log_q)) < error + 1e-3
    assert error < 0.5


def test_the_standard_error_is_that_of_repetitions():
    p = np.exp(log_probs(TRUTH))
    random = np.random.default_rng(0)
    q = np.exp(tilted())
    found = [
        cross_entropy_by_samples(p, random.choice(512, size=1000, p=q), random) for _ in range(20)
    ]
    spread = np.std([each.mean + each.bias for each in found], ddof=1)
    stated = np.mean([each.standard_error for each in found])
    assert 0.6 < spread / stated < 1.7
