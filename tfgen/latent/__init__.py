"""Models with a latent variable z, an encoder and a decoder."""

from tfgen.latent.aae import AAE
from tfgen.latent.autoencoder import Autoencoder
from tfgen.latent.completion import Completion, FromPosterior, PseudoGibbs, complete
from tfgen.latent.corruptions import Corruption, GaussianNoise, MaskingNoise, SaltAndPepper
from tfgen.latent.encoding_model import EncodingModel
from tfgen.latent.flows import InverseAutoregressiveFlow, PlanarFlow
from tfgen.latent.hierarchical_vae import HierarchicalVAE
from tfgen.latent.implicit_posterior import ImplicitPosterior
from tfgen.latent.mixture_prior import LearnedMixture
from tfgen.latent.model import LatentModel
from tfgen.latent.objectives import ELBO, IWAE, DReG, LinearWarmUp, Objective
from tfgen.latent.posterior_sampling import HMC, sample_posterior, sample_predictive
from tfgen.latent.prior_sampling import PriorSamplingModel
from tfgen.latent.top_down import TopDownPosterior, TopDownPrior
from tfgen.latent.vae import VAE
from tfgen.latent.vamp_prior import VampPrior

__all__ = [
    "AAE",
    "ELBO",
    "HMC",
    "IWAE",
    "VAE",
    "Autoencoder",
    "Completion",
    "Corruption",
    "DReG",
    "EncodingModel",
    "HierarchicalVAE",
    "FromPosterior",
    "ImplicitPosterior",
    "InverseAutoregressiveFlow",
    "GaussianNoise",
    "LatentModel",
    "LearnedMixture",
    "LinearWarmUp",
    "MaskingNoise",
    "Objective",
    "PlanarFlow",
    "PriorSamplingModel",
    "PseudoGibbs",
    "TopDownPosterior",
    "TopDownPrior",
    "VampPrior",
    "SaltAndPepper",
    "complete",
    "sample_posterior",
    "sample_predictive",
]
