"""CLIP: the loss by hand, the limit of the scale, and what it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Captions, Classes
from tfgen.core import Adam
from tfgen.diffusion import CLIP
from tfgen.networks import DenseNetworks

INKS = {"red": (1.0, 0.1, 0.1), "green": (0.1, 0.9, 0.2), "blue": (0.1, 0.2, 1.0)}
PLACES = {"left": np.s_[:, :2], "right": np.s_[:, 2:]}
TEXTS = [f"{ink} on the {place}" for ink in INKS for place in PLACES]
CAPTIONS = Captions.from_corpus(TEXTS)


def small(condition=CAPTIONS, **arguments):
    keras.utils.set_random_seed(0)
    sizes = {"embedding_dim": 6, "width": 8, "num_heads": 2, "architecture": DenseNetworks((16,))}
    return CLIP.default((4, 4, 3), condition, **sizes | arguments)


def pictures(count, seed):
    """Noisy pictures with ink on one side, and their captions."""
    random = np.random.default_rng(seed)
    which = np.arange(count) % len(TEXTS)
    x = random.uniform(0, 0.2, (count, 4, 4, 3))
    for image, text in zip(x, np.array(TEXTS)[which], strict=True):
        ink, *_, place = text.split()
        image[PLACES[place]] += 0.8 * np.array(INKS[ink])
    return np.clip(x, 0, 1).astype("float32"), np.array(TEXTS)[which]


def test_the_terms_are_those_of_figure_3():
    model = small(temperature=0.5)
    x, y = pictures(8, 0)  # two captions come twice
    terms = model.contrastive((tf.constant(x), model.read_condition(y, 8)), None, True)
    images, texts = (
        each.numpy() / np.linalg.norm(each, axis=1, keepdims=True)
        for each in (model.image_encoder(x), model.text_encoder(CAPTIONS.tokens(y)))
    )
    cosines = images @ texts.T
    np.testing.assert_allclose(model.similarity(x, y), cosines, atol=1e-6)
    same = y[:, None] == y
    weights = np.exp(2 * cosines) * (~same | np.eye(8, dtype=bool))
    own = np.diag(weights)
    loss = -np.mean([np.log(own / weights.sum(axis=axis)) for axis in (0, 1)])
    np.testing.assert_allclose(terms["contrastive"], loss, rtol=1e-5)
    by_image = np.mean([same[i, j] for i, j in enumerate(cosines.argmax(axis=1))])
    by_text = np.mean([same[i, j] for j, i in enumerate(cosines.argmax(axis=0))])
    np.testing.assert_allclose(terms["captions_right"], by_image)
    np.testing.assert_allclose(terms["images_right"], by_text)
    np.testing.assert_allclose(terms["scale"], 2.0, rtol=1e-6)
    assert tuple(terms) == model.term_names


def test_it_tells_captions_that_share_a_word_and_the_scale_stays_below_its_limit():
    model = small(temperature=0.125, max_scale=8.5)
    x, y = pictures(240, 0)
    model.compile({"encoders": Adam(5e-3)}, steps_per_execution=10)
    history = model.fit(x, y, batch_size=24, epochs=60, verbose=0).history
    assert max(history["scale"]) == pytest.approx(8.5, rel=1e-5)
    x, y = pictures(60, 1)
    found = model.classify(x, TEXTS).numpy()
    assert np.mean(np.array(TEXTS)[found] == y) > 0.95
    # Of one image for each caption every caption finds its own.
    shown = model.preview((x[:6], y[:6])).numpy()
    np.testing.assert_array_equal(shown[:, 0], x[:6])
    assert shown.shape == (6, 6, 4, 4, 3)


def test_classes_may_be_the_captions():
    model = small(Classes(3))
    x, _ = pictures(6, 0)
    labels = np.arange(3)
    np.testing.assert_allclose(
        tf.linalg.diag_part(model.similarity(x[:3], labels)), model((x[:3], labels)), atol=1e-6
    )
    np.testing.assert_allclose(np.linalg.norm(model.encode_text(labels), axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CLIP.default((4, 4, 3)), "condition"),
        (lambda: small(temperature=0.0), "temperature"),
        (lambda: small(temperature=0.01, max_scale=50.0), "at most 50"),
        (lambda: small(embedding_dim=0), "embedding_dim"),
        (
            lambda: CLIP(
                image_encoder=small().image_encoder,
                text_encoder=small(embedding_dim=5).text_encoder,
                condition=CAPTIONS,
            ),
            "text_encoder",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
