"""Models with an exact likelihood, a product of conditionals."""

from tfgen.autoregressive.chain_rule import ChainRule
from tfgen.autoregressive.deep_nade import DeepNADE
from tfgen.autoregressive.diagonal_bilstm import DiagonalBiLSTM
from tfgen.autoregressive.full_joint import FullJoint
from tfgen.autoregressive.fvsbn import FVSBN
from tfgen.autoregressive.independent import Independent
from tfgen.autoregressive.locally_masked_pixel_cnn import LocallyMaskedPixelCNN
from tfgen.autoregressive.made import MADE
from tfgen.autoregressive.markov_chain import MarkovChain
from tfgen.autoregressive.masked_pixel_cnn import MaskedPixelCNN
from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.autoregressive.nade import NADE
from tfgen.autoregressive.pixel_cnn import PixelCNN
from tfgen.autoregressive.pixel_cnn_pp import PixelCNNPlusPlus
from tfgen.autoregressive.pixel_orders import s_curve_orders
from tfgen.autoregressive.rnade import RNADE
from tfgen.autoregressive.row_lstm import RowLSTM

__all__ = [
    "AutoregressiveModel",
    "ChainRule",
    "DeepNADE",
    "DiagonalBiLSTM",
    "FVSBN",
    "FullJoint",
    "Independent",
    "LocallyMaskedPixelCNN",
    "MADE",
    "MarkovChain",
    "MaskedPixelCNN",
    "NADE",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "RNADE",
    "RowLSTM",
    "s_curve_orders",
]
