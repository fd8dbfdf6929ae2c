"""Heads (network output to distribution), priors, and the divergence between the two."""

from tfgen.distributions.binary_table import BinaryTable
from tfgen.distributions.code_parts import CategoricalCode, CodePart, UniformCode
from tfgen.distributions.codes import Code, CodedNoise
from tfgen.distributions.coupled_mixture import CoupledLogisticMixture
from tfgen.distributions.discretized_logistic import DiscretizedLogistic
from tfgen.distributions.head import Head
from tfgen.distributions.heads import Bernoulli, Categorical, Normal, levels_head
from tfgen.distributions.hypercube import all_images
from tfgen.distributions.inversion import invert_categorical, invert_levels
from tfgen.distributions.kl import kl_estimate, kl_terms
from tfgen.distributions.known_images import bars_and_stripes, ising_grid
from tfgen.distributions.levels import level_values
from tfgen.distributions.logistic_mixture import LogisticMixture
from tfgen.distributions.mixtures import (
    ContinuousLogisticMixture,
    ContinuousMixture,
    LaplaceMixture,
    NormalMixture,
)
from tfgen.distributions.posteriors import DiagonalNormal, FullCovarianceNormal, Posterior
from tfgen.distributions.priors import GaussianMixture, Prior, PriorInParts, StandardNormal
from tfgen.distributions.pushforward import Pushforward
from tfgen.distributions.reparameterize import reparameterize, sample_and_log_prob
from tfgen.distributions.swiss_roll import SwissRoll
from tfgen.distributions.top_down import TopDown
from tfgen.distributions.uniform import Uniform
from tfgen.distributions.weight_priors import LaplaceWeights, NormalWeights, WeightPrior

__all__ = [
    "Bernoulli",
    "BinaryTable",
    "Categorical",
    "CategoricalCode",
    "Code",
    "CodePart",
    "CodedNoise",
    "ContinuousLogisticMixture",
    "ContinuousMixture",
    "CoupledLogisticMixture",
    "DiagonalNormal",
    "DiscretizedLogistic",
    "FullCovarianceNormal",
    "GaussianMixture",
    "Head",
    "LaplaceMixture",
    "LaplaceWeights",
    "LogisticMixture",
    "Normal",
    "NormalMixture",
    "NormalWeights",
    "Posterior",
    "Prior",
    "PriorInParts",
    "Pushforward",
    "StandardNormal",
    "SwissRoll",
    "TopDown",
    "Uniform",
    "UniformCode",
    "WeightPrior",
    "all_images",
    "bars_and_stripes",
    "invert_categorical",
    "invert_levels",
    "ising_grid",
    "kl_estimate",
    "kl_terms",
    "level_values",
    "levels_head",
    "reparameterize",
    "sample_and_log_prob",
]
