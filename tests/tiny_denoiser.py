"""A denoiser of images that is traced in no time, and an UnCLIP of such ones."""

import math

from keras import Input, Model, layers

from tfgen.conditions import CaptionedVector, SmallImage
from tfgen.diffusion import DDPM, CosineSchedule, Sphere, Start, UnCLIP, Velocity
from tfgen.networks import network_inputs, prior_transformer
from tfgen.networks.condition_features import beside_given_image, dense_of_both, given_input


def tiny_denoiser(shape, condition=None):
    """Two convolutions; the time, and the condition, move what is between them."""
    x, time = Input(shape), Input((), dtype="float32")
    if isinstance(condition, SmallImage):
        given, beside = beside_given_image(x, condition)
        features = None
    else:
        (given, features), beside = given_input(condition), x
    shift = dense_of_both(layers.Reshape((1,))(time), features, 4, "swish", condition)
    h = layers.Conv2D(4, 3, padding="same")(beside)
    h = layers.Activation("swish")(layers.Add()([h, layers.Reshape((1, 1, 4))(shift)]))
    return Model(network_inputs(x, time, given), layers.Conv2D(shape[-1], 3, padding="same")(h))


def tiny_unclip(event_shape, small_shape, clip, prior_width=4, **arguments):
    """An `UnCLIP` of six steps whose images are drawn by tiny denoisers."""
    usual = {"schedule": CosineSchedule(6), "ema_decay": 0.998}
    both = CaptionedVector(clip.condition, clip.embedding_dim)

    def part(name, shape, condition, **more):
        network = tiny_denoiser(shape, condition)
        values = {"prediction": Velocity(), "condition": condition, "name": name}
        return DDPM(denoiser=network, **values, **usual, **more)

    return UnCLIP(
        clip=clip,
        prior=DDPM(
            denoiser=prior_transformer(clip.embedding_dim, both, prior_width, 1),
            prediction=Start(),
            support=Sphere(math.sqrt(clip.embedding_dim)),
            condition=both,
            name="prior",
            **usual,
        ),
        decoder=part("decoder", small_shape, both),
        upsampler=part("upsampler", event_shape, SmallImage(small_shape), drop_rate=0.0),
        condition=clip.condition,
        **arguments,
    )
