"""Layers whose configuration is their constructor's arguments."""

from typing import Any

import keras

from tfgen.core import Configured


class ConfiguredLayer(Configured, keras.layers.Layer):
    """A Keras layer that stores every `__init__` argument under its own name.

    `get_config`, `from_config` and the registration with Keras follow from the signature.
    """

    # Layers are compared by identity, as Keras does, not by configuration.
    __eq__ = keras.layers.Layer.__eq__
    __hash__ = keras.layers.Layer.__hash__
    __repr__ = keras.layers.Layer.__repr__

    def get_config(self) -> dict[str, Any]:
        return {**keras.layers.Layer.get_config(self), **Configured.get_config(self)}
