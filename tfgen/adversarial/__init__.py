"""Adversarial models: a generator learns from a discriminator."""

from tfgen.adversarial.augmentation import Augmentation, DiffAugment
from tfgen.adversarial.conditional_gan import ConditionalGAN
from tfgen.adversarial.dcgan import DCGAN
from tfgen.adversarial.game import Game
from tfgen.adversarial.gan import GAN
from tfgen.adversarial.info_gan import InfoGAN
from tfgen.adversarial.lsgan import LSGAN
from tfgen.adversarial.model import AdversarialModel
from tfgen.adversarial.wgan_gp import WGANGP
from tfgen.losses import R1, LossPair, Minimax, NonSaturating, Penalty, optimal_logits

__all__ = [
    "ConditionalGAN",
    "DCGAN",
    "GAN",
    "AdversarialModel",
    "Augmentation",
    "DiffAugment",
    "Game",
    "InfoGAN",
    "LSGAN",
    "LossPair",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "R1",
    "WGANGP",
    "optimal_logits",
]
