"""How close samples are to real images, while a model trains."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfgen.core import SamplingModel, check_count
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity import extract, frechet_distance, measure
from tfgen.evaluation.fidelity.features import FeatureFunction
from tfgen.evaluation.fidelity.figures import Figure


class FidelityMonitor(keras.callbacks.Callback):
    """Adds figures of fidelity to the logs of every k-th epoch.

    The samples are drawn from the same seed each time, and take nothing from the model's own draws.
    Callbacks that are to see the figures (`History`, `EarlyStopping`) come after this one; the
    history that `fit` returns has them.

    Args:
        features: a `Judge`, `InceptionFeatures()`, or any callable (see `fidelity.extract`).
        real: images that the model is not trained on, `[n, *event_shape]`.
        figures: functions of the features of real and generated images (see `fidelity.measure`).
        image_figures: functions of the images, such as `fidelity.sliced_wasserstein`, or one of
            your own: the share of samples in which a judge sees the class that was asked for.
        every: k.
        num_samples: how many are drawn; None for as many as there are real ones.
        condition: for a model that has one: one for each sample, or one for all.
        batch_size: samples that are drawn at once.
        seed: of the draws.
    Raises:
        ValueError: bad real images or numbers, or, in `fit`, a model that draws no samples.

    Example, where the Frechet distance of 1,000 samples is in the logs of every fifth epoch:
        judge = tfgen.evaluation.fidelity.load_judge("judge.keras")
        model.fit(x, epochs=20, callbacks=[FidelityMonitor(judge, x_test[:1000], every=5)])
    """

    def __init__(
        self,
        features: FeatureFunction,
        real: ArrayLike,
        *,
        figures: Sequence[Figure] = (frechet_distance,),
        image_figures: Sequence[Figure] = (),
        every: int = 1,
        num_samples: int | None = None,
        condition: ArrayLike | None = None,
        batch_size: int = 250,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.features = features
        self.figures = tuple(figures)
        self.image_figures = tuple(image_figures)
        self.every = check_count(every, "every")
        self.real = np.asarray(real)
        self.real_features = extract(features, self.real)
        self.num_samples = len(self.real) if num_samples is None else num_samples
        self.condition = condition
        self.batch_size = check_count(batch_size, "batch_size")
        self.seed = seed
        check_count(self.num_samples, "num_samples")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not isinstance(self.model, SamplingModel):
            raise ValueError(
                f"expected a model that draws samples. Received: {type(self.model).__name__}"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every == 0 and logs is not None:
            logs.update(self.measure())

    def measure(self) -> dict[str, float]:
        """The figures of the model as it is, `{name: number}`."""
        samples = self.model.sample(
            self.num_samples,
            condition=self.condition,
            seed=self.seed,
            batch_size=self.batch_size,
        )
        samples = np.asarray(samples)
        found = measure(self.figures, self.real_features, extract(self.features, samples))
        return found | measure(self.image_figures, self.real, samples)
