"""How log p(x) is found, or bounded: values that `likelihood` takes."""

import abc
import inspect
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured, GenerativeModel, check_count
from tfgen.core.typing import ArrayLike, SeedLike

tfd = tfp.distributions

NUM_TERMS = 20  # of a bound that is a sum of many: all 1000 of them would take hours


class Estimator(Configured, abc.ABC):
    """Says log p(x) of a batch of examples: exactly, from below, or by an unbiased p(x)."""

    @abc.abstractmethod
    def kind(self, model: GenerativeModel) -> str:
        """What is estimated, in a few words, for `Estimate.kind`.

        Raises:
            ValueError: the model has nothing of this kind.
        """

    @abc.abstractmethod
    def __call__(
        self,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike = 0,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """The estimate for each example.

        Args:
            model: that `kind` takes.
            x: `[batch, *event_shape]`.
            condition: for a model that has one: one for each example, or one for all.
            seed: of the draws.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        """


class Exact(Estimator):
    """log p(x) itself, of a model whose density is "exact"."""

    def kind(self, model: GenerativeModel) -> str:
        check_method(self, model, "log_prob")
        return "exact"

    def __call__(
        self,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike = 0,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        return model.log_prob(x, condition=condition, batch_size=batch_size)


class Bound(Estimator):
    """The bound that the model is trained by, `model.elbo(x)`.

    Args:
        num_terms: of the bound of a diffusion model, a sum over its T steps: how many are drawn
            for each example. The estimate is unbiased, its noise part of the standard error. None
            for 20, or T where that is less.
    """

    def __init__(self, num_terms: int | None = None) -> None:
        self.num_terms = None if num_terms is None else check_count(num_terms, "num_terms")

    def kind(self, model: GenerativeModel) -> str:
        check_method(self, model, "elbo")
        if not _has_terms(model):
            if self.num_terms is not None:
                raise ValueError(
                    "expected num_terms for a model whose bound is a sum over steps of diffusion."
                    f" Received: {self.num_terms} for a {type(model).__name__}"
                )
            return "ELBO"
        return f"ELBO, {self._terms_of(model)} of {model.schedule.num_steps} terms"

    def _terms_of(self, model):
        most = model.schedule.num_steps
        return check_count(self.num_terms or min(NUM_TERMS, most), "num_terms", most=most)

    def __call__(
        self,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike = 0,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        terms = {"num_terms": self._terms_of(model)} if _has_terms(model) else {}
        return model.elbo(x, condition=condition, seed=seed, batch_size=batch_size, **terms)


class ImportanceWeighted(Estimator):
    """log (1/k) sum_i p(x, z_i) / q(z_i | x), z_i ~ q(z | x)  (Burda et al. 2016, Eq. 8).

    A lower bound on average, which rises to log p(x) with k.

    Args:
        num_samples: k.
    """

    def __init__(self, num_samples: int = 5000) -> None:
        self.num_samples = check_count(num_samples, "num_samples")

    def kind(self, model: GenerativeModel) -> str:
        check_method(self, model, "iwae_bound")
        return f"IWAE, k = {self.num_samples}"

    def __call__(
        self,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike = 0,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        return model.iwae_bound(
            x, self.num_samples, condition=condition, seed=seed, batch_size=batch_size
        )


def default_estimator(model: GenerativeModel) -> Estimator:
    """`Exact()` or `Bound()`, as the model's density is.

    Raises:
        ValueError: the model has no density that could be said.
    """
    kinds = {"exact": Exact, "bound": Bound}
    if model.density not in kinds:
        raise ValueError(
            "expected a model whose density is exact or bounded."
            f" Received: a {type(model).__name__}, whose density is {model.density!r}"
        )
    return kinds[model.density]()


def check_method(purpose: Any, model: GenerativeModel, name: str) -> None:
    """Checks that a model has a method.

    Args:
        purpose: what needs it, such as an `Estimator`.
        model: the model.
        name: of the method.
    Raises:
        ValueError: it has none.
    """
    if not hasattr(model, name):
        raise ValueError(
            f"expected a model with {name} for {purpose}."
            f" Received: a {type(model).__name__}, whose density is {model.density!r}"
        )


def posterior_log_prob(q: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
    """log q(z) of any z, which q need not have drawn.

    Args:
        q: a posterior, batch shape `[...]`, event shape `[dim]`.
        z: `[..., dim]`.
    Raises:
        ValueError: the posterior knows the density of its own draws alone, as planar flows do.
    """
    try:
        return q.log_prob(z)
    except NotImplementedError as error:
        raise ValueError(
            "expected a posterior that can be evaluated at any z: this one has no inverse."
            f" Received: {q}"
        ) from error


def _has_terms(model):
    return "num_terms" in inspect.signature(model.elbo).parameters
