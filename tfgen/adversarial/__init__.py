"""Adversarial models: a generator learns from a discriminator."""

from tfgen.adversarial.dcgan import DCGAN
from tfgen.adversarial.gan import GAN
from tfgen.adversarial.losses import LossPair, Minimax, NonSaturating, optimal_logits
from tfgen.adversarial.model import AdversarialModel

__all__ = [
    "DCGAN",
    "GAN",
    "AdversarialModel",
    "LossPair",
    "Minimax",
    "NonSaturating",
    "optimal_logits",
]
