"""Generative modelling for Keras: the family tree of deep generative models, one contract."""

from tfgen import (
    adversarial,
    autoregressive,
    conditions,
    data,
    diffusion,
    distributions,
    evaluation,
    latent,
    layers,
    losses,
    networks,
    training,
)
from tfgen.adversarial import DCGAN, GAN, LSGAN, WGANGP
from tfgen.autoregressive import (
    FVSBN,
    MADE,
    NADE,
    RNADE,
    ChainRule,
    DeepNADE,
    DiagonalBiLSTM,
    FullJoint,
    Independent,
    LocallyMaskedPixelCNN,
    MarkovChain,
    MaskedPixelCNN,
    PixelCNN,
    PixelCNNPlusPlus,
    RowLSTM,
)
from tfgen.diffusion import DDPM
from tfgen.latent import AAE, VAE, Autoencoder, HierarchicalVAE
from tfgen.training import show

__version__ = "0.1.0"

__all__ = [
    "AAE",
    "Autoencoder",
    "ChainRule",
    "DCGAN",
    "DDPM",
    "DeepNADE",
    "DiagonalBiLSTM",
    "FVSBN",
    "FullJoint",
    "GAN",
    "HierarchicalVAE",
    "Independent",
    "LSGAN",
    "LocallyMaskedPixelCNN",
    "MADE",
    "MarkovChain",
    "MaskedPixelCNN",
    "NADE",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "RNADE",
    "RowLSTM",
    "VAE",
    "WGANGP",
    "adversarial",
    "autoregressive",
    "conditions",
    "data",
    "diffusion",
    "distributions",
    "evaluation",
    "latent",
    "layers",
    "losses",
    "networks",
    "show",
    "training",
]
