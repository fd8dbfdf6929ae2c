import collections

import numpy as np
import tensorflow as tf
from core.toy import Line

from tfgen import PixelCNN
from tfgen.conditions import Captions


def test_each_function_is_traced_once_and_the_first_is_the_default(tmp_path):
    traced = collections.Counter()

    class Counted(Line):
        def signatures(self):
            spec = tf.TensorSpec((None, 2), tf.float32, name="x")

            def once(x):
                traced["once"] += 1
                return {"y": self(x)}

            def twice(x):
                traced["twice"] += 1
                return {"y": self(self(x))}

            return {"once": (once, [spec]), "twice": (twice, [spec])}

    model = Counted()
    model.export(tmp_path / "served")
    assert traced == {"once": 1, "twice": 1}
    served = tf.saved_model.load(tmp_path / "served")
    x = tf.constant([[1.0, 2.0], [3.0, -4.0]])
    for name, expected in (("once", model(x)), ("twice", model(model(x)))):
        np.testing.assert_allclose(served.signatures[name](x=x)["y"], expected, rtol=1e-6)
        np.testing.assert_allclose(getattr(served, name)(x)["y"], expected, rtol=1e-6)
    default = served.signatures["serving_default"](x=x)["y"]
    np.testing.assert_allclose(default, model(x), rtol=1e-6)


def test_the_weights_can_be_found_and_the_words_of_captions_come_along(tmp_path):
    texts = ["a red seven", "a blue one"]
    condition = Captions.from_corpus(texts)
    model = PixelCNN.default((2, 2, 1), num_features=2, num_layers=1, condition=condition)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    for name in ("variables", "trainable_variables", "non_trainable_variables"):
        for one, other in zip(getattr(served, name), getattr(model, name), strict=True):
            np.testing.assert_array_equal(one, other)
    seed = tf.constant([0, 9])
    drawn = served.signatures["sample"](
        num_samples=tf.constant(2), seed=seed, condition=tf.constant(texts)
    )
    expected = model.sample(2, seed=seed, condition=np.array(texts))
    np.testing.assert_array_equal(drawn["samples"], expected)
