"""The adversarial wing's abstract parent: a generator and a discriminator in turn."""

import abc

import tensorflow as tf

from tfgen.core import GenerativeModel, Phase, check_count


class AdversarialModel(GenerativeModel):
    """A generator that learns from a discriminator, each with a phase of its own.

    A step first moves the discriminator, then the generator. A family stores the networks
    `generator` and `discriminator` and supplies `generate`, `discriminator_loss` and
    `generator_loss`.

    The density of such a model is implicit: it can be sampled, but not evaluated.
    """

    density = "implicit"

    @property
    def event_shape(self):
        return tuple(self.discriminator.input_shape[1:])

    @abc.abstractmethod
    def generate(self, num_samples, seed, training=False):
        """Generated examples: `[num_samples, *event_shape]` from an int32 `(2,)` seed."""

    @abc.abstractmethod
    def discriminator_loss(self, x, training):
        """Terms of the discriminator's phase, the first minimised."""

    @abc.abstractmethod
    def generator_loss(self, x, training):
        """Terms of the generator's phase, the first minimised."""

    def phases(self):
        return (
            Phase("discriminator", self.discriminator_loss, (self.discriminator,)),
            Phase("generator", self.generator_loss, (self.generator,)),
        )

    def call(self, x, training=False):
        """The discriminator's logits.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            training: whether the networks run as in training.
        Returns:
            `[batch]`, float32; above 0 where x looks more like data than generated.
        """
        return tf.cast(tf.reshape(self.discriminator(x, training=training), [-1]), tf.float32)

    def discriminate(self, x):
        """The discriminator's verdict, D(x) = sigmoid(logits).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
        Returns:
            `[batch]`, float32: the probability that x comes from the data.
        Raises:
            ValueError: x is no batch of examples.
        """
        return tf.sigmoid(self(self.check(x)))

    def sample(self, num_samples, *, seed=None):
        """Generated examples.

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int s, read as `[0, s]`, or int32 `(2,)` tensor; by default the model's own
                generator supplies it.
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `num_samples` is below 1, or `seed` is no seed.
        """
        check_count(num_samples, "num_samples")
        return self.generate(num_samples, self.seed_or_next(seed))

    def signatures(self):
        return {
            "sample": (
                lambda num_samples, seed: {"samples": self.sample(num_samples, seed=seed)},
                [
                    tf.TensorSpec((), tf.int32, name="num_samples"),
                    tf.TensorSpec((2,), tf.int32, name="seed"),
                ],
            ),
            "discriminate": (
                lambda x: {"probabilities": self.discriminate(x)},
                [tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")],
            ),
        }
