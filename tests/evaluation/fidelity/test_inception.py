"""InceptionV3 as features: what it is given, and the refusal where its weights are not."""

import keras
import numpy as np
import pytest

from tfgen.evaluation.fidelity import InceptionFeatures, extract


def test_images_become_what_the_network_was_trained_on(monkeypatch):
    seen = {}

    def network(**arguments):
        seen.update(arguments)
        inputs = keras.Input(arguments["input_shape"])
        return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))

    monkeypatch.setattr(keras.applications, "InceptionV3", network)
    features = InceptionFeatures()
    grey = np.linspace(0, 1, 3, dtype="float32")[:, None, None, None] * np.ones((1, 4, 5, 1))
    found = extract(features, grey.astype("float32"), batch_size=2)
    np.testing.assert_allclose(found, np.repeat([[-1], [0], [1]], 3, axis=1), atol=1e-6)
    assert seen["weights"] == "imagenet" and not seen["include_top"]
    assert seen["input_shape"] == (299, 299, 3) and seen["pooling"] == "avg"
    colour = np.zeros((1, 4, 4, 3), "float32")
    colour[..., 1] = 1
    np.testing.assert_allclose(features(colour), [[-1, 1, -1]], atol=1e-6)
    with pytest.raises(ValueError, match=r"height, width, 1 or 3\]. Received: "):
        features(colour[..., :2])


def test_weights_that_cannot_be_had_are_refused_in_words(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("URL fetch failure: no network")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(
        ValueError, match="(?s)`tfgen judge` trains. Received: imagenet .*no network"
    ):
        InceptionFeatures()
