"""Diffusion models: noise is added step by step, and a network learns to take it away."""

from tfgen.diffusion.clip import CLIP
from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.denoiser import Denoise, Denoised
from tfgen.diffusion.grids import EqualRatios, Grid, KarrasGrid, Strides
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.ode import LogDensity, log_density, probability_flow
from tfgen.diffusion.predictions import Epsilon, Preconditioned, Prediction, Start, Velocity
from tfgen.diffusion.process import (
    ForwardVariance,
    LearnedVariance,
    PosteriorVariance,
    ReverseVariance,
)
from tfgen.diffusion.repaint import repaint, repaint_evaluations
from tfgen.diffusion.samplers import DDIM, Ancestral, DPMSolver, Heun, Sampler
from tfgen.diffusion.schedules import CosineSchedule, KarrasSchedule, LinearSchedule, Schedule
from tfgen.diffusion.solvers import ancestral, ddim, dpm_solver_pp_2m, heun
from tfgen.diffusion.stages import Stages
from tfgen.diffusion.supports import Everywhere, Interval, Sphere, Support
from tfgen.diffusion.unclip import UnCLIP
from tfgen.diffusion.weightings import EDMWeighting, MinSNR, Simple, Weighting

__all__ = [
    "CLIP",
    "DDIM",
    "DDPM",
    "Ancestral",
    "CosineSchedule",
    "DPMSolver",
    "Denoise",
    "Denoised",
    "DiffusionModel",
    "EDMWeighting",
    "Epsilon",
    "EqualRatios",
    "Everywhere",
    "ForwardVariance",
    "Grid",
    "Heun",
    "Interval",
    "KarrasGrid",
    "KarrasSchedule",
    "LearnedVariance",
    "LinearSchedule",
    "LogDensity",
    "MinSNR",
    "PosteriorVariance",
    "Preconditioned",
    "Prediction",
    "ReverseVariance",
    "Sampler",
    "Schedule",
    "Simple",
    "Sphere",
    "Stages",
    "Start",
    "Strides",
    "Support",
    "UnCLIP",
    "Velocity",
    "Weighting",
    "ancestral",
    "ddim",
    "dpm_solver_pp_2m",
    "heun",
    "log_density",
    "probability_flow",
    "repaint",
    "repaint_evaluations",
]
