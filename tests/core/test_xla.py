"""Which models `compile` leaves to XLA on a CPU, and that it changes no weight but by rounding."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from core.toy import Line

import tfgen
from tfgen.core import xla
from tfgen.core.xla import gains_by_xla
from tfgen.latent import LearnedMixture
from tfgen.networks import DenseNetworks, GatedDenseNetworks

SHAPE = (28, 28, 1)


@pytest.fixture
def any_work(monkeypatch):
    monkeypatch.setattr(xla, "_LEAST_WORK", 1)


def vae(**options):
    return tfgen.VAE.default(
        SHAPE, **{"latent_dim": 20, "architecture": DenseNetworks((400,)), **options}
    )


def test_a_dense_model_gains_where_an_epoch_has_some_work():
    assert gains_by_xla(vae(), 50_000)
    assert gains_by_xla(vae(architecture=GatedDenseNetworks((300, 300))), 50_000)
    assert gains_by_xla(vae(prior=LearnedMixture(20, 100)), 50_000)
    assert not gains_by_xla(vae(), 1_000)


def test_other_layers_and_weights_of_a_model_s_own_do_not(any_work):
    assert gains_by_xla(vae(), 1)
    assert not gains_by_xla(tfgen.HierarchicalVAE.default(SHAPE, (2, 2)), 1)
    assert not gains_by_xla(tfgen.GAN.default(SHAPE), 1)
    assert not gains_by_xla(vae(dtype="mixed_bfloat16"), 1)
    assert not gains_by_xla(tfgen.NADE.default((3,)), 1)
    assert not gains_by_xla(tfgen.DCGAN.default(SHAPE, base_filters=2), 1)


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="of CPUs")
def test_fit_takes_xla_where_it_gains_and_the_same_weights_come_of_it(any_work, monkeypatch):
    weights = {}
    for jit_compile in ("auto", False, True):
        keras.utils.set_random_seed(0)
        model = Line()
        model.compile(jit_compile=jit_compile)
        assert model.get_compile_config()["jit_compile"] == jit_compile
        x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
        model.fit(x, batch_size=8, epochs=2, verbose=0)
        assert model._blocks_in_xla is (jit_compile is not False)
        weights[jit_compile] = model.get_weights()[0]
    np.testing.assert_array_equal(weights["auto"], weights[True])
    np.testing.assert_allclose(weights["auto"], weights[False], rtol=1e-5)
    monkeypatch.setattr(xla, "_LEAST_WORK", np.inf)
    model = keras.models.clone_model(model)
    model.compile()
    model.fit(x, verbose=0)
    assert not model._blocks_in_xla
