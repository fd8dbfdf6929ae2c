"""Adversarial models: a generator learns from a discriminator."""

from tfgen.adversarial.affine_jitter import AffineJitter
from tfgen.adversarial.augmentation import Augmentation, DiffAugment
from tfgen.adversarial.conditional_gan import ConditionalGAN
from tfgen.adversarial.contrastive_text import ContrastiveText
from tfgen.adversarial.dcgan import DCGAN
from tfgen.adversarial.game import Game
from tfgen.adversarial.gan import GAN
from tfgen.adversarial.info_gan import InfoGAN
from tfgen.adversarial.invariant_information import InvariantInformation
from tfgen.adversarial.lsgan import LSGAN
from tfgen.adversarial.model import AdversarialModel
from tfgen.adversarial.text_to_image_gan import TextToImageGAN
from tfgen.adversarial.wgan_gp import WGANGP
from tfgen.adversarial.wrong_captions import NearestCaption, OtherCaption, WrongCaptions
from tfgen.losses import R1, LossPair, Minimax, NonSaturating, Penalty, optimal_logits

__all__ = [
    "ConditionalGAN",
    "ContrastiveText",
    "DCGAN",
    "GAN",
    "AdversarialModel",
    "AffineJitter",
    "Augmentation",
    "DiffAugment",
    "Game",
    "InfoGAN",
    "InvariantInformation",
    "LSGAN",
    "LossPair",
    "Minimax",
    "NearestCaption",
    "NonSaturating",
    "OtherCaption",
    "Penalty",
    "R1",
    "TextToImageGAN",
    "WGANGP",
    "WrongCaptions",
    "optimal_logits",
]
