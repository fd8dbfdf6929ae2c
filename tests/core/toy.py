"""Models small enough to follow by hand."""

import keras
import tensorflow as tf

from tfgen.core import GenerativeModel, Phase


class Line(GenerativeModel):
    """One phase: learns w x = x from `loss(model, x, seed, training)`, by default |w x - x|^2."""

    term_names = ("error",)
    density = "none"

    def __init__(self, *, regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.regularizer = regularizer
        self.event_shape = (2,)
        dense = keras.layers.Dense(2, use_bias=False, kernel_regularizer=regularizer)
        self.network = keras.Sequential([keras.Input((2,)), dense])

    def phases(self):
        return (Phase("line", self.loss_terms, (self.network,)),)

    def loss_terms(self, batch, seed, training):
        (x,) = batch
        return {"error": tf.reduce_mean((self.network(x, training=training) - x) ** 2)}

    def default_optimizers(self):
        return {"line": keras.optimizers.SGD(0.1)}

    def call(self, x, training=False):
        return self.network(x, training=training)

    def preview(self, batch, seed=0):
        return self.network(batch[0])[None]

    def signatures(self):
        spec = tf.TensorSpec((None, 2), tf.float32, name="x")
        return {"line": (lambda x: {"y": self(x)}, [spec])}


class Pair(Line):
    """Two phases: `often` moves at every step, `seldom` at every third."""

    term_names = ("often_loss", "seldom_loss")

    def __init__(self, *, every=3, **kwargs):
        super().__init__(**kwargs)
        self.every = every
        self.other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])

    def phases(self):
        return (
            Phase("often", self.often_loss, (self.network,)),
            Phase("seldom", self.seldom_loss, (self.other,), every=self.every),
        )

    def often_loss(self, batch, seed, training):
        (x,) = batch
        return {"often_loss": tf.reduce_mean((self.network(x, training=training) - x) ** 2)}

    def seldom_loss(self, batch, seed, training):
        (x,) = batch
        noise = tf.random.stateless_normal(tf.shape(x), seed)
        return {"seldom_loss": tf.reduce_mean((self.other(x, training=training) - noise) ** 2)}

    def default_optimizers(self):
        return {"often": keras.optimizers.Adam(0.1), "seldom": keras.optimizers.Adam(0.1)}
