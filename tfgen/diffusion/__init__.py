"""Diffusion models: noise is added step by step, and a network learns to take it away."""

from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.predictions import Epsilon, Start, Velocity
from tfgen.diffusion.process import ForwardVariance, PosteriorVariance
from tfgen.diffusion.samplers import DDIM, Ancestral, ancestral, ddim
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
    "Schedule",
    "Start",
    "Velocity",
    "ancestral",
    "ddim",
]
