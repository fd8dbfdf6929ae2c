"""Objects whose configuration is their constructor's arguments."""

import inspect
from typing import Any, Self

import keras


def init_parameters(cls: type) -> list[str]:
    """Names of the explicit arguments of the constructor, the inherited ones included.

    A class whose `__init__` takes `**kwargs` passes on what its parents' take: theirs are read
    along the method resolution order, as far as `Configured` classes define them.
    """
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names: list[str] = []
    for parent in cls.__mro__:
        if "__init__" not in vars(parent) or not issubclass(parent, Configured):
            continue
        parameters = list(inspect.signature(parent.__init__).parameters.values())[1:]
        names += [p.name for p in parameters if p.kind in named and p.name not in names]
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return names


def _plain(value):
    """Tuples and lists alike as tuples: a configuration that went through JSON is still equal.

    So is one that Keras numbers, as it does while it loads a model, so as to know it again.
    """
    if isinstance(value, dict):
        items = ((key, item) for key, item in value.items() if key != "shared_object_id")
        return tuple(sorted((key, _plain(item)) for key, item in items))
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    return value


class Configured:
    """Every `__init__` argument is stored under its own name; the configuration follows.

    A subclass writes `self.levels = levels` and nothing else: `get_config` reads the arguments
    back, `from_config` calls the constructor, and the class is registered with Keras under the
    name of its own package, so that `keras.saving` can write and read it. Two objects of one class
    with equal configurations are equal.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package = cls.__module__.partition(".")[0]
        keras.saving.register_keras_serializable(package=package)(cls)

    def get_config(self) -> dict[str, Any]:
        """Returns `{argument: serialised value}`, from the signature of `__init__`."""
        return {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in init_parameters(type(self))
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Builds the object that `get_config` described."""
        return cls(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )

    def __repr__(self) -> str:
        arguments = (f"{name}={getattr(self, name)!r}" for name in init_parameters(type(self)))
        return f"{type(self).__name__}({', '.join(arguments)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _plain(self.get_config()) == _plain(other.get_config())

    def __hash__(self) -> int:
        return hash((type(self), repr(_plain(self.get_config()))))
