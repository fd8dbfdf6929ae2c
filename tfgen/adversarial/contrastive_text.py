"""A text encoder learns what images show, before the game begins."""

import keras
import tensorflow as tf

from tfgen.adversarial.wrong_captions import words_apart
from tfgen.core import Adam, Configured, fold_in, split_seed
from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.losses import contrastive, unit_vectors


class ContrastiveText(Configured):
    """Steps of a symmetric contrastive loss of real pairs, which move text and image embeddings.

    -1/2 E[log p(t | x) + log p(x | t)], each a softmax over a batch of cos(phi(t), e(x)) /
    temperature: an image tells its caption among those of the batch, and a caption its image. Pairs
    of one and the same caption are left out. Half of a batch has captions near to one that is
    drawn, differing from it in a word if there are enough of them, so that each word has to be told
    by itself. It stands in the place of the paper's structured loss against the features of a
    classifier (section 3.2), which needs labels.

    Args:
        steps: number of updates.
        batch_size: pairs of one update.
        learning_rate: of Adam.
        temperature: positive.
    Raises:
        ValueError: a number out of range.
    """

    def __init__(
        self,
        steps: int = 2000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        temperature: float = 0.1,
    ) -> None:
        check_sizes(steps=steps, batch_size=batch_size)
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = check_positive(learning_rate, "learning_rate")
        self.temperature = check_positive(temperature, "temperature")

    def loss(self, text: tf.Tensor, image: tf.Tensor, given: tf.Tensor) -> tf.Tensor:
        """The loss of a batch, a float32 scalar in nats.

        Args:
            text, image: `[batch, text_dim]`, embeddings of captions and of their images.
            given: `[batch, length]`, the numbers of the captions' words.
        """
        cosines = tf.matmul(unit_vectors(text), unit_vectors(image), transpose_b=True)
        return contrastive(cosines / self.temperature, words_apart(given, given) == 0)

    def draw(self, given: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Indices of the examples of one batch, int32 `[min(batch_size, num_examples)]`.

        Args:
            given: `[num_examples, length]`.
            seed: int32 `(2,)`.
        """
        length = given.shape[0]
        size = min(self.batch_size, length)
        drawn, ties, rest = split_seed(seed, 3)
        anchor = tf.random.stateless_uniform((1,), drawn, maxval=length, dtype=tf.int32)
        apart = words_apart(given, tf.gather(given, anchor))[:, 0]
        # The anchor's own caption is no nearer than one of another word: there are many of it.
        order = tf.maximum(apart, 1.0) + tf.random.stateless_uniform((length,), ties)
        near = tf.math.top_k(-order, size // 2).indices
        any_of_them = tf.random.stateless_uniform(
            (size - size // 2,), rest, maxval=length, dtype=tf.int32
        )
        return tf.concat([near, any_of_them], axis=0)

    def train(
        self,
        text_encoder: keras.Model,
        discriminator: keras.Model,
        x: tf.Tensor,
        given: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """Trains the text encoder, and the discriminator's embedding of images with it.

        Networks that a `tf.distribute` strategy has copied to its replicas are trained as one more
        copy, whose weights all of them get.

        Args:
            text_encoder: `[batch, length]` to `[batch, text_dim]`.
            discriminator: images and embeddings of texts to outputs and `[batch, text_dim]`.
            x: `[num_examples, *event_shape]`, float32.
            given: `[num_examples, length]`.
            seed: int32 `(2,)`.
        Returns:
            The loss of each step, float32 `[steps]`.
        """
        networks = text_encoder, discriminator
        text_encoder, discriminator = copies = [_alone(network) for network in networks]
        variables = text_encoder.trainable_variables + discriminator.trainable_variables
        optimizer = Adam(self.learning_rate)
        optimizer.build(variables)

        @tf.function
        def step(number):
            rows = self.draw(given, fold_in(seed, number))
            words = tf.gather(given, rows)
            with tf.GradientTape() as tape:
                text = text_encoder(words, training=True)
                _, image = discriminator([tf.gather(x, rows), text], training=True)
                loss = self.loss(text, image, words)
            found = zip(tape.gradient(loss, variables), variables, strict=True)
            optimizer.apply_gradients([(g, v) for g, v in found if g is not None])
            return loss

        losses = tf.stack([step(tf.constant(number)) for number in range(self.steps)])
        for network, copy in zip(networks, copies, strict=True):
            if copy is not network:
                network.set_weights(copy.get_weights())
        return losses


def _alone(network):
    """The network, or a copy of one that a strategy has on several replicas."""
    if not any(isinstance(v.value, tf.distribute.DistributedValues) for v in network.weights):
        return network
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy
