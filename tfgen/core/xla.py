"""Where XLA makes training on a CPU faster."""

import math

import keras

# What XLA compiles into few passes over the memory; convolutions, dropout and Keras's recurrent
# layers run slower under it on a CPU, and a loop of a model's own may. Layers of tfgen that were
# measured to gain say so by an attribute `gains_by_xla`.
_LAYERS = (
    keras.layers.Activation,
    keras.layers.Concatenate,
    keras.layers.Dense,
    keras.layers.Flatten,
    keras.layers.InputLayer,
    keras.layers.ReLU,
    keras.layers.Reshape,
)

# Operations of an epoch: some tenths of a second, so that compiling is paid back in a few epochs.
_LEAST_WORK = 2e10


def gains_by_xla(model: keras.Model, num_examples: int) -> bool:
    """Whether the training step of a model on arrays runs faster under XLA on a CPU.

    It does, by a fifth or so, where the networks consist of dense layers, and an epoch is long
    enough. The answer depends on no number of epochs: a resumed training goes on as it began.

    Args:
        model: built.
        num_examples: examples of an epoch.
    """
    work = 6 * num_examples * sum(math.prod(v.shape) for v in model.trainable_variables)
    if work < _LEAST_WORK or model.dtype_policy.compute_dtype != "float32":
        return False
    return _is_dense(model)


def _is_dense(layer):
    if isinstance(layer, keras.Model):
        parts = layer.layers
        own = {id(v) for part in parts for v in part.trainable_variables}
        has_no_more = all(id(v) in own for v in layer.trainable_variables)
        return has_no_more and all(_is_dense(part) for part in parts)
    return type(layer) in _LAYERS or getattr(layer, "gains_by_xla", False)
