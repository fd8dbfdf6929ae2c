"""Adversarial models: a generator learns from a discriminator."""

from tfgen.adversarial.affine_jitter import AffineJitter
from tfgen.adversarial.assembling_model import AssemblingModel
from tfgen.adversarial.augmentation import Augmentation, DiffAugment
from tfgen.adversarial.conditional_gan import ConditionalGAN
from tfgen.adversarial.contrastive_text import ContrastiveText
from tfgen.adversarial.cycle_gan import CycleGAN
from tfgen.adversarial.dcgan import DCGAN
from tfgen.adversarial.game import Game
from tfgen.adversarial.gan import GAN
from tfgen.adversarial.growth import Growth
from tfgen.adversarial.info_gan import InfoGAN
from tfgen.adversarial.invariant_information import InvariantInformation
from tfgen.adversarial.judged_model import JudgedModel
from tfgen.adversarial.key_regions import EdgeEnergyBoxes, KeyRegions, RandomBoxes
from tfgen.adversarial.lsgan import LSGAN
from tfgen.adversarial.model import AdversarialModel
from tfgen.adversarial.progressive_gan import ProgressiveGAN
from tfgen.adversarial.puzzle_gan import PuzzleGAN
from tfgen.adversarial.star_gan import StarGAN
from tfgen.adversarial.text_to_image_gan import TextToImageGAN
from tfgen.adversarial.translating_model import TranslatingModel
from tfgen.adversarial.two_domain_model import TwoDomainModel
from tfgen.adversarial.wgan_gp import WGANGP
from tfgen.adversarial.wrong_captions import NearestCaption, OtherCaption, WrongCaptions
from tfgen.losses import R1, LossPair, Minimax, NonSaturating, Penalty, optimal_logits

__all__ = [
    "ConditionalGAN",
    "ContrastiveText",
    "CycleGAN",
    "DCGAN",
    "GAN",
    "AdversarialModel",
    "AffineJitter",
    "AssemblingModel",
    "Augmentation",
    "DiffAugment",
    "EdgeEnergyBoxes",
    "Game",
    "Growth",
    "InfoGAN",
    "InvariantInformation",
    "JudgedModel",
    "KeyRegions",
    "LSGAN",
    "LossPair",
    "Minimax",
    "NearestCaption",
    "NonSaturating",
    "OtherCaption",
    "Penalty",
    "ProgressiveGAN",
    "PuzzleGAN",
    "R1",
    "RandomBoxes",
    "StarGAN",
    "TextToImageGAN",
    "TranslatingModel",
    "TwoDomainModel",
    "WGANGP",
    "WrongCaptions",
    "optimal_logits",
]
