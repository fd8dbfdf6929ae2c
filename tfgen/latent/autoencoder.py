"""The autoencoder, and the denoising one (Hinton & Salakhutdinov, 2006; Vincent et al., 2008)."""

from typing import Any, Literal, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Adam, Condition, Phase, check_seed
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Bernoulli, Head
from tfgen.latent.corruptions import Corruption
from tfgen.latent.encoding_model import EncodingModel
from tfgen.networks import Architecture, DenseNetworks, check_network

tfd = tfp.distributions


class Autoencoder(EncodingModel):
    """A code of x, z = f(x), from which a decoder g restores x: -log p(x | f(x)) is minimised.

    Hinton & Salakhutdinov (2006). With a corruption the code is that of a corrupted x~, from which
    x itself is to be restored, -log p(x | f(x~)): a denoising autoencoder (Vincent et al. 2008, Eq.
    5). The corruption is part of this objective, in validation too, where it is drawn from the
    fixed seed; `encode`, `decode`, `reconstruct` and `call` read x as it is. It is no distribution
    of x: nothing says how z is distributed.

    Args:
        encoder: Keras model, `[batch, *event_shape]` to `[batch, latent_dim]`.
        decoder: Keras model, `[batch, latent_dim]` to the parameters of the likelihood.
        likelihood: the head of p(x | z): `Bernoulli()`, or any other.
        corruption: `MaskingNoise(0.25)`, or another; None for an autoencoder without.
    Raises:
        ValueError: networks and likelihood do not fit together.

    Example:
        >>> from tfgen.networks import DenseNetworks
        >>> model = Autoencoder.default((4, 4, 1), latent_dim=2, architecture=DenseNetworks((8,)))
        >>> model.encode(np.ones((5, 4, 4, 1))).shape
        TensorShape([5, 2])
        >>> model.classifier(10).output_shape
        (None, 10)
    """

    term_names = ("distortion",)
    density = "none"
    paper = "Hinton & Salakhutdinov 2006"

    def __init__(
        self,
        *,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Head,
        corruption: Corruption | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        event_shape = tuple(encoder.inputs[0].shape[1:])
        check_network("encoder", encoder, event_shape, (encoder.output_shape[-1],))
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        check_network("decoder", decoder, encoder.output_shape[1:], params)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.corruption = corruption
        self.event_shape = event_shape
        self.levels = likelihood.levels

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int = 30,
        architecture: Architecture = DenseNetworks((1000, 500, 250)),
        likelihood: Head = Bernoulli(),
        corruption: Corruption | None = None,
        **kwargs: Any,
    ) -> Self:
        """The layers of the paper's network for MNIST, 1000-500-250-30, with rectifiers.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dim: size of z.
            architecture: of the two networks.
            likelihood: head of p(x | z).
            corruption: what the encoder's input goes through in training; None for nothing.
            **kwargs: the constructor's other arguments.
        """
        check_sizes(latent_dim=latent_dim)
        event_shape = tuple(event_shape)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        return cls(
            encoder=architecture.encoder(event_shape, latent_dim),
            decoder=architecture.decoder(latent_dim, params),
            likelihood=likelihood,
            corruption=corruption,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, in place of the papers' layer-wise pretraining and gradient descent."""
        return {"reconstruction": Adam(1e-3)}

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("reconstruction", self.distortion, (self.encoder, self.decoder)),)

    @property
    def latent_dim(self) -> int:
        return self.encoder.output_shape[-1]

    def encode_mean(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The code f(x)."""
        return tf.cast(self.encoder(x, training=training), tf.float32)

    def distortion(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x | f(x~)), in nats, the mean over the batch; x~ is x without a corruption."""
        (x,) = batch
        z = self.encode_mean(self._corrupted(x, seed), training=training)
        return {"distortion": -tf.reduce_mean(self.p(z, training=training).log_prob(x))}

    def _corrupted(self, x, seed):
        return x if self.corruption is None else self.corruption(x, seed)

    def classifier(
        self,
        num_classes: int,
        from_: Literal["code", "hidden"] = "code",
        trainable: bool = False,
    ) -> keras.Model:
        """Builds a softmax layer on the encoder, an ordinary Keras model, not yet compiled.

        The encoder's layers are copied with their weights: training one of the two models never
        changes the other.

        Args:
            num_classes: number of classes, at least 1.
            from_: what the layer reads: the code, or the "hidden" layer before it.
            trainable: whether the encoder's weights move, too (fine-tuning), or the new layer's
                alone, on frozen features.
        Returns:
            `[batch, *event_shape]` to probabilities `[batch, num_classes]`, float32; to be
            compiled with, say, "sparse_categorical_crossentropy".
        Raises:
            ValueError: there is no class, or another `from_`.
        """
        check_sizes(num_classes=num_classes)
        if from_ not in ("code", "hidden"):
            raise ValueError(f'expected from_ to be "code" or "hidden". Received: {from_!r}')
        code = self.encoder.layers[-1]
        features = code.output if from_ == "code" else code.input
        original = keras.Model(self.encoder.inputs[0], features, name="features")
        copy = keras.models.clone_model(original)
        copy.set_weights(original.get_weights())
        copy.trainable = bool(trainable)
        x = keras.Input(self.event_shape)
        # Probabilities of half precision would be 0 or 1 too soon.
        softmax = keras.layers.Dense(num_classes, "softmax", dtype="float32", name="classes")
        return keras.Model(x, softmax(keras.layers.Flatten()(copy(x))), name="classifier")

    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """Each x beside its reconstruction; with a corruption x, x~ and what is made of x~.

        Args:
            batch: `(x,)`.
            seed: of the corruption.
        """
        x = self.check(batch[0])
        source = self._corrupted(x, check_seed(seed))
        shown = [x, self._reconstruct(source, None)]
        if self.corruption is not None:
            is_image = len(self.event_shape) == 3
            shown.insert(1, tf.clip_by_value(source, 0.0, 1.0) if is_image else source)
        num_columns = int(np.ceil(np.sqrt(len(x) / len(shown))))
        num_rows = len(x) // num_columns
        pictures = tf.stack(shown, axis=1)[: num_rows * num_columns]
        return tf.reshape(pictures, (num_rows, -1, *self.event_shape))
