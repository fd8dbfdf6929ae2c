"""Images from words, by way of what CLIP would see in them: unCLIP, known as DALL-E 2."""

import math
from collections.abc import Callable
from typing import Any, Self

import tensorflow as tf

from tfgen.conditions import CaptionedVector, Captions, SmallImage
from tfgen.core import Condition, GenerativeModel
from tfgen.core.size_checks import check_finite, check_parts, check_rate, check_sizes
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.diffusion.clip import CLIP
from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.image_manipulation import ImageManipulation
from tfgen.diffusion.predictions import Start, Velocity
from tfgen.diffusion.schedules import CosineSchedule
from tfgen.diffusion.stages import Stages
from tfgen.diffusion.supports import Sphere
from tfgen.networks import prior_transformer


class UnCLIP(ImageManipulation):
    """p(x | y) = p(x | z, y) p(z | y): z, what CLIP sees in an image x of the caption y.

    Ramesh et al. (2022). The prior p(z | y) is a diffusion model of embeddings, the decoder
    p(x | z, y) one of small images, and the upsampler one of images given small ones. They are
    trained one after the other, CLIP first (see `fit`). With guidance the decoder is asked twice,
    without embedding and caption, too.

    Args:
        clip: the embeddings of images and of captions.
        prior: `DDPM` of vectors as long as the embeddings, scaled to a mean square of 1; its
            condition is a `CaptionedVector`, a caption with its embedding.
        decoder: `DDPM` of small images; its condition is a `CaptionedVector`, a caption with the
            embedding of an image.
        upsampler: `DDPM` of images, whose condition is a `SmallImage`; None where the decoder's
            images are not small.
        guidance: w of the decoder, where no other is asked for (see `DDPM.sample`).
        stages: epochs and batches of clip, prior, decoder and, where there is one, upsampler; None
            for most of the epochs to the decoder, and eight times as many examples in a batch of
            the first two.
        condition: that of `clip`, which is also taken where it is None.
    Raises:
        ValueError: parts, condition or stages that do not fit together.

    Example:
        >>> from tfgen.conditions import Captions
        >>> captions = Captions.from_corpus(["a red seven", "a blue one"])
        >>> model = UnCLIP.default((8, 8, 3), captions, base_channels=8)
        >>> model.sample(2, condition="a red one", num_steps=2).shape
        TensorShape([2, 8, 8, 3])
    """

    density = "implicit"
    takes_condition = True
    needs_condition = True
    paper = "Ramesh et al. 2022"
    default_batch_size = 32

    def __init__(
        self,
        *,
        clip: CLIP,
        prior: DDPM,
        decoder: DDPM,
        upsampler: DDPM | None = None,
        guidance: float = 3.0,
        stages: Stages | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=clip.condition, **kwargs)
        if condition not in (None, clip.condition):
            raise ValueError(f"expected the condition of clip. Received: {condition!r}")
        self.clip = clip
        self.prior = prior
        self.decoder = decoder
        self.upsampler = upsampler
        self._check_parts()
        self.guidance = check_finite(guidance, "guidance")
        self.check_guidance(self.guidance)
        num_parts = len(self.parts)
        usual = Stages((1, 1, 4, 2)[:num_parts], (8, 8, 1, 1)[:num_parts])
        self.stages = usual if stages is None else stages
        if len(self.stages.shares) != num_parts:
            raise ValueError(f"expected {num_parts} stages. Received: {self.stages!r}")

    def _check_parts(self):
        embedding = (self.clip.embedding_dim,)
        both = CaptionedVector(self.clip.condition, *embedding)
        small = self.decoder.event_shape
        wanted = {
            "prior": (self.prior, embedding, both),
            "decoder": (self.decoder, small, both),
            "upsampler": (self.upsampler, self.clip.event_shape, None),
        }
        for name, (part, shape, condition) in wanted.items():
            if part is None:
                continue
            found = part.condition
            fits = found == condition or name == "upsampler" and isinstance(found, SmallImage)
            if part.event_shape != shape or not fits:
                raise ValueError(
                    f"expected a {name} of {shape}, with the condition {condition or 'SmallImage'}."
                    f" Received: {part.event_shape}, {found!r}"
                )
        if self.upsampler is not None and self.upsampler.condition.image_shape != small:
            raise ValueError(
                f"expected an upsampler of the decoder's images, {small}."
                f" Received: {self.upsampler.condition!r}"
            )
        factors = {side / part for side, part in zip(self.event_shape[:2], small[:2], strict=True)}
        if factors != {self._factor} or self.upsampler is None and self._factor != 1:
            raise ValueError(
                f"expected the sides of {self.event_shape} to be the same multiple of the decoder's"
                f" images', and those to be no smaller without an upsampler. Received: {small}"
            )

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        condition: Condition | None = None,
        small_shape: ShapeLike | None = None,
        clip: CLIP | None = None,
        base_channels: int = 32,
        prior_width: int = 128,
        prior_layers: int = 4,
        num_steps: int = 1000,
        ema_decay: float = 0.998,
        **kwargs: Any,
    ) -> Self:
        """Parts that train on a CPU; the paper's have 3.5 billion parameters in the decoder.

        Args:
            event_shape: `(height, width, channels)`.
            condition: `Captions`, those of `clip` where it is given.
            small_shape: shape of the decoder's images; None for half the sides where both are even
                and 16 or more, and for `event_shape` else.
            clip: trained before, or of other sizes; None for `CLIP.default`.
            base_channels: channels of the decoder's first level; the upsampler has half of them.
            prior_width, prior_layers: of the prior's transformer.
            num_steps: T of all three diffusion models, with the cosine schedule.
            ema_decay: of the averages of their weights.
            **kwargs: the constructor's other arguments.
        Raises:
            ValueError: a shape of no images, shapes that do not suit each other, no captions, or a
                size below 1.
        """
        event_shape = tuple(event_shape)
        if len(event_shape) != 3:
            raise ValueError(
                f"expected event_shape (height, width, channels). Received: {event_shape}"
            )
        check_sizes(base_channels=base_channels, prior_width=prior_width)
        check_parts(prior_layers=prior_layers)
        check_rate(ema_decay, "ema_decay")
        texts = condition if clip is None else clip.condition
        if not isinstance(texts, Captions):
            raise ValueError(f"expected condition to be Captions. Received: {texts!r}")
        if clip is None:
            clip = CLIP.default(event_shape, condition, name="clip")
        both = CaptionedVector(clip.condition, clip.embedding_dim)
        usual = {"schedule": CosineSchedule(num_steps), "ema_decay": ema_decay}
        height, width, channels = event_shape
        if small_shape is None:
            halved = min(height, width) >= 16 and height % 2 == width % 2 == 0
            small_shape = (height // 2, width // 2, channels) if halved else event_shape
        small = tuple(small_shape)
        # Down to a side of 4 or so, with attention from 8 on.
        num_levels = max(2, round(math.log2(min(small[:2]) / 2)))
        multipliers = (1, 2, 4, 4, 4)[:num_levels]
        upsampler = None
        if small != event_shape:
            upsampler = DDPM.default(
                event_shape,
                base_channels=max(2, base_channels // 2),
                multipliers=multipliers,
                attention_at=(),
                prediction=Velocity(),
                condition=SmallImage(small),
                drop_rate=0.0,
                name="upsampler",
                **usual,
            )
        return cls(
            clip=clip,
            prior=DDPM(
                denoiser=prior_transformer(clip.embedding_dim, both, prior_width, prior_layers),
                prediction=Start(),
                support=Sphere(math.sqrt(clip.embedding_dim)),
                condition=both,
                name="prior",
                **usual,
            ),
            decoder=DDPM.default(
                small,
                base_channels=base_channels,
                multipliers=multipliers,
                attention_at=(-2, -1),
                prediction=Velocity(),
                condition=both,
                name="decoder",
                **usual,
            ),
            upsampler=upsampler,
            condition=condition,
            **kwargs,
        )

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.clip.event_shape

    @property
    def takes_guidance(self) -> bool:
        """Whether the decoder has learned to do without its conditions, too."""
        return self.decoder.takes_guidance

    @property
    def parts(self) -> dict[str, GenerativeModel]:
        parts = {"clip": self.clip, "prior": self.prior, "decoder": self.decoder}
        return parts if self.upsampler is None else {**parts, "upsampler": self.upsampler}

    def part_batch(self, name: str, batch: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        x, given = batch
        if name == "prior":
            return self.scaled(self.clip.embed_image(x)), self.pair(
                self.clip.embed_text(given), given
            )
        if name == "decoder":
            return self.small(x), self.pair(self.clip.embed_image(x), given)
        if name == "upsampler":
            return x, self.upsampler.condition.encode(self.small(x))
        return batch

    def encode_image(self, x: ArrayLike) -> tf.Tensor:
        """The embeddings of images (see `CLIP.encode_image`)."""
        return self.clip.encode_image(x)

    def encode_text(self, condition: ArrayLike) -> tf.Tensor:
        """The embeddings of captions (see `CLIP.encode_text`)."""
        return self.clip.encode_text(condition)

    def similarity(self, x: ArrayLike, condition: ArrayLike) -> tf.Tensor:
        """Cosines of all images and all captions (see `CLIP.similarity`)."""
        return self.clip.similarity(x, condition)

    def classify(self, x: ArrayLike, condition: ArrayLike) -> tf.Tensor:
        """Which of some captions fits an image best (see `CLIP.classify`)."""
        return self.clip.classify(x, condition)

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The cosine of each image and its own caption (see `CLIP.call`)."""
        return self.clip(inputs, training=training)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`sample`, `edit` and `variation`, with guidance and steps, and those of CLIP."""

        def served(method, output, *specs):
            names = [spec.name for spec in specs]

            def function(*values, **named):
                return {output: method(**dict(zip(names, values, strict=False)), **named)}

            return function, list(specs)

        x, mask = (tf.TensorSpec((None, *self.event_shape), name=name) for name in ("x", "mask"))
        num_samples, num_steps = (
            tf.TensorSpec((), tf.int32, name=name) for name in ("num_samples", "num_steps")
        )
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        guidance = [tf.TensorSpec((), name="guidance")] * self.takes_guidance
        condition = self.condition_specs()
        return {
            **self.clip.signatures(),
            "sample": served(
                self.sample, "samples", num_samples, seed, num_steps, *guidance, *condition
            ),
            "edit": served(self.edit, "edited", x, mask, seed, num_steps, *guidance, *condition),
            "variation": served(self.variation, "variation", x, seed, num_steps, *guidance),
        }
