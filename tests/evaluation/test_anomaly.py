import pickle

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from tfgen import VAE, Independent
from tfgen.distributions import Categorical
from tfgen.evaluation import (
    AnomalyDetector,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    Zlib,
    detection,
)
from tfgen.networks import DenseNetworks


class NormalOfAnyWidth:
    """A standard normal of vectors of any length, which scikit-learn's checks try."""

    density, condition, levels, event_shape = "exact", None, None, (-1,)

    def check(self, x):
        return tf.constant(x)

    def log_prob(self, x, condition=None, batch_size=None):
        # A sum of float32 differs in its last digit with an example's place in the batch.
        x = tf.cast(x, tf.float64)
        return tf.cast(-0.5 * tf.reduce_sum(x**2 + np.log(2 * np.pi), axis=1), tf.float32)


def test_scikit_learn_finds_a_detector_of_its_kind():
    """Its checks try many widths: a real model, which has one, would refuse the others."""
    detector = AnomalyDetector(NormalOfAnyWidth(), false_alarm_rate=0.1)
    results = check_estimator(detector, on_skip=None)
    passed = {result["check_name"] for result in results if result["status"] == "passed"}
    assert {"check_outliers_train", "check_methods_subset_invariance"} < passed
    others = {result["check_name"] for result in results} - passed
    # They want pandas, or SciPy's switch for other array libraries.
    assert others <= {"check_array_api_input", "check_classifier_data_not_an_array"}


@pytest.mark.parametrize(("n", "alpha"), [(99, 0.1), (30, 0.25)])
def test_false_alarms_on_fresh_draws_come_at_the_stated_rate(n, alpha):
    """Over calibrations, their mean is (n + 1 - ceil((1 - alpha)(n + 1))) / (n + 1) <= alpha."""
    random = np.random.default_rng(0)
    rates = []
    for _ in range(300):
        draws = random.normal(size=(n + 100, 2)).astype("float32")
        detector = AnomalyDetector(NormalOfAnyWidth(), false_alarm_rate=alpha).fit(draws[:n])
        rates.append(np.mean(detector.predict(draws[n:]) == -1))
    expected = (n + 1 - np.ceil((1 - alpha) * (n + 1))) / (n + 1)
    assert expected <= alpha
    assert abs(np.mean(rates) - expected) < 4 * np.std(rates) / np.sqrt(len(rates))


def test_a_threshold_wants_enough_examples():
    detector = AnomalyDetector(NormalOfAnyWidth(), false_alarm_rate=0.1)
    x = np.random.default_rng(0).normal(size=(9, 2))
    # Of nine, the largest score alone keeps a tenth.
    assert detector.fit(x).offset_ == detector.score_samples(x).min()
    with pytest.raises(ValueError, match="at least 9 examples .* 0.1. Received: 8"):
        detector.fit(x[:8])
    for rate in (0, 1, -0.1):
        with pytest.raises(ValueError, match="false_alarm_rate .* Received"):
            AnomalyDetector(NormalOfAnyWidth(), false_alarm_rate=rate).fit(x)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 4, (40, 4, 4, 1)).astype("float32") / 3


@pytest.fixture(scope="module")
def model():
    return VAE.default((4, 4, 1), 2, DenseNetworks((5,)), likelihood=Categorical(4))


def test_images_may_be_rows(model, images):
    detector = AnomalyDetector(model, batch_size=16).fit(images)
    np.testing.assert_array_equal(
        detector.score_samples(images.reshape(40, 16)), detector.score_samples(images)
    )
    assert detector.n_features_in_ == 16
    with pytest.raises(ValueError, match="X has 9 features, but AnomalyDetector is expecting 16"):
        detector.predict(images[:, :3, :3])
    with pytest.raises(ValueError, match="k / 3"):
        detector.predict(images / 2)


def test_a_detector_is_cloned_and_pickled_with_its_model(model, images):
    detector = AnomalyDetector(model, LikelihoodRatio(model, 2), 0.1).fit(images)
    copy = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copy.predict(images), detector.predict(images))
    np.testing.assert_allclose(
        clone(detector).fit(images).decision_function(images),
        detector.decision_function(images),
        atol=1e-4,
    )


SERVED = """
import sys
import numpy as np
import tensorflow as tf

images = np.load("images.npy")
signature = tf.saved_model.load("detector").signatures["score"]
outputs = signature(x=tf.constant(images))
images[1] = 0.1
wrong = signature(x=tf.constant(images))
assert "tfgen" not in sys.modules and "tensorflow_probability" not in sys.modules
np.savez("outputs.npz", wrong=wrong["decision_function"], **outputs)
"""


def test_the_saved_model_gives_the_same_scores_without_tfgen(python, tmp_path, model, images):
    background = Independent.default((4, 4, 1), levels=4)
    np.save(tmp_path / "images.npy", images)
    for score in (ComplexityCorrected(num_samples=2), LikelihoodRatio(background, 2)):
        detector = AnomalyDetector(model, score, 0.1).fit(images)
        detector.export(tmp_path / "detector")
        python("-c", SERVED)
        outputs = np.load(tmp_path / "outputs.npz")
        expected = detector.decision_function(images)
        assert sorted(outputs) == ["decision_function", "score_samples", "wrong"]
        np.testing.assert_allclose(
            outputs["score_samples"], detector.score_samples(images), rtol=1e-4, atol=1e-3
        )
        np.testing.assert_allclose(outputs["decision_function"], expected, rtol=1e-4, atol=1e-3)
        assert np.isnan(outputs["wrong"][1]) and not np.isnan(np.delete(outputs["wrong"], 1)).any()


def test_a_score_that_needs_python_is_not_exported(tmp_path, model, images):
    detector = AnomalyDetector(model, ComplexityCorrected(Zlib(), 2), 0.1).fit(images)
    with pytest.raises(ValueError, match=r"runs without Python, .*PNG\(\).* Received: Complexity"):
        detector.export(tmp_path / "detector")
    assert not (tmp_path / "detector").exists()


def test_areas_under_curves_are_those_of_ranks():
    normal, strange = np.array([3.0, 2.0, 1.0]), np.array([2.5, 0.5])
    # Of six pairs the anomaly is the lower one in four; precisions 1 and 2/4 at its two ranks.
    assert detection(normal, strange) == {
        "auroc": pytest.approx(4 / 6),
        "aupr": pytest.approx(0.75),
    }
    assert detection(strange, strange)["auroc"] == 0.5
    assert NegativeLogLikelihood(3) == NegativeLogLikelihood(3)
