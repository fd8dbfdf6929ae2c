"""Builder functions for the papers' networks: each returns a built `keras.Model`."""

from tfgen.networks.architecture import Architecture, DenseNetworks
from tfgen.networks.condition_features import condition_features
from tfgen.networks.conditional_inputs import check_network, network_inputs
from tfgen.networks.dcgan import dcgan_discriminator, dcgan_generator, dcgan_grids
from tfgen.networks.denoising_mlp import denoising_mlp
from tfgen.networks.mlp import mlp
from tfgen.networks.unet import unet

__all__ = [
    "Architecture",
    "DenseNetworks",
    "check_network",
    "condition_features",
    "dcgan_discriminator",
    "dcgan_generator",
    "dcgan_grids",
    "denoising_mlp",
    "mlp",
    "network_inputs",
    "unet",
]
