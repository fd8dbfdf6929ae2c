"""The denoiser of CLIP's image embeddings: the prior of DALL-E 2."""

import keras
from keras import layers

from tfgen.conditions import CaptionedVector
from tfgen.core.size_checks import check_sizes
from tfgen.layers import CausalSequence, TimeEmbedding
from tfgen.networks.condition_features import words_and_vector_input
from tfgen.networks.transformer import transformer_blocks


def prior_transformer(
    dim: int,
    condition: CaptionedVector,
    width: int = 128,
    num_layers: int = 4,
    num_heads: int = 4,
    name: str = "denoiser",
) -> keras.Model:
    """Builds the diffusion prior of Ramesh et al. (2022), section 2.2.

    A causal transformer over the caption's words, the text's embedding, the time, the noised image
    embedding and a learned query, whose output, linearly mapped, is the prediction. The paper's
    has words that a transformer has encoded before; here it is their learned vectors.

    Args:
        dim: size of the image embedding.
        condition: a caption with its embedding.
        width: size of the vectors within, even.
        num_layers: number of blocks.
        num_heads: heads of each attention, which divide the width.
        name: name of the model.
    Returns:
        A built `keras.Model`: `[x_t, time, given]`, of shapes `[batch, dim]`, `[batch]` (float32,
        t / T in [0, 1]) and `[batch, length + size of the text's embedding]`, to `[batch, dim]`.
    Raises:
        ValueError: another condition, a size below 1, or a width that is odd or that the heads do
            not divide.
    """
    check_sizes(dim=dim, width=width)
    xt = keras.Input((dim,), name="x_t")
    time = keras.Input((), dtype="float32", name="time")
    given, words, embedding = words_and_vector_input(condition)
    # Without a bias, so that the place alone stands for an embedding that is missing.
    of_embedding = layers.Dense(width, use_bias=False, name="of_given")(embedding)
    of_time = layers.Dense(width)(layers.Dense(width, "swish")(TimeEmbedding(width)(time)))
    vectors = [of_embedding, of_time, layers.Dense(width)(xt)]
    vectors = layers.Concatenate(axis=1)([layers.Reshape((1, width))(each) for each in vectors])
    h, mask = CausalSequence(condition.num_words, width, name="words")(words, vectors)
    h = transformer_blocks(h, num_layers, num_heads, mask)
    end = layers.Flatten()(layers.Cropping1D((h.shape[1] - 1, 0))(h))
    outputs = layers.Dense(dim, name="prediction")(end)
    return keras.Model([xt, time, given], outputs, name=name)
