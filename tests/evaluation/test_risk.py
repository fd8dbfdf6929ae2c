import numpy as np
import pytest

from tfgen import FullJoint, Independent
from tfgen.distributions import all_images, bars_and_stripes
from tfgen.evaluation import learning_curve

SHAPE = (3, 3, 1)
TRUTH = bars_and_stripes(3, flip_probability=0.05)


def trainer(kind, **options):
    def train(x):
        model = kind.default(SHAPE, **options)
        model.compile()
        model.fit(x, batch_size=2000, verbose=0)
        return model

    return train


def test_a_table_learns_few_examples_by_heart():
    """Its empirical risk is their own entropy, below the truth's; the risk is far above."""
    (few,) = learning_curve(TRUTH, trainer(FullJoint, smoothing=1e-6), [20])
    entropy = float(TRUTH.entropy())
    assert few.num_examples == 20
    assert few.empirical <= np.log(20) + 1e-3 < entropy
    assert few.divergence.cross_entropy > entropy + 1


def test_the_gap_shrinks_as_examples_come():
    for kind in (Independent, FullJoint):
        curve = learning_curve(TRUTH, trainer(kind, smoothing=0.5), [20, 200, 10_000])
        gaps = [each.gap for each in curve]
        assert gaps[0] > gaps[1] > gaps[2]
        assert abs(gaps[2]) < 0.1
        risks = [each.divergence.cross_entropy for each in curve]
        assert risks[0] > risks[2] > float(TRUTH.entropy())


def test_maximum_likelihood_finds_the_smallest_divergence():
    """Independent pixels: their best KL is that of the truth's own means."""
    (many,) = learning_curve(TRUTH, trainer(Independent, smoothing=0.5), [50_000])
    mean = TRUTH.mean().numpy()
    images = all_images(SHAPE)
    log_q = np.log(images * mean + (1 - images) * (1 - mean)).sum(axis=(1, 2, 3))
    log_p = TRUTH.log_probs().numpy()
    least = np.sum(np.exp(log_p) * (log_p - log_q))
    assert least - 1e-5 < many.divergence.kl < least + 1e-3


def test_no_sizes_are_refused():
    for wrong in ([], [0], 5):
        with pytest.raises(ValueError, match="num_examples.*Received"):
            learning_curve(TRUTH, trainer(Independent), wrong)
