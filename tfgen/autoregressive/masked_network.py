"""Residual blocks of masked convolutions, as a whole and channel by channel.

A network is `(first, blocks, readouts)`, see `MaskedPixelCNN`.
"""

import tensorflow as tf

from tfgen.layers import MaskedConv2D


def masked_blocks(
    convolution,
    groups,
    num_features,
    num_layers,
    kernel_size,
    first_kernel_size,
    num_output_features,
    num_outputs,
):
    """The layers of a network.

    Args:
        convolution: class of those that see other pixels, a `MaskedConvolution`.
        groups: number of channels of the image.
        num_features: h.
        num_layers: number of blocks.
        kernel_size: of the blocks' masked convolutions.
        first_kernel_size: of the first convolution.
        num_output_features: features before the logits.
        num_outputs: number of logits of a pixel.
    """
    own = lambda size, name: MaskedConv2D(size, 1, mask="B", groups=groups, name=name)
    first = convolution(2 * num_features, first_kernel_size, mask="A", groups=groups, name="first")
    blocks = [
        [
            own(num_features, f"block_{i}_reduce"),
            convolution(
                num_features, kernel_size, mask="B", groups=groups, name=f"block_{i}_masked"
            ),
            own(2 * num_features, f"block_{i}_expand"),
        ]
        for i in range(num_layers)
    ]
    sizes = (num_output_features, num_outputs)
    return first, blocks, [own(size, f"readout_{i}") for i, size in enumerate(sizes)]


def masked_layers(network):
    """The layers that see other pixels, from the first on."""
    first, blocks, _ = network
    return [first, *(masked for _, masked, _ in blocks)]


def image_logits(network, x, *visible):
    """The logits of all pixels.

    Args:
        network: the layers.
        x: `[batch, height, width, channels]`, in [0, 1]; it enters as 2 x - 1: the zeros of the
            padding are no pixel value.
        *visible: what each of `masked_layers` takes beside its input; none if they take nothing.
    Returns:
        `[batch, height, width, num_outputs]`.
    """
    first, blocks, readouts = network
    beside = {}
    if visible:
        names = (layer.name for layer in masked_layers(network))
        beside = {name: (each,) for name, each in zip(names, visible, strict=True)}
    run = lambda layer, x: layer(x, *beside.get(layer.name, ()))
    features = run(first, 2 * x - 1)
    for block in blocks:
        hidden = features
        for layer in block:
            hidden = run(layer, tf.nn.relu(hidden))
        features = features + hidden
    for layer in readouts:
        features = run(layer, tf.nn.relu(features))
    return features


def channel_logits(network, others, values, inputs):
    """The logits of the next channel of one pixel.

    Args:
        network: the layers.
        others: for each of `masked_layers`, what its output owes to other pixels,
            `[batch, features]`.
        values: list of `[batch]`, the pixel's channels so far, in [0, 1].
        inputs: dictionary, empty at the pixel's first channel: for the name of each layer, its
            input's groups so far, a list of `[batch, features / channels]`.
    Returns:
        `[batch, num_params]`.
    """
    c = len(values)
    owed = {
        layer.name: tf.split(each, layer.groups, axis=-1)[c]
        for layer, each in zip(masked_layers(network), others, strict=True)
    }

    def run(layer, groups):
        return layer.own(c, groups) + owed.get(layer.name, 0.0)

    def add(layer, group):
        groups = inputs.setdefault(layer.name, [])
        groups.append(tf.nn.relu(group))
        return run(layer, groups)

    first, blocks, readouts = network
    features = run(first, [2 * value[:, tf.newaxis] - 1 for value in values])
    for block in blocks:
        hidden = features
        for layer in block:
            hidden = add(layer, hidden)
        features += hidden
    for layer in readouts:
        features = add(layer, features)
    return features


def masked_inputs(network, pixel, inputs):
    """The inputs of `masked_layers` at a pixel, after its last channel.

    Args:
        network: the layers.
        pixel: `[batch, channels]`, in [0, 1].
        inputs: see `channel_logits`.
    Returns:
        List of `[batch, features]`.
    """
    _, *masked = masked_layers(network)
    return [2 * pixel - 1, *(tf.concat(inputs[layer.name], axis=-1) for layer in masked)]
