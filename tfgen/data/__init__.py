"""Data sets of images and vectors: the digits, TFDS sets, image folders and array files."""

from tfgen.data.discretize import binarize, quantize
from tfgen.data.loading import info, load, load_arrays
from tfgen.data.opening import splits
from tfgen.data.source import DataInfo

__all__ = ["DataInfo", "binarize", "info", "load", "load_arrays", "quantize", "splits"]
