"""What y is: the conditions that a model of p(x | y) takes."""

from tfgen.conditions.attributes import Attributes
from tfgen.conditions.captioned_vector import CaptionedVector
from tfgen.conditions.captions import Captions
from tfgen.conditions.classes import Classes
from tfgen.conditions.small_image import SmallImage
from tfgen.conditions.vector import Vector
from tfgen.core import Condition

__all__ = [
    "Attributes",
    "CaptionedVector",
    "Captions",
    "Classes",
    "Condition",
    "SmallImage",
    "Vector",
]
