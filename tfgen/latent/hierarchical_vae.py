"""The hierarchical VAE: several stochastic layers, top-down (Tomczak & Welling, 2018)."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import tensorflow_probability as tfp

from tfgen.core import Condition
from tfgen.core.size_checks import check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Bernoulli, Head, Prior, StandardNormal, TopDown
from tfgen.latent.top_down import TopDownPosterior, TopDownPrior
from tfgen.latent.vae import VAE
from tfgen.networks import Architecture, GatedDenseNetworks

tfd = tfp.distributions


class HierarchicalVAE(VAE):
    """A VAE whose z has layers: p(z) = p(z_1) prod_l p(z_l | z_<l), and so has q(z | x).

    Tomczak & Welling (2018), section 4, Eq. 12 to 14. Inference is top-down, as generation: z_1 is
    drawn given x, each layer below given x and the layers above it, where Sonderby et al. (2016)
    mix the two by their precisions. The decoder reads all layers.

    z is the layers side by side, the top one first. Prior and posterior are the values
    `TopDownPrior` and `TopDownPosterior`; bounds, free bits by layer and the rest are the VAE's.

    Example:
        >>> from tfgen.networks import DenseNetworks
        >>> small = DenseNetworks((8,))
        >>> model = HierarchicalVAE.default((4, 4, 1), (2, 3), architecture=small, hidden=8)
        >>> model.encode(model.sample(6, seed=0)).shape
        TensorShape([6, 5])
    """

    paper = "Tomczak & Welling 2018"

    def prior_distribution(self, training: bool = False) -> tfd.Distribution:
        """p(z); one that is made of the encoder reads of it what gives the top layer alone.

        Args:
            training: whether networks that it is made of run as in training.
        """
        posterior = self.posterior
        in_layers = isinstance(self.prior, TopDownPrior) and isinstance(posterior, TopDownPosterior)
        if self.prior.encodes is None or not in_layers:
            return super().prior_distribution(training)
        # A gradient would pass through all of the encoder, though that of the rest is zero.
        network = _part_of_first_outputs(self.encoder, 2 * posterior.dims[0])
        top = lambda u: posterior.top(network(u, training=training))
        return self.prior(lambda u: TopDown(posterior.dims[:1], top(u), []))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dims: Sequence[int] = (40, 40),
        architecture: Architecture = GatedDenseNetworks((300, 300)),
        likelihood: Head = Bernoulli(),
        top: Prior | None = None,
        hidden: int = 300,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """Gated networks of two layers of 300 units, as in the paper.

        Each layer of z has an encoder network of its own. The paper's has one gated layer where the
        features of x for the lower layer have two here, and a gated layer for each of z_1 and z_2
        where the decoder has one for both.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dims: size of each layer, the top one first; two or more.
            architecture: of the encoders and the decoder.
            likelihood: head of p(x | z).
            top: p(z_1): None for a standard normal; or, as in the paper, a
                `VampPrior(event_shape, latent_dims[0])`.
            hidden: units of the gated layers between the layers of z, and features of x.
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        """
        event_shape = tuple(event_shape)
        latent_dims = check_size_list(latent_dims, "latent_dims", least=2)
        check_sizes(hidden=hidden)
        posterior = TopDownPosterior(latent_dims, hidden, hidden)
        dims = posterior.dims
        prior = TopDownPrior(dims, StandardNormal(dims[0]) if top is None else top, hidden)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        return cls(
            encoder=_side_by_side(
                [
                    architecture.encoder(event_shape, size, condition, name=f"encoder_{index}")
                    for index, size in enumerate([2 * dims[0]] + (len(dims) - 1) * [hidden])
                ]
            ),
            decoder=architecture.decoder(sum(dims), params, condition),
            prior=prior,
            likelihood=likelihood,
            posterior=posterior,
            condition=condition,
            **kwargs,
        )


def _side_by_side(networks):
    """A network of the same inputs whose outputs are those of all."""
    inputs = [keras.Input(each.shape[1:], dtype=each.dtype) for each in networks[0].inputs]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    outputs = keras.layers.Concatenate()([network(inputs) for network in networks])
    return keras.Model(inputs, outputs, name="encoder")


def _part_of_first_outputs(network, size):
    """What of a network from `_side_by_side` gives the first of its outputs; any other itself."""
    last = network.layers[-1]
    if isinstance(last, keras.layers.Concatenate) and last.output is network.outputs[0]:
        first = last.input[0]
        if first.shape[1:] == (size,):
            return keras.Model(network.inputs, first)
    return network
