"""Contrastive language-image pretraining."""

from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.core import Adam, Condition, GenerativeModel, Phase
from tfgen.core.arrays import in_batches
from tfgen.core.condition import check_is_condition
from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.layers import LearnedScale
from tfgen.losses import contrastive, unit_vectors
from tfgen.networks import (
    Architecture,
    DenseNetworks,
    ResidualNetworks,
    check_network,
    text_transformer,
)

_SHOWN = 8  # captions and images of a preview


class CLIP(GenerativeModel):
    """Two encoders into one space, where an image is close to its caption: cos(f(x), g(y)).

    Radford et al. (2021). Training minimises the symmetric cross-entropy of a batch: which of its
    captions is an image's, and which of its images is a caption's, by a softmax over cosines times
    a learned scale (Figure 3). Equal captions of a batch are not each other's negatives. Any
    condition may be the caption. It is no distribution of x.

    Args:
        image_encoder: Keras model, `[batch, *event_shape]` to `[batch, embedding_dim]`.
        text_encoder: Keras model, what networks read of conditions to `[batch, embedding_dim]`.
        condition: what y is, such as `Captions`.
        temperature: 1 / scale at the start, positive.
        max_scale: most that the scale becomes, positive.
    Raises:
        ValueError: no condition, or networks that do not fit together.

    Example:
        >>> from tfgen.conditions import Captions
        >>> captions = Captions.from_corpus(["a red seven", "a blue one"])
        >>> model = CLIP.default((8, 8, 3), captions, embedding_dim=16)
        >>> model.similarity(np.zeros((5, 8, 8, 3)), ["a red one", "a blue seven"]).shape
        TensorShape([5, 2])
    """

    term_names = ("contrastive", "captions_right", "images_right", "scale")
    density = "none"
    takes_condition = True
    needs_condition = True
    paper = "Radford et al. 2021"
    default_batch_size = 256

    def __init__(
        self,
        *,
        image_encoder: keras.Model,
        text_encoder: keras.Model,
        condition: Condition | None = None,
        temperature: float = 0.07,
        max_scale: float = 100.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=check_is_condition(condition), **kwargs)
        self.event_shape = tuple(image_encoder.inputs[0].shape[1:])
        embedding = (image_encoder.output_shape[-1],)
        check_network("image_encoder", image_encoder, self.event_shape, embedding)
        check_network("text_encoder", text_encoder, condition.given_spec.shape[1:], embedding)
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.temperature = check_positive(temperature, "temperature")
        self.max_scale = check_positive(max_scale, "max_scale")
        self.scale = LearnedScale(1 / temperature, max_scale, dtype=self.dtype_policy, name="scale")
        self.scale.build(())

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        condition: Condition | None = None,
        embedding_dim: int = 64,
        architecture: Architecture | None = None,
        width: int = 64,
        num_layers: int = 2,
        num_heads: int = 4,
        **kwargs: Any,
    ) -> Self:
        """A transformer over words and a residual network, smaller than the paper's.

        Args:
            event_shape: `(height, width, channels)`, or `(d,)`.
            condition: what y is; there has to be one. Of one that is no words, a perceptron with a
                hidden layer of `width` is the text encoder.
            embedding_dim: size of the embeddings.
            architecture: whose encoder reads images; None for residual blocks of 32, 64 and 128
                channels, and for a perceptron for vectors.
            width, num_layers, num_heads: of the transformer.
            **kwargs: the constructor's other arguments.
        """
        check_sizes(embedding_dim=embedding_dim, width=width)
        event_shape = tuple(event_shape)
        spec = check_is_condition(condition).given_spec
        if architecture is None:
            images = len(event_shape) == 3
            architecture = ResidualNetworks((32, 64, 128)) if images else DenseNetworks()
        if spec.dtype.is_floating:
            of_given = DenseNetworks((width,)).encoder(spec.shape[1:], embedding_dim)
        else:
            of_given = text_transformer(condition, embedding_dim, width, num_layers, num_heads)
        return cls(
            image_encoder=architecture.encoder(event_shape, embedding_dim, name="image_encoder"),
            text_encoder=of_given,
            condition=condition,
            **kwargs,
        )

    @property
    def embedding_dim(self) -> int:
        return self.image_encoder.output_shape[-1]

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam with the paper's betas, without its decay of weights and of the rate."""
        return {"encoders": Adam(1e-3, beta_2=0.98, epsilon=1e-6)}

    def phases(self) -> tuple[Phase, ...]:
        networks = (self.image_encoder, self.text_encoder, self.scale)
        return (Phase("encoders", self.contrastive, networks),)

    def contrastive(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The loss of a batch in nats, how many pairs are found in it, and the scale (Figure 3)."""
        x, given = batch
        rows = tf.reshape(given, [tf.shape(given)[0], -1])
        same = tf.reduce_all(rows[:, tf.newaxis] == rows, axis=-1)
        images, texts = self.embed_image(x, training), self.embed_text(given, training)
        cosines = tf.matmul(images, texts, transpose_b=True)
        found = [
            tf.reduce_mean(tf.cast(tf.gather(same, best, batch_dims=1), tf.float32))
            for best in (tf.argmax(cosines, axis=1), tf.argmax(cosines, axis=0))
        ]
        return {
            "contrastive": contrastive(self.scale(cosines), same),
            "captions_right": found[0],
            "images_right": found[1],
            "scale": self.scale(tf.ones(())),
        }

    def embed_image(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """f(x), of length 1: `[batch, embedding_dim]`, float32."""
        return unit_vectors(self.image_encoder(x, training=training))

    def embed_text(self, given: tf.Tensor, training: bool = False) -> tf.Tensor:
        """g(y), of length 1, by what networks read of y: `[batch, embedding_dim]`, float32."""
        return unit_vectors(self.text_encoder(given, training=training))

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The cosine of each image and its own caption.

        Args:
            inputs: `(x, condition)`.
            training: whether the networks run as in training.
        Returns:
            `[batch]`, float32, in [-1, 1].
        """
        x, given = self.read_inputs(inputs)
        x = tf.cast(x, tf.float32)
        products = self.embed_image(x, training) * self.embed_text(given, training)
        return tf.reduce_sum(products, axis=-1)

    def encode_image(self, x: ArrayLike, *, batch_size: int | None = 256) -> tf.Tensor:
        """The embeddings of images, f(x) / |f(x)|.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            batch_size: examples that are encoded at a time; None for all.
        Returns:
            `[batch, embedding_dim]`, float32.
        Raises:
            ValueError: x is no batch of examples.
        """
        return in_batches(self.embed_image, batch_size, self.check(x))

    def encode_text(self, condition: ArrayLike, *, batch_size: int | None = 256) -> tf.Tensor:
        """The embeddings of captions, g(y) / |g(y)|.

        Args:
            condition: `[batch]` captions, or one.
            batch_size: captions that are encoded at a time; None for all.
        Returns:
            `[batch, embedding_dim]`, float32.
        Raises:
            ValueError: no captions.
        """
        given = self.condition.encode(self.condition.tokens(condition))
        return in_batches(self.embed_text, batch_size, given)

    def similarity(self, x: ArrayLike, condition: ArrayLike) -> tf.Tensor:
        """Cosines of all images and all captions.

        Args:
            x: `[num_images, *event_shape]`, float32; images in [0, 1].
            condition: `[num_captions]` captions, or one.
        Returns:
            `[num_images, num_captions]`, float32, in [-1, 1].
        Raises:
            ValueError: x is no batch of examples, or a bad condition.
        """
        return tf.matmul(self.encode_image(x), self.encode_text(condition), transpose_b=True)

    def classify(self, x: ArrayLike, condition: ArrayLike) -> tf.Tensor:
        """Which of some captions fits an image best, without a label (section 3.1).

        Args:
            x: `[num_images, *event_shape]`, float32; images in [0, 1].
            condition: `[num_captions]` captions, one for each class.
        Returns:
            `[num_images]`, int32 below `num_captions`.
        Raises:
            ValueError: x is no batch of examples, or a bad condition.
        """
        return tf.argmax(self.similarity(x, condition), axis=1, output_type=tf.int32)

    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """A row for each of the first captions: the images of the batch that fit it best, in order.

        Args:
            batch: `(x, y)`, as `fit` takes it.
            seed: not used.
        Returns:
            `[captions, images, *event_shape]`, float32, 8 of each at most.
        """
        x, y = batch
        x = self.check(x)
        captions = self.condition.rows(y)
        fit = tf.transpose(self.similarity(x, captions))
        best = tf.math.top_k(fit, min(_SHOWN, len(x))).indices
        return tf.gather(x, best)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`encode_image`, `encode_text`, and `similarity` of all images and all captions."""

        def encode_image(x):
            return {"embeddings": self.encode_image(x)}

        def encode_text(condition):
            return {"embeddings": self.encode_text(condition)}

        def similarity(x, condition):
            return {"similarity": self.similarity(x, condition)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        (condition,) = self.condition_specs()
        return {
            "encode_image": (encode_image, [x]),
            "encode_text": (encode_text, [condition]),
            "similarity": (similarity, [x, condition]),
        }
