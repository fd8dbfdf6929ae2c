"""Diffusion models: noise is added step by step, and a network learns to take it away."""

from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.predictions import Epsilon, Prediction, Start, Velocity
from tfgen.diffusion.process import ForwardVariance, PosteriorVariance, ReverseVariance
from tfgen.diffusion.samplers import DDIM, Ancestral, Sampler, ancestral, ddim
from tfgen.diffusion.schedules import CosineSchedule, KarrasSchedule, LinearSchedule, Schedule
from tfgen.diffusion.supports import Everywhere, Interval, Sphere, Support
from tfgen.diffusion.weightings import EDMWeighting, MinSNR, Simple, Weighting

__all__ = [
    "DDIM",
    "DDPM",
    "DiffusionModel",
    "Ancestral",
    "CosineSchedule",
    "EDMWeighting",
    "Epsilon",
    "Everywhere",
    "ForwardVariance",
    "Interval",
    "KarrasSchedule",
    "LinearSchedule",
    "MinSNR",
    "PosteriorVariance",
    "Prediction",
    "ReverseVariance",
    "Sampler",
    "Schedule",
    "Simple",
    "Sphere",
    "Start",
    "Support",
    "Velocity",
    "Weighting",
    "ancestral",
    "ddim",
]
