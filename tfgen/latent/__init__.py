"""Models with a latent variable z, an encoder and a decoder."""

from tfgen.latent.encoding_model import EncodingModel
from tfgen.latent.model import LatentModel
from tfgen.latent.objectives import ELBO, IWAE, DReG, LinearWarmUp, Objective
from tfgen.latent.vae import VAE

__all__ = [
    "ELBO",
    "IWAE",
    "VAE",
    "DReG",
    "EncodingModel",
    "LatentModel",
    "LinearWarmUp",
    "Objective",
]
