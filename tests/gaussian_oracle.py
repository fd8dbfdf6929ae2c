"""Gaussian data, of which everything about diffusion is known: an oracle for its tests."""

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from tfgen.diffusion import DDPM, Start
from tfgen.diffusion.denoiser import Denoised


class Gaussian:
    """x_0 ~ N(mean, covariance), x = x_0 + sigma noise.

    Args:
        mean: `[d]`.
        covariance: `[d, d]`.
    """

    def __init__(self, mean, covariance):
        self.mean, self.covariance = np.float64(mean), np.float64(covariance)
        self.variances, self.axes = np.linalg.eigh(self.covariance)

    def denoise(self, x, sigma):
        """E[x_0 | x] = mean + covariance (covariance + sigma^2)^-1 (x - mean), a `Denoise`."""
        mean, axes, variances = (tf.cast(v, x.dtype) for v in self._parts())
        gains = variances / (variances + tf.square(sigma))
        return Denoised(mean + tf.linalg.matmul((x - mean) @ axes * gains, axes, transpose_b=True))

    def start(self, x, sigma):
        """The same in NumPy."""
        gains = self.variances / (self.variances + sigma**2)
        return self.mean + (x - self.mean) @ self.axes * gains @ self.axes.T

    def flow(self, x, t, s):
        """Where the probability flow takes x from the level t to the level s."""
        ratios = np.sqrt((self.variances + s**2) / (self.variances + t**2))
        return self.mean + (x - self.mean) @ self.axes * ratios @ self.axes.T

    def at(self, sigma):
        """The distribution of x."""
        noise = sigma**2 * np.eye(len(self.mean))
        return stats.multivariate_normal(self.mean, self.covariance + noise)

    def given_second(self, value):
        """Mean and variance of the first of two dimensions, given the second."""
        gain = self.covariance[0, 1] / self.covariance[1, 1]
        mean = self.mean[0] + gain * (value - self.mean[1])
        return mean, self.covariance[0, 0] - gain * self.covariance[0, 1]

    def _parts(self):
        return self.mean, self.axes, self.variances


def counted(denoise):
    """The denoiser, and a variable that counts its evaluations."""
    count = tf.Variable(0)

    def counting(x, sigma):
        count.assign_add(1)
        return denoise(x, sigma)

    return counting, count


@keras.saving.register_keras_serializable(package="tfgen_tests")
class PerfectDenoiser(keras.layers.Layer):
    """The denoiser of a `Gaussian` as a DDPM's network, `[c_in x, time]` to x_0, at any level."""

    def __init__(self, data, schedule, **kwargs):
        super().__init__(**kwargs)
        self.data, self.logs = data, np.log(schedule.sigmas())

    def call(self, x, time):
        place = tf.cast(time, tf.float64) * len(self.logs) - 1
        low = tf.clip_by_value(tf.cast(place, tf.int32), 0, len(self.logs) - 2)
        first, last = (tf.gather(self.logs, each) for each in (low, low + 1))
        sigma = tf.exp(first + (last - first) * (place - tf.cast(low, tf.float64)))[:, None]
        flat = tf.reshape(tf.cast(x, tf.float64), (-1, len(self.data.mean)))
        start = self.data.denoise(flat * tf.sqrt(1 + tf.square(sigma)), sigma).start
        return tf.cast(tf.reshape(start, tf.shape(x)), x.dtype)

    def compute_output_shape(self, x_shape, time_shape=None):
        return x_shape


def perfect_model(data, schedule, event_shape=None, **kwargs):
    """The DDPM of Gaussian data in its own scale, for images [-1, 1]."""
    x, time = keras.Input(event_shape or (len(data.mean),)), keras.Input(())
    network = keras.Model([x, time], PerfectDenoiser(data, schedule)(x, time))
    return DDPM(denoiser=network, schedule=schedule, prediction=Start(), **kwargs)
