"""From CLIP's embeddings to images: what unCLIP's parts do together."""

import math
from collections.abc import Callable

import tensorflow as tf

from tfgen.core import check_array, check_count, example_seeds, split_seed
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.clip import CLIP
from tfgen.diffusion.ddpm import DDPM
from tfgen.diffusion.grids import equal_ratios
from tfgen.diffusion.guidance import by_guidance
from tfgen.diffusion.solvers import dpm_solver_pp_2m
from tfgen.diffusion.staged_model import StagedModel
from tfgen.losses import unit_vectors

Solver = Callable[..., tf.Tensor]
# Two embeddings are drawn, and the one is taken that is closer to the text's (section 2.2).
_DRAWN = 2
# Steps of the probability flow, four evaluations each, that say which noise an image comes from.
_INVERSION_STEPS = 10
_NUM_STEPS = 20  # of each sampler


class EmbeddingDecoder(StagedModel):
    """z ~ p(z | y) by the prior, x ~ p(x | z, y) by decoder and upsampler, for `UnCLIP`."""

    clip: CLIP
    prior: DDPM
    decoder: DDPM
    upsampler: DDPM | None
    guidance: float

    def sample(
        self,
        num_samples: int | tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor = _NUM_STEPS,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Images of captions: an embedding by the prior, a small image, an image.

        Args:
            num_samples, condition, seed, batch_size: as in every model's `sample`.
            guidance: w of the decoder; None for the model's own.
            num_steps: of each of the three samplers, DPM-Solver++(2M), one evaluation each, of the
                decoder two.
        Returns:
            `[num_samples, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: a bad number, seed or condition, or guidance of a decoder that takes none.
        """
        guidance, num_steps = self.check_guidance(guidance), self.check_steps(num_steps)

        def generate(num_samples, seed, given):
            draw = lambda guidance: self._generate(seed, given, guidance, num_steps)
            return by_guidance(draw, guidance)

        return self._in_blocks(generate, num_samples, condition, seed, batch_size)

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        draw = lambda guidance: self._generate(seed, given, guidance, _NUM_STEPS)
        return by_guidance(draw, self.check_guidance(None))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _generate(self, seed, given, guidance, num_steps):
        prior_seed, seed = split_seed(seed, 2)
        embeddings = self.draw_embeddings(given, prior_seed, num_steps)
        return self.draw(self.pair(embeddings, given), seed, guidance, num_steps)

    def from_embeddings(
        self,
        embeddings: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor | None = None,
        num_steps: int | tf.Tensor = _NUM_STEPS,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Images in which CLIP sees these embeddings: p(x | z, y) alone.

        Args:
            embeddings: `[batch, embedding_dim]`, as `encode_image` gives them.
            condition: captions, one for each embedding or one for all; None for none.
            guidance, num_steps, seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: no such embeddings, or see `sample`.
        """
        shape = (self.clip.embedding_dim,)
        z = unit_vectors(check_array(embeddings, shape, bounded=False, name="embeddings"))
        given = None if condition is None else self.read_condition(condition, tf.shape(z)[0])
        both = self.pair(z, given)
        num_steps, seed = self.check_steps(num_steps), self.seed_or_next(seed)
        draw = lambda guidance: self._decode(both, seed, guidance, num_steps)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _decode(self, given, seed, guidance, num_steps):
        return self.draw(given, seed, guidance, num_steps)

    def check_guidance(self, guidance: float | tf.Tensor | None) -> float | tf.Tensor:
        """The decoder's guidance, the model's own for None; one number for all graphs.

        Raises:
            ValueError: see `DDPM.check_guidance`.
        """
        guidance = self.decoder.check_guidance(self.guidance if guidance is None else guidance)
        return guidance if tf.is_tensor(guidance) or guidance == 1 else tf.constant(guidance)

    @staticmethod
    def check_steps(num_steps: int | tf.Tensor) -> int | tf.Tensor:
        """A number of steps, or a scalar tensor, as it is.

        Raises:
            ValueError: it is no positive int.
        """
        return num_steps if tf.is_tensor(num_steps) else check_count(num_steps, "num_steps")

    def scaled(self, embeddings: tf.Tensor) -> tf.Tensor:
        """Vectors of length 1 at a mean square of 1, as the prior's and the networks' are."""
        return math.sqrt(self.clip.embedding_dim) * embeddings

    def small(self, x: tf.Tensor) -> tf.Tensor:
        """Images as the decoder draws them, by the means of squares of pixels."""
        return tf.nn.avg_pool2d(x, self._factor, self._factor, "VALID")

    @property
    def _factor(self):
        return self.event_shape[0] // self.decoder.event_shape[0]

    def pair(self, embeddings: tf.Tensor, given: tf.Tensor | None = None) -> tf.Tensor:
        """What prior and decoder read: embeddings, and the captions where there are any.

        The prior's are the captions' own embeddings, the decoder's those of images.

        Args:
            embeddings: `[batch, embedding_dim]`, of length 1.
            given: what CLIP reads of the captions; None for none.
        """
        return self.decoder.condition.pair(given, self.scaled(embeddings))

    def draw_embeddings(
        self, given: tf.Tensor, seed: tf.Tensor, num_steps: int | tf.Tensor
    ) -> tf.Tensor:
        """z ~ p(z | y), of two draws the closer one to the caption's embedding (section 2.2).

        Args:
            given: what CLIP reads of captions.
            seed: int32 `(2,)`.
            num_steps: of the sampler.
        Returns:
            `[batch, embedding_dim]`, float32, of length 1.
        """
        text = self.clip.embed_text(given)
        several = tf.tile(self.pair(text, given), (_DRAWN, 1))
        drawn = unit_vectors(self.solve(self.prior, several, seed, num_steps))
        drawn = tf.reshape(drawn, (_DRAWN, -1, self.clip.embedding_dim))
        fit = tf.reduce_sum(drawn * text, axis=-1)
        return tf.gather(
            tf.transpose(drawn, (1, 0, 2)), tf.argmax(fit, axis=0), axis=1, batch_dims=1
        )

    def draw(
        self,
        given: tf.Tensor,
        seed: tf.Tensor,
        guidance: float | tf.Tensor,
        num_steps: int | tf.Tensor,
        noise: tf.Tensor | None = None,
        solver: Solver = dpm_solver_pp_2m,
    ) -> tf.Tensor:
        """Images by the decoder and the upsampler.

        Args:
            given: what the decoder reads (see `pair`).
            seed: int32 `(2,)`.
            guidance: of the decoder, 1.0 or a scalar tensor.
            num_steps: of each solver.
            noise: from which the decoder starts, like draws from N(0, I); None to draw it.
            solver: the decoder's.
        """
        decoder_seed, seed = split_seed(seed, 2)
        arguments = {"guidance": guidance, "noise": noise, "solver": solver}
        small = self.solve(self.decoder, given, decoder_seed, num_steps, **arguments)
        if self.upsampler is None:
            return small
        return self.solve(self.upsampler, self.upsampler.condition.encode(small), seed, num_steps)

    @staticmethod
    def solve(
        part: DDPM,
        given: tf.Tensor,
        seed: tf.Tensor,
        num_steps: int | tf.Tensor,
        *,
        guidance: float | tf.Tensor = 1.0,
        noise: tf.Tensor | None = None,
        solver: Solver = dpm_solver_pp_2m,
    ) -> tf.Tensor:
        """Draws of one diffusion model: `[batch, *event_shape]` of that; images in [0, 1].

        Args:
            part: the model.
            given: what its denoiser reads, `[batch, ...]`.
            seed, num_steps, guidance, noise, solver: as in `draw`.
        """
        seeds = example_seeds(seed, tf.shape(given)[0])
        sigmas = equal_ratios(part.schedule, num_steps)
        x = part.noise(seeds, sigmas[0])
        if noise is not None:
            x = noise * tf.cast(tf.sqrt(1 + tf.square(sigmas[0])), noise.dtype)
        return part.restore(solver(part.denoise_given(given, guidance), x, sigmas, seed=seeds))

    def noise_of(self, x: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """The noise that the decoder draws x from, given what CLIP sees in it."""
        given = self.pair(z)
        return self.decoder.invert(self.small(x), condition=given, num_steps=_INVERSION_STEPS)
