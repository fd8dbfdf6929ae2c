"""Figures by which models are compared."""

from tfgen.evaluation.likelihood import likelihood

__all__ = ["likelihood"]
