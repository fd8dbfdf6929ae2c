"""Callbacks of a training run."""

from tfgen.training.checkpoint import Checkpoint, save_atomically

__all__ = ["Checkpoint", "save_atomically"]
