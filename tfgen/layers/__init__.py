"""Keras layers that the papers' networks need and Keras does not have."""

from tfgen.layers.time_embedding import TimeEmbedding

__all__ = ["TimeEmbedding"]
