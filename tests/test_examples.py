"""The examples in docstrings run, and say what they say."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen import registry

NAMES = {"np": np, "tf": tf, "tfgen": tfgen}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules():
    """Every module of tfgen."""
    yield tfgen
    for found in pkgutil.walk_packages(tfgen.__path__, "tfgen."):
        yield importlib.import_module(found.name)


def examples():
    """`{name: test}` of every docstring with an example, by its full name."""
    finder = doctest.DocTestFinder()
    tests = [
        test
        for module in modules()
        for test in finder.find(module, module.__name__, extraglobs=NAMES)
    ]
    return {test.name: test for test in tests if test.examples}


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_it_is_written(name):
    report = []
    test = EXAMPLES[name]
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    assert not report, "".join(report)


def full_name(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


@pytest.mark.parametrize("name", registry.models())
def test_every_model_has_an_example(name):
    kind = registry.find_model(name)
    assert full_name(kind) in EXAMPLES
    # Of itself: whoever looks a model up sees how that one is made.
    source = "".join(example.source for example in EXAMPLES[full_name(kind)].examples)
    assert f"{name}.default(" in source


def test_every_kind_of_condition_has_an_example():
    kinds = [getattr(tfgen.conditions, name) for name in tfgen.conditions.__all__]
    concrete = [kind for kind in kinds if not inspect.isabstract(kind)]
    assert concrete and {full_name(kind) for kind in concrete} <= set(EXAMPLES)
