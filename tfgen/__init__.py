"""Generative modelling for Keras: the family tree of deep generative models, one contract."""

from tfgen import (
    adversarial,
    autoregressive,
    data,
    diffusion,
    distributions,
    evaluation,
    latent,
    layers,
    networks,
    training,
)
from tfgen.adversarial import DCGAN, GAN
from tfgen.autoregressive import NADE
from tfgen.diffusion import DDPM
from tfgen.latent import VAE

__version__ = "0.1.0"

__all__ = [
    "DCGAN",
    "DDPM",
    "GAN",
    "NADE",
    "VAE",
    "adversarial",
    "autoregressive",
    "data",
    "diffusion",
    "distributions",
    "evaluation",
    "latent",
    "layers",
    "networks",
    "training",
]
