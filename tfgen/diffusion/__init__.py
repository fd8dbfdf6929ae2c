"""Diffusion models: noise is added step by step, and a network learns to take it away."""

from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.predictions import Epsilon, Prediction, Start, Velocity
from tfgen.diffusion.process import ForwardVariance, PosteriorVariance, ReverseVariance
from tfgen.diffusion.samplers import DDIM, Ancestral, Sampler, ancestral, ddim
from tfgen.diffusion.schedules import CosineSchedule, LinearSchedule, Schedule

__all__ = [
    "DDIM",
    "DDPM",
    "DiffusionModel",
    "Ancestral",
    "CosineSchedule",
    "Epsilon",
    "ForwardVariance",
    "LinearSchedule",
    "PosteriorVariance",
    "Prediction",
    "ReverseVariance",
    "Sampler",
    "Schedule",
    "Start",
    "Velocity",
    "ancestral",
    "ddim",
]
