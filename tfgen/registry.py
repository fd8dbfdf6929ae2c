"""Models and values by name: how the command line reads MODEL and `--set`."""

import ast
import inspect

import tfgen
from tfgen.core import Configured, GenerativeModel


def models():
    """`{name: class}` of the models that `tfgen` exports."""
    exported = {name: getattr(tfgen, name) for name in tfgen.__all__}
    return {
        name: value
        for name, value in sorted(exported.items())
        if isinstance(value, type) and issubclass(value, GenerativeModel)
    }


def table():
    """Rows (name, wing, density, paper) of the models, by wing."""
    rows = [
        (name, model.__module__.split(".")[1], model.density, model.paper)
        for name, model in models().items()
    ]
    return sorted(rows, key=lambda row: (row[1], row[0]))


def find_model(name):
    """The model class of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in models():
        raise ValueError(f"expected one of the models {', '.join(models())}. Received: {name}")
    return models()[name]


def split_settings(settings):
    """`["key=value", ...]` as `{key: text of the value}`.

    Raises:
        ValueError: no "=", or a key that comes twice.
    """
    pairs = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key or not text or key in pairs:
            raise ValueError(f"expected each key once, as key=value. Received: {setting}")
        pairs[key] = text
    return pairs


def build(model, settings, info):
    """`model.default` for a data set.

    Args:
        model: a model class.
        settings: `{argument: text}`, see `read_value`.
        info: `DataInfo` of the data set.
    Raises:
        ValueError: an argument that `default` does not have, or a value that cannot be read.
    """
    parameters = inspect.signature(model.default).parameters
    names = [name for name, p in parameters.items() if p.kind != p.VAR_KEYWORD]
    names = [name for name in names if name != "event_shape"]
    unknown = [name for name in settings if name not in names]
    if unknown:
        raise ValueError(
            f"expected --set with one of {', '.join(names)} for {model.__name__}."
            f" Received: {', '.join(unknown)}"
        )
    values = {name: read_value(text, info.levels) for name, text in settings.items()}
    try:
        return model.default(info.event_shape, **values)
    except TypeError as error:
        raise ValueError(
            f"expected values that {model.__name__}.default takes ({error}). Received: {settings}"
        ) from error


def read_value(text, levels):
    """Reads a Python literal, `data` (the data set's levels), or a value of tfgen's by name.

    `Categorical`, `LogisticMixture(5)` and the like are built from their literal arguments; an
    argument `levels` that is missing is the data set's.

    Raises:
        ValueError: the text is none of these.
    """
    if text == "data":
        return levels
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        pass
    expected = "expected a number, a tuple, or the name of a head, prior, loss pair or schedule"
    try:
        node = ast.parse(text, mode="eval").body
        call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
        kind = _values()[call.func.id]
        args = [ast.literal_eval(argument) for argument in call.args]
        kwargs = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
        given = inspect.signature(kind).bind_partial(*args, **kwargs).arguments
        if "levels" in inspect.signature(kind).parameters and "levels" not in given:
            kwargs["levels"] = levels
        return kind(*args, **kwargs)
    except (AttributeError, KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"{expected}. Received: {text} ({error})") from error


def _values():
    """`{name: class}` of the value classes that the wings export."""
    folders = (tfgen.distributions, tfgen.adversarial, tfgen.diffusion)
    values = {name: getattr(folder, name) for folder in folders for name in folder.__all__}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, type)
        and issubclass(value, Configured)
        and not issubclass(value, GenerativeModel)
    }
