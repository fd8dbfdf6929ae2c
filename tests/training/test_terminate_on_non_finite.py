import math

import keras
import numpy as np
import pytest

import tfgen
from tfgen.networks import DenseNetworks
from tfgen.training import Checkpoint, TerminateOnNonFinite, read_history, train

X = np.random.default_rng(0).integers(0, 2, (20, 4)).astype("float32")


def exploding(optimizer, steps):
    """The optimizer with a rate that no weight survives from that step on."""
    return optimizer(keras.optimizers.schedules.PiecewiseConstantDecay([steps], [1e-3, 1e30]))


def gan(steps):
    model = tfgen.GAN.default((4,), latent_dim=2, hidden=(3,))
    sgd = keras.optimizers.SGD
    model.compile({"discriminator": exploding(sgd, steps), "generator": sgd(1e-3)})
    return model


def vae(steps):
    model = tfgen.VAE.default((4,), latent_dim=2, architecture=DenseNetworks((3,)))
    model.compile(exploding(keras.optimizers.SGD, steps))
    return model


@pytest.mark.parametrize("build", [gan, vae])
def test_training_stops_at_the_first_epoch_that_is_not_finite(build, tmp_path):
    """Also for several phases, which have no "loss", and whatever the order of the callbacks."""
    callback = TerminateOnNonFinite()
    model = build(steps=9)  # 5 make an epoch: the first step of the third is too long
    path = tmp_path / "checkpoint.keras"
    fitted = model.fit(X, batch_size=4, epochs=6, verbose=0, callbacks=[Checkpoint(path), callback])
    assert model.epochs_seen == len(fitted.epoch) == callback.epoch
    last = {name: values[-1] for name, values in fitted.history.items()}
    assert callback.diverged.keys() == {n for n, v in last.items() if not math.isfinite(v)}
    kept = keras.saving.load_model(path)
    assert kept.epochs_seen == callback.epoch - 1 == 2
    assert np.isfinite(list(kept.evaluate(X, verbose=0, return_dict=True).values())).all()
    # The same model can train on, and the callback with it.
    model.set_weights(build(steps=100).get_weights())
    model.compile()
    model.fit(X, verbose=0, callbacks=[callback])
    assert callback.epoch is None and callback.diverged == {}


def test_terms_of_validation_count():
    callback = TerminateOnNonFinite()
    model = vae(steps=3)  # the last step of the first epoch: only validation sees its weights
    model.fit(X, batch_size=4, epochs=3, validation_data=X, verbose=0, callbacks=[callback])
    assert callback.epoch == 1
    assert callback.diverged and all(name.startswith("val_") for name in callback.diverged)


class Exploding(tfgen.VAE):
    """A VAE whose third epoch of the run below diverges."""

    def default_optimizers(self):
        return {"bound": exploding(keras.optimizers.SGD, 2 * 5 - 1)}


def build(info):
    keras.saving.register_keras_serializable("tests")(Exploding)
    return Exploding.default(info.event_shape, latent_dim=2, architecture=DenseNetworks((3,)))


def test_a_run_keeps_its_last_good_epoch_and_can_be_finished_from_it(tmp_path):
    options = dict(output=tmp_path / "run", batch_size=300, verbose=0)
    with pytest.raises(FloatingPointError, match=r"in epoch 3; .*checkpoint.keras holds epoch 2"):
        train(build, "digits", epochs=5, **options)
    rows = read_history(tmp_path / "run/history.csv")
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [all(map(math.isfinite, row.values())) for row in rows] == [True, True, False]
    kept = keras.saving.load_model(tmp_path / "run/checkpoint.keras")
    assert kept.epochs_seen == 2 and all(np.isfinite(w).all() for w in kept.get_weights())
    assert not (tmp_path / "run/model.keras").exists()

    finished = train(build, "digits", epochs=2, resume=True, **options)
    for a, b in zip(finished.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "run/metrics.json").exists() and (tmp_path / "run/samples.png").exists()
