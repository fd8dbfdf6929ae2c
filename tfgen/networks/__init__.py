"""Builder functions for the papers' networks: each returns a built `keras.Model`."""

from tfgen.networks.architecture import Architecture, DenseNetworks
from tfgen.networks.condition_features import condition_features
from tfgen.networks.conditional_inputs import check_network, network_inputs
from tfgen.networks.convolutional_networks import ConvolutionalNetworks
from tfgen.networks.dcgan import dcgan_discriminator, dcgan_generator, dcgan_grids
from tfgen.networks.denoising_mlp import denoising_mlp
from tfgen.networks.gated_networks import GatedDenseNetworks
from tfgen.networks.leading_axes import over_leading_axes
from tfgen.networks.mlp import mlp
from tfgen.networks.residual_networks import ResidualNetworks
from tfgen.networks.small_denoiser import small_denoiser
from tfgen.networks.unet import unet

__all__ = [
    "Architecture",
    "ConvolutionalNetworks",
    "DenseNetworks",
    "GatedDenseNetworks",
    "ResidualNetworks",
    "check_network",
    "condition_features",
    "dcgan_discriminator",
    "dcgan_generator",
    "dcgan_grids",
    "denoising_mlp",
    "mlp",
    "network_inputs",
    "over_leading_axes",
    "small_denoiser",
    "unet",
]
