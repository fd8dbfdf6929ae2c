"""What a representation is worth to a classifier: linear probes, and training with few labels."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfgen.core import check_count
from tfgen.core.size_checks import check_positive
from tfgen.core.typing import ArrayLike

Labelled = tuple[ArrayLike, ArrayLike]


def linear_probe(train: Labelled, test: Labelled, *, inverse_penalty: float = 1.0) -> float:
    """Accuracy of a logistic regression, what can be read from features by a linear map.

    Args:
        train, test: features, `[n, ...]`, and labels, `[n]`. Features of rank above 2 are
            flattened; all are standardised by the training examples.
        inverse_penalty: scikit-learn's C, above 0: larger trusts the training examples more.
    Returns:
        The share of test examples that are classified rightly.
    Raises:
        ValueError: examples and labels of different numbers, or a penalty that is none.
    """
    check_positive(inverse_penalty, "inverse_penalty")
    (x, y), (x_test, y_test) = _checked(train, "train"), _checked(test, "test")
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=inverse_penalty, max_iter=1000))
    return float(probe.fit(_rows(x), y).score(_rows(x_test), y_test))


def probe_codes(
    encode: Callable[[np.ndarray], ArrayLike],
    train: Labelled,
    test: Labelled,
    *,
    untrained: Callable[[np.ndarray], ArrayLike] | None = None,
    inverse_penalty: float = 1.0,
    seed: int = 0,
) -> dict[str, float]:
    """Accuracies of linear probes on codes, beside what they are to be compared with.

    Args:
        encode: examples `[n, *event_shape]` to codes `[n, dim]`, such as `model.encode`.
        train, test: examples and labels.
        untrained: the same of an encoder before training, the control of its architecture.
        inverse_penalty: see `linear_probe`.
        seed: of the shuffled labels and of the principal components.
    Returns:
        A dictionary of accuracies: "codes"; "pixels", of the examples as they are; "pca", of as
        many principal components as a code has numbers; "shuffled", of codes whose training labels
        were shuffled, which is chance; and "untrained".
    Raises:
        ValueError: as `linear_probe`.
    """
    (x, y), (x_test, y_test) = _checked(train, "train"), _checked(test, "test")
    accuracy = lambda features, test_features, labels=y: linear_probe(
        (features, labels), (test_features, y_test), inverse_penalty=inverse_penalty
    )
    codes, test_codes = _rows(encode(x)), _rows(encode(x_test))
    components = PCA(min(codes.shape[1], *_rows(x).shape), random_state=seed).fit(_rows(x))
    figures = {
        "codes": accuracy(codes, test_codes),
        "pixels": accuracy(x, x_test),
        "pca": accuracy(*(components.transform(_rows(each)) for each in (x, x_test))),
        "shuffled": accuracy(codes, test_codes, np.random.default_rng(seed).permutation(y)),
    }
    if untrained is not None:
        figures["untrained"] = accuracy(untrained(x), untrained(x_test))
    return figures


def few_labels(
    build: Callable[[], keras.Model],
    train: Labelled,
    test: Labelled,
    *,
    num_labels: int = 100,
    seeds: Iterable[int] = range(10),
    epochs: int = 100,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    shuffled: bool = False,
) -> dict[str, Any]:
    """Accuracy of a classifier that is trained with few labels, over several draws of them.

    Each seed draws the labelled examples, equally many of each class, and starts the classifier
    anew, so that classifiers that are compared see the same examples.

    Args:
        build: gives a new classifier, `[n, *event_shape]` to probabilities of the classes, built
            and not compiled, such as `lambda: model.classifier(10, "hidden", trainable=True)`.
        train: examples and integer labels from 0, of which the labelled ones are drawn.
        test: examples and labels.
        num_labels: labelled examples, a multiple of the number of classes.
        seeds: one for each training.
        epochs, batch_size, learning_rate: of each training, by Adam; a batch may hold the end of
            one epoch and the start of the next.
        shuffled: whether the drawn labels are shuffled: a control, which gives chance.
    Returns:
        A dictionary: "accuracies", one for each seed; their "mean" and "standard_deviation", of
        one training, None of a single one.
    Raises:
        ValueError: too few examples of a class, or sizes that are none.
    """
    (x, y), (x_test, y_test) = _checked(train, "train"), _checked(test, "test")
    check_positive(learning_rate, "learning_rate")
    check_count(epochs, "epochs")
    check_count(batch_size, "batch_size")
    classes = np.unique(y)
    if check_count(num_labels, "num_labels") % len(classes):
        raise ValueError(
            f"expected num_labels to be a multiple of {len(classes)}, the number of classes."
            f" Received: {num_labels}"
        )
    fewest = min(np.count_nonzero(y == label) for label in classes)
    if fewest < num_labels // len(classes):
        raise ValueError(
            f"expected {num_labels // len(classes)} examples of each class. Received: {fewest}"
        )
    classifier, accuracies = None, []
    for seed in seeds:
        random = np.random.default_rng(seed)
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(y == label), num_labels // len(classes), replace=False)
                for label in classes
            ]
        )
        labels = random.permutation(y[chosen]) if shuffled else y[chosen]
        keras.utils.set_random_seed(seed)
        new = build()
        if classifier is None:
            classifier, optimizer = new, keras.optimizers.Adam(learning_rate)
            classifier.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
            optimizer.build(classifier.trainable_variables)
            start = [variable.numpy() for variable in optimizer.variables]
        # One model, compiled once, and all epochs as one: Keras's own cost would be the greater.
        classifier.set_weights(new.get_weights())
        for variable, value in zip(optimizer.variables, start, strict=True):
            variable.assign(value)
        order = np.concatenate([random.permutation(num_labels) for _ in range(epochs)])
        classifier.fit(
            x[chosen[order]], labels[order], batch_size=batch_size, shuffle=False, verbose=0
        )
        figures = classifier.evaluate(x_test, y_test, batch_size=1000, verbose=0, return_dict=True)
        accuracies.append(float(figures["accuracy"]))
    return {
        "accuracies": accuracies,
        "mean": float(np.mean(accuracies)),
        "standard_deviation": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
    }


def _checked(pair, name):
    x, y = map(np.asarray, pair)
    if y.ndim != 1 or len(x) != len(y):
        raise ValueError(
            f"expected {name} to be examples [n, ...] and labels [n]. Received: shapes"
            f" {x.shape} and {y.shape}"
        )
    return x, y


def _rows(x):
    x = np.asarray(x)
    return x.reshape(len(x), -1)
