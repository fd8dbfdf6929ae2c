"""Builder functions for the papers' networks: each returns a built `keras.Model`."""

from tfgen.networks.architecture import Architecture, DenseNetworks
from tfgen.networks.condition_features import condition_features
from tfgen.networks.conditional_inputs import check_network, network_inputs
from tfgen.networks.conditional_mlp import conditional_discriminator, conditional_generator
from tfgen.networks.convolutional_networks import ConvolutionalNetworks
from tfgen.networks.dcgan import (
    dcgan_discriminator,
    dcgan_features,
    dcgan_generator,
    dcgan_grids,
)
from tfgen.networks.denoising_mlp import denoising_mlp
from tfgen.networks.gated_networks import GatedDenseNetworks
from tfgen.networks.growing import GrowingCritic, GrowingGenerator
from tfgen.networks.info_gan import info_gan_discriminator, info_gan_generator, info_gan_grids
from tfgen.networks.leading_axes import over_leading_axes
from tfgen.networks.mlp import mlp
from tfgen.networks.patchgan import patch_side, patchgan_discriminator
from tfgen.networks.prior_transformer import prior_transformer
from tfgen.networks.progressive import progressive_critic, progressive_generator
from tfgen.networks.projection import projection_discriminator
from tfgen.networks.puzzle_gan import part_encoder, puzzle_generator
from tfgen.networks.residual_networks import ResidualNetworks
from tfgen.networks.resnet_generator import resnet_generator
from tfgen.networks.small_denoiser import small_denoiser
from tfgen.networks.star_gan import star_gan_discriminator, star_gan_generator
from tfgen.networks.text_to_image import (
    text_encoder,
    text_to_image_discriminator,
    text_to_image_generator,
)
from tfgen.networks.transformer import text_transformer, transformer_blocks
from tfgen.networks.unet import unet

__all__ = [
    "Architecture",
    "ConvolutionalNetworks",
    "DenseNetworks",
    "GatedDenseNetworks",
    "GrowingCritic",
    "GrowingGenerator",
    "ResidualNetworks",
    "check_network",
    "condition_features",
    "conditional_discriminator",
    "conditional_generator",
    "dcgan_discriminator",
    "dcgan_features",
    "dcgan_generator",
    "dcgan_grids",
    "denoising_mlp",
    "info_gan_discriminator",
    "info_gan_generator",
    "info_gan_grids",
    "mlp",
    "network_inputs",
    "over_leading_axes",
    "part_encoder",
    "patch_side",
    "patchgan_discriminator",
    "prior_transformer",
    "progressive_critic",
    "progressive_generator",
    "projection_discriminator",
    "puzzle_generator",
    "resnet_generator",
    "small_denoiser",
    "star_gan_discriminator",
    "star_gan_generator",
    "text_encoder",
    "text_to_image_discriminator",
    "text_to_image_generator",
    "text_transformer",
    "transformer_blocks",
    "unet",
]
