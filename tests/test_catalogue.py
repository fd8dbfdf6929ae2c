import pytest

import tfgen
from tfgen import registry
from tfgen_cli import catalogue


def test_the_source_says_of_every_model_what_the_class_does():
    listed = catalogue.models()
    assert [tuple(model[:4]) for model in listed.values()] == registry.table()
    for name, kind in registry.models().items():
        assert listed[name].settable == registry.settable(kind), name


@pytest.mark.parametrize("name", ["GenerativeModel", "Head", "show", "layers", "VAEE", "__doc__"])
def test_what_is_no_model_is_none(name):
    assert catalogue.read(name) is None


def test_no_model_is_left_out():
    assert set(catalogue.models()) == set(tfgen.__all__) & set(catalogue.models())
    assert set(catalogue.models()) == set(registry.models())
