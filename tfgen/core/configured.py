"""Objects whose configuration is their constructor's arguments."""

import inspect

import keras


def init_parameters(cls):
    """Names of the explicit arguments of `cls.__init__` (`*args` and `**kwargs` left out)."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(cls.__init__).parameters.values()
    return [p.name for p in parameters if p.kind in named and p.name != "self"]


def _plain(value):
    """Tuples and lists alike as tuples: a configuration that went through JSON is still equal."""
    if isinstance(value, dict):
        return tuple(sorted((key, _plain(item)) for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    return value


class Configured:
    """Every `__init__` argument is stored under its own name; the configuration follows.

    A subclass writes `self.levels = levels` and nothing else: `get_config` reads the arguments
    back, `from_config` calls the constructor, and the class is registered with Keras, so that
    `keras.saving` can write and read it. Two objects of one class with equal configurations are
    equal.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(package="tfgen")(cls)

    def get_config(self):
        """Returns `{argument: serialised value}`, from the signature of `__init__`."""
        return {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in init_parameters(type(self))
        }

    @classmethod
    def from_config(cls, config):
        """Builds the object that `get_config` described."""
        return cls(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )

    def __repr__(self):
        arguments = (f"{name}={getattr(self, name)!r}" for name in init_parameters(type(self)))
        return f"{type(self).__name__}({', '.join(arguments)})"

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return _plain(self.get_config()) == _plain(other.get_config())

    def __hash__(self):
        return hash((type(self), repr(_plain(self.get_config()))))
