"""Generative modelling for Keras."""

from tfgen import data, distributions, networks
from tfgen.autoregressive import NADE
from tfgen.latent import VAE

__version__ = "0.1.0"

__all__ = ["NADE", "VAE", "data", "distributions", "networks"]
