"""What a decoder of CLIP's embeddings does to images that there are already."""

import functools

import tensorflow as tf

from tfgen.core import check_count, split_seed
from tfgen.core.checks import check_mask
from tfgen.core.size_checks import check_not_negative
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.arcs import arc
from tfgen.diffusion.embedding_decoder import EmbeddingDecoder
from tfgen.diffusion.guidance import by_guidance
from tfgen.diffusion.solvers import ddim
from tfgen.losses import unit_vectors


class ImageManipulation(EmbeddingDecoder):
    """`variation`, `interpolate`, `text_difference` and `edit`, for `UnCLIP`.

    An image is described by two things (Ramesh et al. 2022, section 3): z, what CLIP sees in it,
    and the noise from which the decoder, given z, would draw it.
    """

    def variation(
        self,
        x: ArrayLike,
        *,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor = 20,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Other images in which CLIP sees the same (section 3.1).

        From the noise of x by DDIM with eta = 1: what the embedding says is kept, the rest drawn.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            guidance, num_steps, seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: x is no batch of images, or see `sample`.
        """
        x, seed = self.check(x), self.seed_or_next(seed)
        num_steps = self.check_steps(num_steps)
        draw = lambda guidance: self._vary(x, seed, guidance, num_steps)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _vary(self, x, seed, guidance, num_steps):
        z = self.clip.embed_image(x)
        noise, solver = self.noise_of(x, z), functools.partial(ddim, eta=1.0)
        return self.draw(self.pair(z), seed, guidance, num_steps, noise, solver)

    def interpolate(
        self,
        a: ArrayLike,
        b: ArrayLike,
        num_points: int = 8,
        *,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor = 20,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """From a to b, on the arcs between their embeddings and between their noises (section 3.2).

        Args:
            a, b: `[batch, *event_shape]`, float32 in [0, 1].
            num_points: on each way, at least 2; near a first, near b last.
            guidance, num_steps: as in `sample`.
            seed: of the upsampler.
        Returns:
            `[batch, num_points, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: a or b is no batch of images or they differ in number, `num_points` is below
                2, or see `sample`.
        """
        a, b = self.check(a, "a"), self.check(b, "b")
        if a.shape[0] != b.shape[0] or check_count(num_points, "num_points") < 2:
            raise ValueError(
                "expected as many a as b, and num_points of at least 2."
                f" Received: {a.shape[0]}, {b.shape[0]}, {num_points}"
            )
        num_steps, seed = self.check_steps(num_steps), self.seed_or_next(seed)
        draw = lambda guidance: self._between(a, b, seed, guidance, num_steps, num_points)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _between(self, a, b, seed, guidance, num_steps, num_points):
        embeddings = [self.clip.embed_image(x) for x in (a, b)]
        noises = [self.noise_of(x, z) for x, z in ((a, embeddings[0]), (b, embeddings[1]))]
        shares = tf.linspace(0.0, 1.0, num_points)
        flat = lambda ends: tf.concat(tf.unstack(arc(*ends, shares), axis=1), axis=0)
        given = self.pair(unit_vectors(flat(embeddings)))
        drawn = self.draw(given, seed, guidance, num_steps, flat(noises), ddim)
        return tf.stack(tf.split(drawn, num_points), axis=1)

    def text_difference(
        self,
        x: ArrayLike,
        from_caption: ArrayLike,
        to_caption: ArrayLike,
        strength: float = 0.5,
        *,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor = 20,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """x, moved the way from one caption to another (section 3.3).

        z becomes slerp(z, d, strength), d the direction of encode_text(to) - encode_text(from), and
        the noise stays that of x.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            from_caption, to_caption: captions, one for each image or one for all.
            strength: share of the arc, in [0, 1]; the paper's are up to 0.5.
            guidance, num_steps: as in `sample`.
            seed: of the upsampler.
        Returns:
            `[batch, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: x is no batch of images, bad captions, a strength outside [0, 1], or see
                `sample`.
        """
        x = self.check(x)
        if check_not_negative(strength, "strength") > 1:
            raise ValueError(f"expected strength in [0, 1]. Received: {strength!r}")
        given = [self.read_condition(each, len(x)) for each in (from_caption, to_caption)]
        num_steps, seed = self.check_steps(num_steps), self.seed_or_next(seed)
        strength = tf.constant(strength, tf.float32)
        draw = lambda guidance: self._moved_by_text(x, *given, strength, seed, guidance, num_steps)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _moved_by_text(self, x, given_from, given_to, strength, seed, guidance, num_steps):
        z = self.clip.embed_image(x)
        difference = self.clip.embed_text(given_to) - self.clip.embed_text(given_from)
        moved = unit_vectors(arc(z, unit_vectors(difference), strength[tf.newaxis])[:, 0])
        noise = self.noise_of(x, z)
        return self.draw(self.pair(moved), seed, guidance, num_steps, noise, ddim)

    def edit(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor | None = None,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Redraws where the mask is 0, given the rest and what the whole shall show.

        By RePaint (see `DDPM.edit`), of the small image first, given an embedding that the prior
        draws, and then of the image, given the small one. A small pixel is kept where all that it
        stands for is.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            mask: 1 where x is kept and 0 where it is redrawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: captions of the whole images, one for each or one for all.
            guidance, seed: as in `sample`.
            num_steps: noise levels of the small image, or a scalar tensor; None for those of
                `DDPM.edit`. Prior and upsampler have 20.
        Returns:
            `[batch, *event_shape]`, float32, equal to x where the mask is 1.
        Raises:
            ValueError: x is no batch of images, mask has another shape or values other than 0 and
                1, or see `sample`.
        """
        x = self.check(x)
        kept = tf.broadcast_to(check_mask(mask, x.shape), tf.shape(x))
        given = self.read_condition(condition, tf.shape(x)[0])
        guidance, seed = self.check_guidance(guidance), self.seed_or_next(seed)
        prior_seed, small_seed, seed = split_seed(seed, 3)
        given = self.pair(self.draw_embeddings(given, prior_seed, 20), given)
        # A hole that touches a small pixel: the least of a square.
        holes = self.small(tf.cast(~kept, tf.float32)) > 0
        arguments = {"condition": given, "guidance": guidance, "num_steps": num_steps}
        arguments["seed"] = small_seed
        small = self.decoder.edit(tf.where(holes, 0.0, self.small(x)), ~holes, **arguments)
        if self.upsampler is None:
            return tf.where(kept, x, small)
        # What is coarse is known: fewer steps and jumps do.
        return self.upsampler.edit(
            x, kept, condition=small, num_steps=20, jump=2, resamplings=2, seed=seed
        )
