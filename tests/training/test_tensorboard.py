import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tfgen
from tfgen.training import TensorBoard, image_grid


def test_events_hold_the_terms_and_a_grid_of_samples_by_epoch(tmp_path):
    model = tfgen.VAE.default((4, 4, 1), latent_dim=2, hidden=(3,))
    model.compile()
    x = np.random.default_rng(0).integers(0, 2, (20, 4, 4, 1)).astype("float32")
    history = model.fit(x, epochs=2, verbose=0, callbacks=[TensorBoard(tmp_path, num_samples=4)])
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    for name, values in history.history.items():
        logged = events.Tensors(name)
        assert [event.step for event in logged] == [1, 2]
        np.testing.assert_allclose(
            [tf.make_ndarray(event.tensor_proto) for event in logged], values, rtol=1e-6
        )
    png = tf.make_ndarray(events.Tensors("samples")[-1].tensor_proto)[2]
    np.testing.assert_array_equal(tf.io.decode_png(png), image_grid(model.sample(4, seed=0)))
