"""The adversarial wing's abstract parent: a generator and a discriminator in turn."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.adversarial.judged_model import JudgedModel
from tfgen.core import SamplingModel


class AdversarialModel(JudgedModel, SamplingModel):
    """A generator of samples that learns from a discriminator, each with a phase of its own.

    A step first moves the discriminator, then the generator. A family stores the networks
    `generator` and `discriminator` and the `loss_pair`, and supplies `generate`,
    `discriminator_loss` and `generator_loss`.

    The density of such a model is implicit: it can be sampled, but not evaluated.
    """

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        return {**SamplingModel.signatures(self), **JudgedModel.signatures(self)}
