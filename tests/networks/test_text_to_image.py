"""The networks of TextToImageGAN: what reads words, and where the text enters the others."""

import keras
import numpy as np
import pytest

from tfgen.conditions import Captions, Classes
from tfgen.layers import SyncBatchNormalization
from tfgen.networks import text_encoder, text_to_image_discriminator, text_to_image_generator

SHAPE = (8, 9, 3)


def numbers(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def test_an_embedding_has_mean_0_and_variance_1_and_depends_on_the_order():
    encoder = text_encoder(Captions(("red", "on", "blue"), 3), 12)
    one, other, nothing = encoder(np.int32([[2, 3, 4], [4, 3, 2], [0, 0, 0]])).numpy()
    np.testing.assert_allclose([one.mean(), other.mean()], 0, atol=1e-5)
    assert 0.5 < one.std() <= 1 and not np.allclose(one, other) and np.all(nothing == 0)
    with pytest.raises(ValueError, match="words, such as Captions. Received: Classes"):
        text_encoder(Classes(3))


def test_the_projection_is_added_to_the_published_score():
    x, text = numbers(4, *SHAPE), numbers(4, 5)
    published = text_to_image_discriminator(SHAPE, 5, 2, projection=0.0)
    ours = text_to_image_discriminator(SHAPE, 5, 2, projection=0.5)
    for one, other in zip(_by_name(published), _by_name(ours), strict=True):
        other.set_weights(one.get_weights())
    (score, embedding), (both, same) = published([x, text]), ours([x, text])
    np.testing.assert_allclose(same, embedding, rtol=1e-6)
    product = np.sum(text * embedding, axis=1)
    np.testing.assert_allclose(both - score, 0.5 * product / np.sqrt(5), rtol=1e-4, atol=1e-6)
    # Images alone are embedded, texts and images are scored.
    np.testing.assert_array_equal(published([x, text[::-1]])[1], embedding)
    assert np.all(published([x, text[::-1]])[0] != score)


def test_the_generator_s_scales_and_offsets_read_the_text_and_z():
    generator = text_to_image_generator(2, SHAPE, 5, 8)
    z, text = numbers(3, 2), numbers(3, 5)
    norms = [each for each in generator.layers if type(each) is SyncBatchNormalization]
    assert norms and all(not each.center and not each.scale for each in norms)
    x = generator([z, text])
    assert x.shape == (3, *SHAPE) and 0 <= np.min(x) and np.max(x) <= 1
    # Without what the first layer makes of both, they enter by the normalization alone.
    for each in generator.layers:
        if isinstance(each, keras.layers.Dense):
            each.set_weights([(50 if each.use_bias else 0) * w for w in each.get_weights()])
    x = generator([z, text])
    assert np.any(x != generator([z[::-1], text])) and np.any(x != generator([z, text[::-1]]))


def test_the_layers_for_64_pixels_are_those_of_the_paper():
    """Convolutions of stride 2 to 4x4, where 128 numbers of the text stand in every place."""
    judge = text_to_image_discriminator((64, 64, 3), 1024, 64)
    convolutions = [each for each in judge.layers if isinstance(each, keras.layers.Conv2D)]
    assert [each.output.shape[1:] for each in convolutions] == [
        *((64 // 2**k, 64 // 2**k, 32 * 2**k) for k in range(1, 5)),
        (4, 4, 512),
    ]
    assert [each.kernel_size for each in convolutions] == [(4, 4)] * 4 + [(1, 1)]
    assert convolutions[-1].input.shape[1:] == (4, 4, 512 + 128)
    generator = text_to_image_generator(100, (64, 64, 3), 1024, 64)
    grids = [
        each.output.shape[1:]
        for each in generator.layers
        if isinstance(each, keras.layers.Conv2DTranspose)
    ]
    assert grids == [(8, 8, 256), (16, 16, 128), (32, 32, 64), (64, 64, 3)]


def test_sizes_out_of_range_are_refused():
    for make in (
        lambda: text_to_image_generator(2, (7, 8, 3), 5),
        lambda: text_to_image_discriminator(SHAPE, 0),
        lambda: text_to_image_discriminator(SHAPE, 5, projection=-1.0),
        lambda: text_encoder(Captions(("red",), 1), 0),
    ):
        with pytest.raises(ValueError, match="expected .*Received: "):
            make()


def _by_name(network):
    """Layers with weights; the two networks have them in orders of their own."""
    key = lambda each: (type(each).__name__, [tuple(v.shape) for v in each.weights])
    return sorted((each for each in network.layers if each.weights), key=key)
