import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen.layers import Standardize


def table(count=200, seed=0):
    """Five columns of very different units, some of them correlated; the last one is constant."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, 5)) @ generator.normal(size=(5, 5))
    x = x * [1e-3, 1e3, 1.0, 1e-6, 0.0] + [1000.0, 0.0, -5.0, 1e-5, 7.0]
    return x.astype("float32")


def adapted(x, **arguments):
    layer = Standardize(x.shape[1:], **arguments)
    layer.adapt(x)
    return layer


def test_before_it_is_adapted_it_is_the_identity():
    layer, x = Standardize((5,)), table()
    assert not layer.adapted
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.conditional_bijector(x).inverse(x), x)


def test_whole_shrinkage_gives_zero_mean_and_unit_variance():
    x = table()
    layer = adapted(x, shrinkage=1.0)
    z = layer(x).numpy()
    assert layer.factor is None and layer.adapted
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(axis=0), [1, 1, 1, 1, 0], rtol=1e-4)


def test_little_shrinkage_takes_the_linear_regressions_away():
    x = table()[:, 1:4]
    layer = adapted(x, shrinkage=1e-9)
    z = layer(x).numpy()
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.eye(3), atol=1e-4)
    others, own = np.c_[np.ones(len(x)), x[:, :2]].astype("float64"), x[:, 2].astype("float64")
    left = own - others @ np.linalg.lstsq(others, own)[0]
    np.testing.assert_allclose(z[:, 2], left / left.std(), rtol=1e-3, atol=1e-3)


def test_the_density_of_a_standard_normal_z_is_the_normal_of_the_data():
    x, units = table()[:, 1:4], np.array([1e3, 1.0, 1e-6])
    layer = adapted(x, shrinkage=1e-9)
    log_det = layer.conditional_bijector(x).inverse_log_det_jacobian(x, 0)
    found = stats.norm.logpdf(layer(x)).sum(axis=1) + np.sum(log_det, axis=-1)
    scaled = x / units
    normal = stats.multivariate_normal(scaled.mean(axis=0), np.cov(scaled.T, bias=True))
    np.testing.assert_allclose(found, normal.logpdf(scaled) - np.log(units).sum(), atol=2e-3)


def test_the_bijector_is_the_layer_one_dimension_at_a_time_and_inverse_undoes_it():
    x = table()
    layer = adapted(x)
    z, bijector = layer(x), layer.conditional_bijector(x)
    np.testing.assert_allclose(bijector.inverse(x), z, atol=1e-4)
    np.testing.assert_allclose(bijector.forward(z), x, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(layer.inverse(z), x, rtol=1e-6, atol=1e-3)
    with tf.GradientTape() as tape:
        one = tf.constant(x[:1, 1:4])
        tape.watch(one)
        z = (small := adapted(x[:, 1:4]))(one)
    jacobian = tape.jacobian(z, one)[0, :, 0].numpy()
    np.testing.assert_array_equal(np.triu(jacobian, 1), 0)
    log_det = np.ravel(small.conditional_bijector(one).inverse_log_det_jacobian(one, 0))
    np.testing.assert_allclose(np.log(np.diag(jacobian)), log_det, rtol=1e-5)


def test_shrinkage_follows_the_data():
    """Independent columns and few examples want much of it, a nearly linear relation none."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(40, 30)).astype("float32")
    independent = adapted(noise)(noise).numpy()
    by_itself = adapted(noise, shrinkage=1.0)(noise).numpy()
    np.testing.assert_allclose(independent, by_itself, atol=0.5)
    line = noise[:, :2].copy()
    line[:, 1] = line[:, 0] + 1e-2 * line[:, 1]
    np.testing.assert_allclose(adapted(line).factor[1, 1], 100, rtol=0.3)


def test_images_have_one_mean_and_one_scale():
    x = np.random.default_rng(0).random((20, 3, 2, 1)).astype("float32")
    layer = adapted(x)
    np.testing.assert_allclose(layer(x), (x - x.mean()) / x.std(), atol=1e-5)
    np.testing.assert_allclose(layer.inverse(layer(x)), x, atol=1e-6)


def test_one_example_and_two_of_them_are_enough():
    for count in (1, 2):
        assert np.isfinite(adapted(table(count))(table())).all()


def test_it_is_saved_with_its_statistics(tmp_path):
    layer, x = adapted(table()), table()
    inputs = keras.Input((5,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert reloaded.adapted
    np.testing.assert_array_equal(reloaded(x), layer(x))


@pytest.mark.parametrize("shrinkage", [0, -1.0, 1.5])
def test_bad_shrinkage_is_refused(shrinkage):
    with pytest.raises(ValueError, match="Received:"):
        Standardize((3,), shrinkage)


@pytest.mark.parametrize("shape", [(0, 5), (4, 6), (5,)])
def test_bad_examples_are_refused(shape):
    with pytest.raises(ValueError, match="Received: shape"):
        Standardize((5,)).adapt(np.zeros(shape))
