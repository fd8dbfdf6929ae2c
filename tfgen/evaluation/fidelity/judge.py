"""A classifier of real images, by whose features and labels generated ones are judged."""

import math
import os
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core import Configured, check_array, check_count
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike

_SMALLEST, _WIDTHS = 8, (32, 64, 128, 256)  # side of the last maps; channels of the convolutions
_LEAST_STEPS = 1000


class Judge(Configured, keras.Model):
    """Features and labels of images, by a classifier that was trained on real ones alone.

    `judge(images)` are the features, the layer before the logits, `[n, d]`. `train_judge` makes a
    judge; `judge.save("judge.keras")` and `load_judge` keep it.

    Args:
        network: `keras.Model` from images to features and logits, `[n, d]` and `[n, num_classes]`.
        data: name of the data set.
        num_train: real images that it was trained on.
        num_test: other real images, of which it was tested on.
        test_accuracy: the share of these that it classifies rightly.

    Attributes:
        description: what results call it, its accuracy included.
    """

    def __init__(
        self,
        *,
        network: keras.Model,
        data: str,
        num_train: int,
        num_test: int,
        test_accuracy: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.network = network
        self.data = data
        self.num_train = num_train
        self.num_test = num_test
        self.test_accuracy = test_accuracy
        self.built = True

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Of an image, `(height, width, channels)`."""
        return tuple(self.network.input_shape[1:])

    @property
    def num_features(self) -> int:
        """Length of the features of an image."""
        return self.network.output_shape[0][-1]

    @property
    def num_classes(self) -> int:
        """How many classes it tells apart."""
        return self.network.output_shape[1][-1]

    @property
    def description(self) -> str:
        return (
            f"classifier of {self.data}, {100 * self.test_accuracy:.2f}% of {self.num_test:,} test"
            f" images right, {self.num_features} features"
        )

    def call(self, inputs: ArrayLike, training: bool = False) -> tf.Tensor:
        """Features, float32 `[n, d]`, of images in [0, 1]."""
        return self._outputs(inputs)[0]

    def classify(self, images: ArrayLike, *, batch_size: int = 500) -> np.ndarray:
        """The most probable class of each image, int64 `[n]`."""
        check_count(batch_size, "batch_size")
        parts = [images[begin : begin + batch_size] for begin in range(0, len(images), batch_size)]
        # No image at all is met by the check of the first part.
        logits = [self._outputs(part)[1] for part in parts or [images]]
        return np.concatenate([np.argmax(each, axis=-1) for each in logits])

    def _outputs(self, images):
        return self.network(check_array(images, self.event_shape), training=False)


def train_judge(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    *,
    data: str,
    num_features: int = 128,
    epochs: int | None = None,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    verbose: int = 0,
) -> Judge:
    """Trains a classifier of real images, and tests it.

    Convolutions of stride 2 down to maps of 8 x 8 or less, a layer of features, ReLU, and logits;
    Adam, whose step size falls to 0 along a cosine.

    Args:
        train: images `[n, height, width, channels]`, float32 in [0, 1], and classes, int `[n]`.
        test: others, which have no part in the training.
        data: name of the data set, for the description.
        num_features: length of the features.
        epochs: of the training; None for 5, or as many as make 1,000 steps where images are few.
        batch_size, learning_rate, verbose: of the training; `verbose` as in Keras.
        seed: of the start and of the orders.
    Returns:
        The `Judge`.
    Raises:
        ValueError: bad images, labels or numbers.
    """
    check_sizes(num_features=num_features)
    if epochs is not None:
        check_count(epochs, "epochs")
    check_count(batch_size, "batch_size")
    shape = np.shape(train[0])[1:]
    (x, y), (x_test, y_test) = (
        _check_labelled(pair, shape, name) for pair, name in ((train, "train"), (test, "test"))
    )
    keras.utils.set_random_seed(seed)
    network = _network(shape, num_features, int(max(y.max(), y_test.max())) + 1)
    classifier = keras.Model(network.input, network.outputs[1])
    steps = math.ceil(len(x) / batch_size)
    if epochs is None:
        epochs = max(5, math.ceil(_LEAST_STEPS / steps))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    classifier.compile(
        keras.optimizers.Adam(schedule),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
    judge = Judge(
        network=network, data=data, num_train=len(x), num_test=len(x_test), test_accuracy=0.0
    )
    judge.test_accuracy = float(np.mean(judge.classify(x_test) == y_test))
    return judge


def load_judge(path: str | os.PathLike) -> Judge:
    """Reads what `judge.save(path)` wrote.

    Raises:
        ValueError: there is no such file, or it holds no judge.
    """
    expected = "expected the file of a judge, as `tfgen judge` writes it"
    try:
        judge = keras.saving.load_model(path)
    except Exception as error:  # whatever a zip file, JSON, HDF5 and constructors raise
        said = " ".join(str(error).split())[:300]
        raise ValueError(f"{expected}. Received: {os.fspath(path)} ({said})") from error
    if not isinstance(judge, Judge):
        raise ValueError(f"{expected}. Received: {os.fspath(path)}, a {type(judge).__name__}")
    return judge


def _network(shape, num_features, num_classes):
    inputs = hidden = keras.Input(shape)
    # Every image is halved at least once: the features are of parts, not of pixels.
    for index in range(max(1, int(np.ceil(np.log2(max(shape[:2]) / _SMALLEST))))):
        hidden = keras.layers.Conv2D(
            _WIDTHS[min(index, len(_WIDTHS) - 1)],
            3 if index else 5,
            strides=2,
            padding="same",
            activation="relu",
        )(hidden)
    hidden = keras.layers.Flatten()(hidden)
    features = keras.layers.Dense(num_features, activation="relu", name="features")(hidden)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(inputs, [features, logits], name="judge")


def _check_labelled(pair, shape, name):
    x, y = (np.asarray(each) for each in pair)
    if len(shape) != 3:
        raise ValueError(
            f"expected images [n, height, width, channels] in {name}. Received: shape {x.shape}"
        )
    check_array(x, shape, name=f"the images of {name}")
    if y.shape != (len(x),) or y.dtype.kind not in "iu" or y.min() < 0:
        raise ValueError(
            f"expected {name} to have a class for each image, integers of shape ({len(x)},) from 0."
            f" Received: {y.dtype} of shape {y.shape}"
        )
    return x.astype("float32", copy=False), y
