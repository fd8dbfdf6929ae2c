"""Anomalies: which examples a model does not know, by scikit-learn's interface."""

import math
import os
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.utils.validation import check_is_fitted, validate_data

from tfgen.core import GenerativeModel
from tfgen.core.saved_model import write_saved_model
from tfgen.core.served import served
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.anomaly_scores import AnomalyScore, NegativeLogLikelihood


class AnomalyDetector(OutlierMixin, BaseEstimator):
    """An outlier detector of scikit-learn's kind, of a trained model and a score.

    `fit` does not train: it sets the threshold by examples that the model was not trained on. Of n
    of them the k-th smallest score, k = ceil((1 - alpha)(n + 1)), is the highest that passes, so
    that a fresh example of the same distribution gives a false alarm with a probability of at most
    alpha, over calibration and fresh examples (split conformal prediction, Vovk et al. 2005).

    Signs are scikit-learn's: `score_samples` is minus the anomaly score, and `decision_function`
    is below 0, `predict` -1, for an anomaly.

    Args:
        model: trained.
        anomaly_score: `NegativeLogLikelihood()`, or another.
        false_alarm_rate: alpha, in (0, 1).
        batch_size: examples of one call; None for all of them at once.

    Attributes:
        offset_: the threshold: `decision_function` is `score_samples` minus it.
        n_features_in_: numbers of one example.

    Example:
        >>> x = tfgen.data.load_arrays("digits", "train", binarize="threshold")
        >>> model = tfgen.Independent.default((8, 8, 1))
        >>> model.compile()
        >>> history = model.fit(x[:1000], verbose=0)
        >>> detector = AnomalyDetector(model, false_alarm_rate=0.1).fit(x[1000:])
        >>> detector.predict(1 - x[:3])
        array([-1, -1, -1])
    """

    def __init__(
        self,
        model: GenerativeModel,
        anomaly_score: AnomalyScore = NegativeLogLikelihood(),
        false_alarm_rate: float = 0.05,
        batch_size: int | None = 100,
    ) -> None:
        self.model = model
        self.anomaly_score = anomaly_score
        self.false_alarm_rate = false_alarm_rate
        self.batch_size = batch_size

    def fit(self, x: ArrayLike, y: None = None, *, condition: ArrayLike | None = None) -> Self:
        """Sets the threshold.

        Args:
            x: `[n, *event_shape]`, or `[n, d]` of images that are flattened: examples that are no
                anomalies, and that the model was not trained on.
            y: ignored.
            condition: for a model that has one: one for each example, or one for all.
        Raises:
            ValueError: bad examples, or fewer than a threshold of this rate needs; or a score that
                the model does not have.
        """
        if not 0 < self.false_alarm_rate < 1:
            raise ValueError(
                "expected false_alarm_rate to be above 0 and below 1."
                f" Received: {self.false_alarm_rate!r}"
            )
        self.anomaly_score.check_model(self.model)
        scores = np.sort(-self._score(x, condition, reset=True))
        # Exact in the products that floats round up: 0.9 * 20 is 18.
        rank = math.ceil(round((1 - self.false_alarm_rate) * (len(scores) + 1), 9))
        if rank > len(scores):
            least = math.ceil(round(1 / self.false_alarm_rate, 9)) - 1
            raise ValueError(
                f"expected at least {least} examples for a false_alarm_rate of"
                f" {self.false_alarm_rate}. Received: {len(scores)} sample(s), n_samples ="
                f" {len(scores)}"
            )
        self.offset_ = -float(scores[rank - 1])
        return self

    def score_samples(self, x: ArrayLike, *, condition: ArrayLike | None = None) -> np.ndarray:
        """Minus the anomaly score: larger where x is more normal.

        Args:
            x: as for `fit`.
            condition: for a model that has one: one for each example, or one for all.
        Returns:
            float64 `[n]`.
        """
        check_is_fitted(self)
        return self._score(x, condition, reset=False)

    def decision_function(self, x: ArrayLike, *, condition: ArrayLike | None = None) -> np.ndarray:
        """`score_samples` minus the threshold: below 0 for an anomaly; float64 `[n]`."""
        return self.score_samples(x, condition=condition) - self.offset_

    def predict(self, x: ArrayLike, *, condition: ArrayLike | None = None) -> np.ndarray:
        """-1 for an anomaly, 1 for what is none; int `[n]`."""
        return np.where(self.decision_function(x, condition=condition) < 0, -1, 1)

    def export(self, path: str | os.PathLike) -> None:
        """Writes a SavedModel with the signature "score", which runs without tfgen.

        Its input is x, and the condition of a model that has one; its outputs are `score_samples`
        and `decision_function`, float32 `[batch]`, NaN for an example that the model would refuse.

        Args:
            path: of the folder; a SavedModel that is there is replaced.
        Raises:
            ValueError: the score cannot run in a graph, or the path holds something else.
        """
        check_is_fitted(self)
        if not self.anomaly_score.runs_in_graph:
            raise ValueError(
                "expected a score of TensorFlow's operations: a SavedModel runs without Python, and"
                " so without zlib (PNG() runs in it). Received: " + repr(self.anomaly_score)
            )

        def score(x, condition=None):
            scores = -self.anomaly_score(self.model, x, condition=condition)
            return {"score_samples": scores, "decision_function": scores - self.offset_}

        x = tf.TensorSpec((None, *self.model.event_shape), tf.float32, name="x")
        specs = [x, *self.model.condition_specs()]
        models = _Models([self.model, *self.anomaly_score.models])
        write_saved_model(models, path, {"score": (served(score, specs, self.model.levels), specs)})

    def _score(self, x, condition, reset):
        # scikit-learn's checks are for rows of features.
        if getattr(x, "ndim", 2) > 2:
            x = np.reshape(np.asarray(x), (len(x), -1))
        x = validate_data(self, x, reset=reset, dtype=np.float32)
        event_shape = tuple(self.model.event_shape)
        if x.shape[1] == math.prod(event_shape):
            x = x.reshape(-1, *event_shape)
        x = self.model.check(x)
        scores = self.anomaly_score(self.model, x, condition=condition, batch_size=self.batch_size)
        return -np.asarray(scores, "float64")


def detection(normal: ArrayLike, strange: ArrayLike) -> dict[str, Any]:
    """How well scores tell anomalies from normal examples, over all thresholds.

    Args:
        normal: `[n]`, `score_samples` of normal examples.
        strange: `[m]`, those of anomalies.
    Returns:
        A dictionary: "auroc", the probability that an anomaly has the lower of two scores, and
        "aupr", the average precision with anomalies as the positive class, which is m / (n + m)
        for scores that say nothing.
    """
    labels = np.repeat([0, 1], (len(normal), len(strange)))
    scores = -np.concatenate([normal, strange])
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "aupr": float(average_precision_score(labels, scores)),
    }


class _Models(keras.layers.Layer):
    """The weights of several models, as one object."""

    def __init__(self, models):
        super().__init__()
        self.models = list(models)
        self.built = True
