import json

import numpy as np
import pytest

import tfgen
from tfgen.data import load_arrays
from tfgen.training import RunFolder, evaluate, train
from tfgen.training.run_data import (
    load_run_data,
    load_run_split,
    load_validation,
    preparation,
    validation_split,
)

RNG = np.random.default_rng(0)
BITS = RNG.integers(0, 2, (50, 6)).astype("float32")


@pytest.fixture
def folder(tmp_path):
    """20 vectors to train on, 12 for validation, 18 for the test."""
    np.savez(tmp_path / "set.npz", train=BITS[:20], val=BITS[20:32], test=BITS[32:])
    return tmp_path


def tiny(info):
    return tfgen.NADE.default(info.event_shape, num_hidden=2)


@pytest.fixture(scope="module")
def model():
    return tfgen.NADE.default((6,), num_hidden=2)


def test_a_validation_split_is_validation_and_all_of_train_is_trained_on(folder, model):
    assert validation_split(folder / "set.npz") == "valid"
    prepared = preparation(model, None)
    options = dict(batch_size=5, seed=0, validation="valid")
    for how in (None, "stochastic"):
        data = load_run_data(model, folder, {**prepared, "binarize": how}, **options)
        np.testing.assert_array_equal(data.validation[0], BITS[20:32])
        assert data.num_train == 20 and data.streamed == (how == "stochastic")
        x = np.concatenate(list(data.training[0])) if data.streamed else data.training[0]
        assert sorted(map(tuple, x)) == sorted(map(tuple, BITS[:20]))


def test_without_one_the_last_tenth_of_train_is_held_out(tmp_path, model):
    np.savez(tmp_path / "set.npz", train=BITS[:20], test=BITS[32:])
    assert validation_split(tmp_path) is None
    data = load_run_data(model, tmp_path, preparation(model, None), batch_size=5, seed=0)
    np.testing.assert_array_equal(data.training[0], BITS[:18])
    np.testing.assert_array_equal(data.validation[0], BITS[18:20])


def test_a_run_says_what_it_was_validated_on_and_goes_on_with_it(folder):
    output = folder / "run"
    options = dict(output=output, verbose=0)
    model = train(tiny, folder / "set.npz", epochs=1, **options)
    metrics = RunFolder(output).read_metrics()
    assert (metrics["num_train"], metrics["num_validation"]) == (20, 12)
    log_prob = model.log_prob(BITS[20:32]).numpy().mean()
    np.testing.assert_allclose(metrics["validation"]["likelihood"]["mean"], log_prob, rtol=1e-5)
    [x] = load_validation(model, metrics, 5)
    np.testing.assert_array_equal(x, BITS[20:25])
    np.testing.assert_allclose(
        evaluate(output)["likelihood"]["mean"], model.log_prob(BITS[32:]).numpy().mean(), rtol=1e-5
    )
    assert evaluate(output, split="valid")["num_examples"] == 12
    assert train(tiny, folder / "set.npz", epochs=2, resume=True, **options).epochs_seen == 2

    # A run from before held out a tenth of "train": its products are still those of that tenth,
    # and training does not go on.
    old = {k: v for k, v in metrics.items() if k not in ("validation_split", "channels")}
    [x] = load_validation(model, old, 5)
    np.testing.assert_array_equal(x, BITS[18:20])
    arguments = json.loads((output / "arguments.json").read_text())
    assert arguments.pop("validation_split") == "valid"
    (output / "arguments.json").write_text(json.dumps(arguments))
    message = "validation_split=None. Received: validation_split='valid'"
    with pytest.raises(ValueError, match=message):
        train(tiny, folder / "set.npz", epochs=3, resume=True, **options)


def test_a_run_split_is_prepared_as_the_metrics_say(tmp_path):
    images = RNG.random((10, 4, 4, 3))
    np.savez(tmp_path / "set.npz", train=images)
    model = tfgen.NADE.default((4, 4, 1), num_hidden=2)
    metrics = {"data": str(tmp_path), "binarize": "stochastic", "levels": None, "seed": 3}
    [x] = load_run_split(model, {**metrics, "channels": 1}, "train[2:]")
    options = dict(binarize="stochastic", channels=1, seed=3)
    np.testing.assert_array_equal(x, load_arrays(tmp_path, "train[2:]", **options))
    for name in metrics:
        less = {key: value for key, value in metrics.items() if key != name}
        with pytest.raises(ValueError, match=f"metrics of a run.* Received: .* without {name}"):
            load_run_split(model, less, "train")


def test_words_are_not_counted_again_for_a_run_s_sizes(monkeypatch):
    info = tfgen.data.info("captioned_digits")
    condition = tfgen.conditions.Captions(info.vocabulary, info.length)
    model = tfgen.VAE.default(info.event_shape, latent_dim=2, condition=condition)
    monkeypatch.delattr(tfgen.conditions.Captions, "from_corpus")
    data = load_run_data(model, "captioned_digits", preparation(model, None), batch_size=5, seed=0)
    assert data.num_train == round(0.9 * info.num_examples) == len(data.training[1])
    assert len(data.validation[0]) == info.num_examples - data.num_train
