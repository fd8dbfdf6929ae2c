"""Models and values by name: how the command line reads MODEL and `--set`."""

import ast
import collections.abc
import inspect
import numbers
import sys
import types
import typing
from typing import Any

import keras

import tfgen
from tfgen.core import Configured, GenerativeModel, UnpairedModel
from tfgen.core.configured import init_parameters
from tfgen.data import DataInfo
from tfgen.distributions import Posterior, Prior

_PLAIN = {int: "an integer", float: "a number", bool: "True or False", str: "a text"}


def models() -> dict[str, type[GenerativeModel]]:
    """`{name: class}` of the models that `tfgen` exports."""
    exported = {name: getattr(tfgen, name) for name in tfgen.__all__}
    return {
        name: value
        for name, value in sorted(exported.items())
        if isinstance(value, type) and issubclass(value, GenerativeModel)
    }


def values() -> dict[str, type[Configured]]:
    """`{name: class}` of the values that `--set` can name: heads, priors, schedules and so on.

    These are all the concrete `Configured` classes that a folder of tfgen exports, but for models
    and layers; priors and posteriors with weights are layers that count.
    """
    return {
        kind.__name__: kind
        for kind in sorted(_subclasses(Configured), key=lambda kind: kind.__name__)
        if _exported(kind)
        and not inspect.isabstract(kind)
        and (not issubclass(kind, keras.layers.Layer) or issubclass(kind, (Prior, Posterior)))
    }


def table() -> list[tuple[str, str, str, str]]:
    """Rows (name, wing, density, paper) of the models, by wing."""
    rows = [
        (name, model.__module__.split(".")[1], model.density, model.paper)
        for name, model in models().items()
    ]
    return sorted(rows, key=lambda row: (row[1], row[0]))


def find_model(name: str) -> type[GenerativeModel]:
    """The model class of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in models():
        raise ValueError(f"expected one of the models {', '.join(models())}. Received: {name}")
    return models()[name]


def build(
    model: type[GenerativeModel],
    settings: dict[str, str],
    info: DataInfo,
    info_b: DataInfo | None = None,
) -> GenerativeModel:
    """`model.default` for a data set, or for two of them where the model learns from two.

    Args:
        model: a model class.
        settings: `{argument: text}`, see `read_value`.
        info: `DataInfo` of the data set.
        info_b: of the second one; None where there is none.
    Raises:
        ValueError: an argument that `default` does not have, or a value that cannot be read.
    """
    check_settings(model, settings)
    if model.needs_condition and (info.vocabulary or info.num_classes):
        settings = {"condition": "Captions" if info.vocabulary else "Classes", **settings}
    read = {name: read_value(text, info) for name, text in settings.items()}
    if issubclass(model, UnpairedModel) and info_b is not None:
        read = {"event_shape_b": info_b.event_shape, **read}
    kinds = _types(model)
    for name, value in read.items():
        if name in kinds and not _fits(value, kinds[name]):
            raise ValueError(
                f"expected {name} of {model.__name__} to be {_words(kinds[name])}."
                f" Received: {settings.get(name, value)}"
            )
    try:
        return model.default(info.event_shape, **read)
    except Exception as error:
        if not read or isinstance(error, ValueError) and "Received:" in str(error):
            raise
        # Values that no door met: what comes of them is not the user's to read.
        raise ValueError(
            f"expected values that {model.__name__}.default takes ({type(error).__name__}:"
            f" {error}). Received: {settings}"
        ) from error


def check_settings(model: type[GenerativeModel], settings: collections.abc.Iterable[str]) -> None:
    """Checks the names of a model's arguments.

    Args:
        model: a model class.
        settings: the names.
    Raises:
        ValueError: one that `settable` does not have.
    """
    names = settable(model)
    # A model that takes no condition says so itself.
    unknown = [name for name in settings if name not in (*names, "condition")]
    if unknown:
        raise ValueError(
            f"expected --set with one of {', '.join(names)} for {model.__name__}."
            f" Received: {', '.join(unknown)}"
        )


def settable(model: type[GenerativeModel]) -> list[str]:
    """The arguments that `--set` has for a model.

    They are those of `default`, and those of the constructor that `default` passes on: the ones
    that have a value of their own.
    """
    parameters = inspect.signature(model.default).parameters.values()
    names = [p.name for p in parameters if p.kind != p.VAR_KEYWORD and p.name != "event_shape"]
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        optional = {
            p.name
            for parent in model.__mro__
            if "__init__" in vars(parent)
            for p in inspect.signature(parent.__init__).parameters.values()
            if p.default is not p.empty
        }
        names += [n for n in init_parameters(model) if n in optional and n not in names]
    return [name for name in names if name != "condition" or model.takes_condition]


def _types(model):
    """`{argument: type}` of what `default` and the constructors say."""
    hints: dict[str, Any] = {}
    for parent in reversed(model.__mro__):
        if issubclass(parent, Configured) and "__init__" in vars(parent):
            hints |= typing.get_type_hints(parent.__init__)
    return hints | typing.get_type_hints(model.default)


def _fits(value, kind):
    """Whether a value is of an annotated type; annotations that this cannot read fit anything."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin in (collections.abc.Sequence, tuple, list):
        alike = parts and (origin is not tuple or parts[1:] == (...,))
        return isinstance(value, (tuple, list)) and (
            not alike or all(_fits(item, parts[0]) for item in value)
        )
    if not isinstance(kind, type) or origin is not None:
        return True
    if kind in (int, float):
        number = numbers.Integral if kind is int else numbers.Real
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, kind)


def _words(kind):
    """A type as a user reads it."""
    parts = typing.get_args(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(_words(part) for part in parts)
    if typing.get_origin(kind) in (collections.abc.Sequence, tuple, list):
        return f"a tuple, each of {_words(parts[0])}" if parts else "a tuple"
    if kind is type(None):
        return "None"
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is keras.Regularizer:
        return f"a regularizer ({', '.join(_regularizers())})"
    if isinstance(kind, type) and issubclass(kind, Configured):
        of_kind = [name for name, value in values().items() if issubclass(value, kind)]
        return f"a {kind.__name__}" + (f" ({', '.join(of_kind)})" if of_kind else "")
    return getattr(kind, "__name__", str(kind))


def read_value(text: str, info: DataInfo) -> Any:
    """Reads a Python literal, `data` (the data set's levels), or a value of tfgen's by name.

    `Categorical`, `LogisticMixture(5)` and the like are built from their arguments, literals or
    values again; arguments `levels`, `num_classes`, `event_shape`, `vocabulary` and `length` that
    are missing are the data set's.

    Args:
        text: of one value.
        info: `DataInfo` of the data set.
    Raises:
        ValueError: the text is none of these.
    """
    if text == "data":
        return info.levels
    try:
        return _read_node(ast.parse(text.strip(), mode="eval").body, info)
    except (AttributeError, KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(
            "expected a number, a tuple, or the name of a head, prior, loss pair, schedule or"
            f" condition. Received: {text} ({error})"
        ) from error


def _read_node(node, info):
    if isinstance(node, ast.Tuple):
        return tuple(_read_node(item, info) for item in node.elts)
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    if not isinstance(call.func, ast.Name):
        return ast.literal_eval(node)
    kind = _regularizers().get(call.func.id) or values()[call.func.id]
    args = [_read_node(argument, info) for argument in call.args]
    kwargs = {each.arg: _read_node(each.value, info) for each in call.keywords}
    signature = inspect.signature(kind)
    given = signature.bind_partial(*args, **kwargs).arguments
    for name in ("levels", "num_classes", "event_shape", "vocabulary", "length"):
        if name in signature.parameters and name not in given and getattr(info, name) is not None:
            kwargs[name] = getattr(info, name)
    return kind(*args, **kwargs)


def _regularizers():
    kinds = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    return {kind.__name__: kind for kind in kinds}


def _subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def _exported(kind):
    """Whether a folder of tfgen exports a class that one of its files defines."""
    package, _, rest = kind.__module__.partition(".")
    folder = sys.modules.get(f"{package}.{rest.partition('.')[0]}")
    return package == "tfgen" and kind.__name__ in getattr(folder, "__all__", ())
