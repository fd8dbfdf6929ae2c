import json

import keras
import pytest

from tfgen.core import Configured


class Shape(Configured):
    def __init__(self, sizes, scale=1.0, inner=None):
        self.sizes = sizes
        self.scale = scale
        self.inner = inner


def test_config_goes_through_json_and_back():
    value = Shape((2, 3), scale=0.5, inner=Shape((1,)))
    text = json.dumps(keras.saving.serialize_keras_object(value))
    assert keras.saving.deserialize_keras_object(json.loads(text)) == value


@pytest.mark.parametrize("other", [Shape((2, 4)), Shape((2, 3), scale=2.0), "Shape"])
def test_values_that_differ_are_not_equal(other):
    assert Shape((2, 3)) != other


def test_equal_values_hash_alike():
    assert len({Shape((2, 3)), Shape((2, 3)), Shape((3, 2))}) == 2


def test_repr_is_the_call_that_builds_it():
    assert repr(Shape((2,), inner=Shape((1,)))) == (
        "Shape(sizes=(2,), scale=1.0, inner=Shape(sizes=(1,), scale=1.0, inner=None))"
    )
