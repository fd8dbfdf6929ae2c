"""Keras layers that the papers' networks need and Keras does not have."""

from tfgen.layers.bilinear_enlargement import BilinearEnlargement2D
from tfgen.layers.causal_sequence import CausalSequence
from tfgen.layers.channel_bias import ChannelBias
from tfgen.layers.diagonal_lstm import DiagonalBiLSTMLayer
from tfgen.layers.dropout import Dropout
from tfgen.layers.equalized import EqualizedConv2D, EqualizedDense
from tfgen.layers.gated_dense import GatedDense
from tfgen.layers.gated_pixel import GatedPixelLayer
from tfgen.layers.gated_resnet import DownRightShiftedResnet, DownShiftedResnet
from tfgen.layers.group_normalization import GroupNormalization
from tfgen.layers.image_pool import ImagePool
from tfgen.layers.learned_scale import LearnedScale
from tfgen.layers.left_conv import LeftConv2D
from tfgen.layers.locally_masked_conv import LocallyMaskedConv2D
from tfgen.layers.masked_conv import MaskedConv2D
from tfgen.layers.masked_dense import MaskedDense
from tfgen.layers.maxout import Maxout
from tfgen.layers.minibatch_deviation import MinibatchDeviation
from tfgen.layers.pixel_normalization import PixelNormalization
from tfgen.layers.reflection_padding import ReflectionPadding2D
from tfgen.layers.resampled_conv import EqualizedDownConv2D, EqualizedUpConv2D
from tfgen.layers.row_lstm import RowLSTMLayer
from tfgen.layers.self_attention import SelfAttention
from tfgen.layers.shifted_conv import DownRightShiftedConv2D, DownShiftedConv2D
from tfgen.layers.shifted_conv_transpose import (
    DownRightShiftedConv2DTranspose,
    DownShiftedConv2DTranspose,
)
from tfgen.layers.shifted_unet import ShiftedUNet
from tfgen.layers.spectral import SpectralConv2D, SpectralDense
from tfgen.layers.split_words import SplitWords
from tfgen.layers.standardize import Standardize
from tfgen.layers.sum_over_parts import SumOverParts
from tfgen.layers.sync_batch_norm import SyncBatchNormalization
from tfgen.layers.time_embedding import TimeEmbedding
from tfgen.layers.token_embedding import TokenEmbedding
from tfgen.layers.word_sequence import WordSequence

__all__ = [
    "BilinearEnlargement2D",
    "CausalSequence",
    "ChannelBias",
    "DiagonalBiLSTMLayer",
    "DownRightShiftedConv2D",
    "DownRightShiftedConv2DTranspose",
    "DownRightShiftedResnet",
    "DownShiftedConv2D",
    "DownShiftedConv2DTranspose",
    "DownShiftedResnet",
    "Dropout",
    "EqualizedConv2D",
    "EqualizedDense",
    "EqualizedDownConv2D",
    "EqualizedUpConv2D",
    "GatedDense",
    "GatedPixelLayer",
    "GroupNormalization",
    "ImagePool",
    "LearnedScale",
    "LeftConv2D",
    "LocallyMaskedConv2D",
    "MaskedConv2D",
    "MaskedDense",
    "Maxout",
    "MinibatchDeviation",
    "PixelNormalization",
    "ReflectionPadding2D",
    "RowLSTMLayer",
    "SelfAttention",
    "ShiftedUNet",
    "SpectralConv2D",
    "SpectralDense",
    "SplitWords",
    "Standardize",
    "SumOverParts",
    "SyncBatchNormalization",
    "TimeEmbedding",
    "TokenEmbedding",
    "WordSequence",
]
