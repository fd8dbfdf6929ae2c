"""Models of image to image: what they owe beside their networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import TranslatingModel
from tfgen.adversarial.side_by_side import side_by_side
from tfgen.conditions import Classes
from tfgen.core import Phase, SamplingModel

SHAPE = (2, 2, 1)


class Brighter(TranslatingModel):
    """x + w given, of three classes: without learning, (0, 0.1, 0.2)."""

    term_names = ("error",)
    takes_condition = True
    event_shape = SHAPE

    def __init__(self, **kwargs):
        super().__init__(condition=Classes(3), **kwargs)
        network = [keras.Input((3,)), keras.layers.Dense(1, use_bias=False)]
        self.network = keras.Sequential(network)
        self.network.set_weights([np.array([[0.0], [0.1], [0.2]], "float32")])

    @classmethod
    def default(cls, event_shape):
        return cls()

    def transform(self, x, given=None, training=False):
        return x + self.network(given, training=training)[:, tf.newaxis, tf.newaxis]

    def phases(self):
        return (Phase("only", lambda batch, seed, training: {"error": 0.0}, (self.network,)),)

    def default_optimizers(self):
        return {"only": keras.optimizers.SGD()}


@pytest.fixture(scope="module")
def model():
    return Brighter()


X = np.linspace(0, 0.7, 20, dtype="float32").reshape(5, *SHAPE)


def test_a_condition_for_each_image_or_for_all_says_what_it_becomes(model):
    assert not isinstance(model, SamplingModel) and model.density == "implicit"
    y = np.array([0, 1, 2, 1, 0])
    expected = X + y.reshape(-1, 1, 1, 1) / np.float32(10)
    np.testing.assert_allclose(model.translate(X, y), expected, atol=1e-6)
    np.testing.assert_allclose(model.translate(X, y, batch_size=2), expected, atol=1e-6)
    np.testing.assert_allclose(model((X, y)), expected, atol=1e-6)
    np.testing.assert_allclose(model.translate(X, condition=2), X + 0.2, atol=1e-6)
    with pytest.raises(ValueError, match=r"expected a condition.*Received: condition=None"):
        model.translate(X)
    with pytest.raises(ValueError, match=r"x of shape \[batch, 2, 2, 1\]. Received: shape"):
        model.translate(X[0], 1)


def test_the_target_on_a_command_line_is_a_text_of_the_condition(model):
    shape, arguments = model.direction("2")
    assert shape == SHAPE
    np.testing.assert_allclose(model.translate(X, **arguments), X + 0.2, atol=1e-6)
    with pytest.raises(ValueError, match=r"a target, one of Classes.* Received: None"):
        model.direction(None)


def test_the_preview_has_each_image_beside_what_becomes_of_it(model):
    rows = model.preview((X, np.array([2, 0, 2, 0, 2])))
    beside = np.stack([X, X, X + 0.1, X + 0.2], axis=1)
    # Five examples of four columns: two of them in each of two rows.
    np.testing.assert_allclose(rows, beside[:4].reshape(2, 8, *SHAPE), atol=1e-6)


def test_the_signature_takes_the_condition(model):
    [(name, (function, specs))] = model.signatures().items()
    assert name == "translate" and [spec.name for spec in specs] == ["x", "condition"]
    np.testing.assert_allclose(function(X, tf.constant(1))["images"], X + 0.1, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((2, 2), ([0.2, 0.6], [0.2, 0.6])),
        ((1, 3), ([0.2, 0.2, 0.2], [0.2, 0.6, 1.0])),
        ((2, 3), ([0.4], [0.6])),
    ],
)
def test_pictures_of_other_channels_are_shown_alike(channels, expected):
    pixel = np.array([0.2, 0.6, 1.0], "float32")
    columns = [np.broadcast_to(pixel[:count], (1, 2, 2, count)) for count in channels]
    rows = side_by_side([tf.constant(column) for column in columns])
    assert rows.shape[:4] == (1, 2, 2, 2)
    np.testing.assert_allclose(rows[0, :, 1, 0], expected, rtol=1e-6)
