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


class Base(Configured):
    def __init__(self, *, size, name="base"):
        self.size = size
        self.name = name


class Extended(Base):
    """Passes on what its parent takes."""

    def __init__(self, extra=1, **kwargs):
        super().__init__(**kwargs)
        self.extra = extra


class Closed(Base):
    """Takes nothing of its parent's."""

    def __init__(self, extra):
        super().__init__(size=3)
        self.extra = extra


def test_arguments_are_read_along_the_method_resolution_order():
    value = Extended(extra=2, size=5)
    assert value.get_config() == {"extra": 2, "size": 5, "name": "base"}
    assert (
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(value)) == value
    )
    assert Closed(4).get_config() == {"extra": 4}
    assert Closed.from_config(Closed(4).get_config()) == Closed(4)


def test_a_class_of_a_user_has_its_own_package():
    from tfgen import NADE as ours

    class NADE(Configured):
        def __init__(self):
            pass

    assert keras.saving.get_registered_name(ours) == "tfgen>NADE"
    assert keras.saving.get_registered_object("tfgen>NADE") is ours
    assert keras.saving.get_registered_name(NADE).endswith(">NADE")
    assert keras.saving.get_registered_name(NADE) != "tfgen>NADE"


def test_a_user_s_model_saves_and_loads(tmp_path):
    import tfgen

    class MyNADE(tfgen.NADE):
        def __init__(self, extra=1, **kwargs):
            super().__init__(**kwargs)
            self.extra = extra

    model = MyNADE(extra=7, event_shape=(3,), num_hidden=2)
    model.save(tmp_path / "mine.keras")
    twin = keras.saving.load_model(tmp_path / "mine.keras")
    assert type(twin) is MyNADE and twin.extra == 7
    for a, b in zip(twin.get_weights(), model.get_weights(), strict=True):
        assert (a == b).all()


def test_a_missing_method_is_named_at_construction():
    import tfgen

    class Half(tfgen.core.GenerativeModel):
        def phases(self):
            return ()

    with pytest.raises(TypeError, match="default_optimizers.*signatures"):
        Half()


def test_values_of_values_are_equal_while_a_model_is_loaded():
    from keras.src.saving.serialization_lib import ObjectSharingScope

    from tfgen.conditions import CaptionedVector, Captions

    build = lambda: CaptionedVector(Captions(["red"], 2), 3)
    one, other = build(), build()
    with ObjectSharingScope():
        assert one == other and hash(one) == hash(other)
