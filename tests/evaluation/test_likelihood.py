import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from linear_gaussian import linear_gaussian

from tfgen import DDPM, GAN, NADE, VAE
from tfgen.conditions import Classes
from tfgen.distributions import Normal
from tfgen.evaluation import (
    Bound,
    Estimate,
    Estimator,
    Exact,
    ImportanceWeighted,
    example_blocks,
    likelihood,
)
from tfgen.evaluation.likelihood import scored_blocks

X = np.random.default_rng(0).integers(0, 2, (12, 4)).astype("float32")


def test_an_untrained_bit_costs_what_its_probability_says():
    model = NADE.default((4,), num_hidden=2)
    model.set_weights([np.zeros(w.shape) for w in model.get_weights()])
    found = likelihood(model, X, batch_size=5)
    assert found.kind == "exact"
    np.testing.assert_allclose(found.mean, -4 * np.log(2), rtol=1e-6)
    np.testing.assert_allclose(found.bits_per_dim, 1, rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, 0, atol=1e-7)
    expected = {"num_examples": 12, "levels": 2, "condition": None, "seed": 0}
    assert found.protocol == expected


@pytest.mark.parametrize(("head", "discrete"), [(None, True), (Normal(), False)])
def test_a_bound_says_so_and_has_bits_where_data_are_discrete(head, discrete):
    options = {"likelihood": head} if head else {}
    model = VAE.default((4,), latent_dim=2, **options)
    found = likelihood(model, X, seed=3, batch_size=5)
    elbo = model.elbo(X, seed=3, batch_size=5).numpy()
    assert found.kind == "ELBO"
    assert (found.bits_per_dim is not None) == discrete
    np.testing.assert_allclose(found.mean, elbo.mean(), rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, elbo.std(ddof=1) / np.sqrt(12), rtol=1e-5)


def test_an_implicit_density_has_no_likelihood():
    with pytest.raises(ValueError, match="Received: a GAN, whose density is 'implicit'"):
        likelihood(GAN.default((4,), latent_dim=2, hidden=(3,)), X)


def test_an_estimator_wants_a_model_that_it_is_for():
    nade, vae = NADE.default((4,), num_hidden=2), VAE.default((4,), latent_dim=2)
    for model, estimator, lacks in (
        (vae, Exact(), "log_prob"),
        (nade, Bound(), "elbo"),
        (nade, ImportanceWeighted(3), "iwae_bound"),
    ):
        with pytest.raises(ValueError, match=f"{lacks} for {type(estimator).__name__}.*Received"):
            likelihood(model, X, estimator=estimator)
    for wrong in (Bound, ImportanceWeighted):
        with pytest.raises(ValueError, match="at least 1. Received: 0"):
            wrong(0)


@pytest.fixture(scope="module")
def diffusion():
    return DDPM.default((4,), num_steps=30, base_channels=2)


@pytest.mark.parametrize(("given", "taken"), [(None, 20), (3, 3), (30, 30)])
def test_a_bound_of_many_terms_takes_a_few_of_them_and_says_how_many(diffusion, given, taken):
    found = likelihood(diffusion, X, seed=3, estimator=Bound(given))
    elbo = diffusion.elbo(X, seed=3, num_terms=taken).numpy()
    assert found.kind == f"ELBO, {taken} of 30 terms"
    np.testing.assert_allclose(found.mean, elbo.mean(), rtol=1e-5)
    np.testing.assert_allclose(found.standard_error, elbo.std(ddof=1) / np.sqrt(12), rtol=1e-4)


def test_a_chain_that_is_shorter_than_that_gives_all_its_terms():
    model = DDPM.default((4,), num_steps=5, base_channels=2)
    assert likelihood(model, X).kind == "ELBO, 5 of 5 terms"


def test_terms_are_for_bounds_that_have_them(diffusion):
    with pytest.raises(ValueError, match="at most 30. Received: 31"):
        likelihood(diffusion, X, estimator=Bound(31))
    with pytest.raises(ValueError, match="num_terms.*Received: 3 for a VAE"):
        likelihood(VAE.default((4,), latent_dim=2), X, estimator=Bound(3))


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return -(-len(self.arrays[0]) // 5)

    def __getitem__(self, index):
        return tuple(array[5 * index : 5 * index + 5] for array in self.arrays)


def sources(x, y):
    """The same examples in every form that `likelihood` reads."""
    batches = Batches(x, y)
    yield batches
    yield (batches[index] for index in range(len(batches)))
    for size in (1, 4, 30):
        yield tf.data.Dataset.from_tensor_slices((x, y)).batch(size)


@pytest.mark.parametrize("most", [1000, 12, 3, 1])
def test_every_source_gives_the_figure_of_its_array(monkeypatch, most):
    """Also where the blocks are smaller than the data, and cut through the batches."""
    monkeypatch.setattr(example_blocks, "_MOST_EXAMPLES", most)
    model = VAE.default((4,), latent_dim=2, condition=Classes(3))
    y = np.arange(12) % 3
    expected = likelihood(model, X, condition=y, seed=3, batch_size=2)
    if most >= 12:
        elbo = model.elbo(X, condition=y, seed=3).numpy()
        np.testing.assert_allclose(expected.mean, elbo.mean(), rtol=1e-6)
        np.testing.assert_allclose(
            expected.standard_error, elbo.std(ddof=1) / np.sqrt(12), rtol=1e-5
        )
    for data in sources(X, y):
        found = likelihood(model, data, seed=3, batch_size=None)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-5)
        np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-4)
        assert found.protocol == expected.protocol


def test_each_example_has_draws_of_its_own_in_whatever_block(monkeypatch):
    monkeypatch.setattr(example_blocks, "_MOST_EXAMPLES", 4)
    model, x = VAE.default((4,), latent_dim=2), np.tile(X[:1], (12, 1))
    values = [each for _, values in scored_blocks(model, x, Bound()) for each in values]
    assert len(np.unique(values)) == 12


class Position(Estimator):
    """Says where an example stood: its first value."""

    def kind(self, model):
        return "position"

    def __call__(self, model, x, *, condition=None, seed=0, batch_size=None):
        assert len(x) <= example_blocks.block_size(model)
        return x[:, 0]


def test_no_more_than_a_block_is_ever_held():
    """A stream of 20 blocks of 1,000 with the values 0, 1, ..., whose moments are known."""
    model = linear_gaussian()
    count, taken = 20_000, []

    def stream():
        for begin in range(0, count, 250):
            taken.append(begin)
            yield np.arange(begin, begin + 250, dtype="f")[:, np.newaxis] * np.ones(5, "f")

    found = likelihood(model, stream(), estimator=Position())
    np.testing.assert_allclose(found.mean, (count - 1) / 2, rtol=1e-12)
    error = np.sqrt(count * (count + 1) / 12 / count)
    np.testing.assert_allclose(found.standard_error, error, rtol=1e-9)
    taken.clear()
    blocks = example_blocks.example_blocks(model, stream())
    for index, (x, _) in enumerate(blocks):
        assert len(x) == 1000 and x[0, 0] == 1000 * index
        assert taken[-1] == 1000 * (index + 1) - 250


def test_one_example_has_no_standard_error_and_valid_json():
    model = VAE.default((4,), latent_dim=2)
    found = likelihood(model, X[:1], protocol={"split": "test"})
    assert found.standard_error is None and found.protocol["split"] == "test"
    text = json.dumps(found.to_json(), allow_nan=False)
    assert '"standard_error": null' in text
    assert Estimate.from_json(json.loads(text)) == found


@pytest.mark.parametrize(
    ("data", "condition", "message"),
    [
        (X[:0], None, "at least one example"),
        (iter(()), None, "at least one example"),
        (X[:, :3], None, r"\[batch, 4\]"),
        (X + 0.5, None, r"in \[0, 1\]"),
        (iter([X, X[:, :3]]), None, r"the batch's x of shape \[batch, 4\]"),
        (tf.data.Dataset.from_tensors(X + 0.5), None, "on 2 levels"),
        (X, 1, "expected no condition"),
        (iter([X]), 1, "expected no condition beside batches"),
        (None, None, "or a generator of batches"),
    ],
)
def test_bad_data_are_refused(data, condition, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        likelihood(NADE.default((4,), num_hidden=2), data, condition=condition)


def test_a_missing_condition_is_refused():
    model = VAE.default((4,), latent_dim=2, condition=Classes(3))
    with pytest.raises(ValueError, match="expected a condition"):
        likelihood(model, X)


def test_progress_is_shown_where_it_is_wanted(capsys):
    model = NADE.default((4,), num_hidden=2)
    found = likelihood(model, X)
    assert not capsys.readouterr().out
    for data in (X, iter([X])):
        assert likelihood(model, data, verbose=1) == found
        assert "12/12" in capsys.readouterr().out
