import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tfgen
from tfgen.latent import ELBO
from tfgen.networks import DenseNetworks
from tfgen.training import TensorBoard, image_grid

X = np.random.default_rng(0).integers(0, 2, (20, 4, 4, 1)).astype("float32")


def fit(folder, batch, x=X, seed=0, **options):
    """A model fitted for two epochs, its terms, and the events that were written of it."""
    model = tfgen.VAE.default(
        x.shape[1:], latent_dim=2, architecture=DenseNetworks((3,)), **options
    )
    model.compile()
    callback = TensorBoard(folder, batch, seed)
    history = model.fit(x, epochs=2, verbose=0, callbacks=[callback])
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return model, history.history, events


def picture(events):
    png = tf.make_ndarray(events.Tensors("preview")[-1].tensor_proto)[2]
    return tf.io.decode_png(png)


def test_events_hold_the_terms_and_the_preview_by_epoch(tmp_path):
    model, terms, events = fit(tmp_path, (X[:4],), seed=3)
    for name, values in terms.items():
        logged = events.Tensors(name)
        assert [event.step for event in logged] == [1, 2]
        np.testing.assert_allclose(
            [tf.make_ndarray(event.tensor_proto) for event in logged], values, rtol=1e-6
        )
    assert [event.step for event in events.Tensors("preview")] == [1, 2]
    np.testing.assert_array_equal(picture(events), image_grid(model.preview((X[:4],), 3)))
    np.testing.assert_array_equal(picture(events), image_grid(model.sample(4, seed=3)))


@pytest.mark.parametrize(
    ("batch", "x", "options"),
    [
        (None, X, {}),
        ((X.reshape(20, 16),), X.reshape(20, 16), {}),
        # Infinite from the first step on: what such a model draws is not shown.
        ((X[:4],), X, {"objective": ELBO(1e39)}),
    ],
)
def test_where_there_is_nothing_to_show_there_is_no_picture(tmp_path, batch, x, options):
    _, terms, events = fit(tmp_path, batch, x, **options)
    assert set(events.Tags()["tensors"]) == set(terms)
