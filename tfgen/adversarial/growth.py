"""When a network grows, by the images that it has been trained on."""

from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.checks import check_count


class Growth(Configured):
    """Stage and blend as functions of the number of real images seen.

    Stage 0, of 4x4 images, lasts `stage_images`. Each later one fades in over `fade_images`, its
    blend going from 0 to 1 in a straight line, and then stays for `stage_images`; the last one
    stays for ever. Karras et al. (2018), appendix A: 800,000 each.

    Images are counted, and not epochs or steps: a fade goes on within an epoch, the same growth
    suits data sets of any size, data whose length is not known, and any batch size, which may
    change from one `fit` to the next. `within` makes one that fits a number of epochs.

    Args:
        stage_images: of a stage after its fade, at least 1.
        fade_images: of a fade; 0 for none.
    Raises:
        ValueError: a number out of range.

    Example:
        >>> Growth.within(30 * 60_000, num_stages=4)
        Growth(stage_images=257142, fade_images=257142)
    """

    def __init__(self, stage_images: int = 800_000, fade_images: int = 800_000) -> None:
        self.stage_images = check_count(stage_images, "stage_images")
        none = type(fade_images) is int and fade_images == 0
        self.fade_images = 0 if none else check_count(fade_images, "fade_images")

    @classmethod
    def within(cls, num_images: int, num_stages: int) -> Self:
        """Stages and fades of equal length, the last stage's the last of them.

        Args:
            num_images: of the whole training, the number of epochs times that of examples.
            num_stages: of the networks: 4 for images of 32x32, 9 for 1024x1024.
        Raises:
            ValueError: a number below 1, or fewer images than stages and fades.
        """
        check_count(num_images, "num_images")
        images = num_images // (2 * check_count(num_stages, "num_stages") - 1)
        return cls(images, images)

    def images_before(self, stage: int) -> int:
        """How many images are seen before a stage begins, with its fade."""
        return max(stage, 0) and self.stage_images + (stage - 1) * self._period

    def __call__(self, images: int | tf.Tensor, num_stages: int) -> tuple[tf.Tensor, tf.Tensor]:
        """What is trained when so many images have been seen.

        Args:
            images: int64 scalar.
            num_stages: of the networks.
        Returns:
            The stage, int32 from 0 to num_stages - 1, and its blend, float32 in [0, 1]: 1 where
            nothing fades.
        """
        since_first = tf.cast(images, tf.int64) - self.stage_images
        stage = tf.clip_by_value(since_first // self._period + 1, 0, num_stages - 1)
        passed = since_first - (stage - 1) * self._period
        fades = (stage > 0) & (passed < self.fade_images)
        blend = tf.cast(passed, tf.float32) / max(self.fade_images, 1)
        return tf.cast(stage, tf.int32), tf.where(fades, blend, 1.0)

    @property
    def _period(self):
        return self.stage_images + self.fade_images


class GrowthState(keras.layers.Layer):
    """Where a training stands: weights, so that they are saved and resumed with the model.

    Attributes:
        images: number of real images seen, int64.
        stage: of the latest step, int32.
        blend: of the latest step, float32.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        number = lambda name, dtype, start: self.add_weight(
            shape=(),
            initializer=start,
            dtype=dtype,
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name=name,
        )
        self.images = number("images", "int64", "zeros")
        self.stage = number("stage", "int32", "zeros")
        self.blend = number("blend", "float32", "ones")
        self.built = True

    def enter(self, growth: Growth, num_stages: int) -> tf.Tensor:
        """Sets stage and blend to those of the number of images seen.

        Returns:
            Boolean scalar, whether another stage or the end of a fade was reached.
        """
        stage, blend = growth(self.images.value, num_stages)
        changed = (stage != self.stage.value) | ((blend < 1) != (self.blend.value < 1))
        self.stage.assign(stage)
        self.blend.assign(blend)
        return changed
