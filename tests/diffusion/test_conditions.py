"""Diffusion models given a caption with a vector, and given a small image, in half precision."""

import keras
import numpy as np
import pytest

from tfgen.conditions import CaptionedVector, Captions, SmallImage
from tfgen.core import Adam
from tfgen.diffusion import DDIM, DDPM

RANDOM = np.random.default_rng(0)
CAPTIONED = CaptionedVector(Captions(["red", "seven"], length=2), 3)
SMALL = RANDOM.uniform(size=(32, 4, 4, 1)).astype("float32")
PAIRS = {
    "captioned vector": (
        CAPTIONED,
        CAPTIONED.pair(["red", "a seven"] * 16, RANDOM.normal(size=(32, 3))),
    ),
    "small image": (SmallImage((4, 4, 1)), SMALL),
}


@pytest.mark.parametrize("name", PAIRS)
def test_it_trains_samples_under_guidance_and_reloads_in_half_precision(name, tmp_path):
    condition, y = PAIRS[name]
    x = SMALL if name == "captioned vector" else SMALL.repeat(2, axis=1).repeat(2, axis=2)
    sizes = {"base_channels": 4, "multipliers": (1,), "attention_at": (), "dropout": 0.0}
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = DDPM.default(
            x.shape[1:], 10, **sizes, condition=condition, sampler=DDIM(2), ema_decay=0.0
        )
        model.compile(Adam(1e-2), steps_per_execution=4)
    finally:
        keras.config.set_dtype_policy("float32")
    before = model.denoiser.get_weights()
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
    assert np.all(np.isfinite(history["denoising_mse"]))
    after = model.denoiser.get_weights()
    # Keras's softmax does not change with the keys' biases; all else has moved.
    moved = [np.any(old != new) for old, new in zip(before, after, strict=True)]
    assert np.mean(moved) > 0.9 and moved[0]

    draw = lambda model, y=y[:2], **more: model.sample(2, condition=y, seed=0, **more).numpy()
    plain, guided, other = draw(model), draw(model, guidance=3.0), draw(model, y[2:4] * 0)
    assert plain.shape == (2, *x.shape[1:]) and plain.min() >= 0 and plain.max() <= 1
    assert np.any(plain != guided) and np.any(plain != other)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.condition == condition
    np.testing.assert_array_equal(draw(loaded), plain)
    np.testing.assert_array_equal(draw(loaded, guidance=3.0), guided)
