"""Transformers (Vaswani et al. 2017), with the normalization in front of each part."""

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.layers import WordSequence
from tfgen.networks.condition_features import words_input


def transformer_blocks(
    h: keras.KerasTensor,
    num_layers: int,
    num_heads: int,
    mask: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """h + attention(norm(h)), then h + perceptron(norm(h)), `num_layers` times, and a last norm.

    The perceptron has one hidden layer of four times the width, with GELU (Radford et al. 2019,
    section 2.3).

    Args:
        h: `[batch, length, width]`.
        num_layers: number of blocks.
        num_heads: heads of each attention, which divide the width.
        mask: boolean `[batch, length or 1, length]`, what each place may look at; None for all.
    Returns:
        `[batch, length, width]`.
    Raises:
        ValueError: a size below 1, or heads that do not divide the width.
    """
    width = h.shape[-1]
    check_sizes(num_heads=num_heads)
    check_parts(num_layers=num_layers)
    if width % num_heads:
        raise ValueError(f"expected num_heads that divides {width}. Received: {num_heads!r}")
    for _ in range(num_layers):
        tokens = layers.LayerNormalization()(h)
        attention = layers.MultiHeadAttention(num_heads, width // num_heads)
        h = layers.Add()([h, attention(tokens, tokens, attention_mask=mask)])
        tokens = layers.Dense(4 * width, "gelu")(layers.LayerNormalization()(h))
        h = layers.Add()([h, layers.Dense(width)(tokens)])
    return layers.LayerNormalization()(h)


def text_transformer(
    condition: Condition,
    num_outputs: int,
    width: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    name: str = "text_encoder",
) -> keras.Model:
    """Builds the text encoder of CLIP: numbers of words [batch, length] -> [batch, num_outputs].

    The transformer's output at the end of the text, linearly mapped (Radford et al. 2021, section
    2.4). Unlike there, a word sees those behind it, too.

    Args:
        condition: of words, such as `Captions`.
        num_outputs: size of the embedding.
        width: size of the vectors within.
        num_layers: number of blocks.
        num_heads: heads of each attention.
        name: name of the model.
    Returns:
        A built `keras.Model`.
    Raises:
        ValueError: a condition of no words, a size below 1, or heads that do not divide the width.
    """
    check_sizes(num_outputs=num_outputs, width=width)
    given = words_input(condition)
    h, mask = WordSequence(condition.num_words, width, name="words")(given)
    h = transformer_blocks(h, num_layers, num_heads, mask)
    end = layers.Flatten()(layers.Cropping1D((h.shape[1] - 1, 0))(h))
    outputs = layers.Dense(num_outputs, use_bias=False, name="embedding")(end)
    return keras.Model(given, outputs, name=name)
