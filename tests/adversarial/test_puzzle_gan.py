"""PuzzleGAN: its losses by hand, patches in any order and of any size, stops and starts."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from truths import randomize

from tfgen.adversarial import EdgeEnergyBoxes, PuzzleGAN, RandomBoxes
from tfgen.core import split_seed
from tfgen.core.served import served
from tfgen.distributions import StandardNormal, Uniform
from tfgen.losses import (
    GeometricDecay,
    ModeSeeking,
    NonSaturating,
    PredictedMaskLoss,
    TrueMaskLoss,
)

SHAPE = (8, 8, 1)
SEED = tf.constant([0, 3])


def small(**arguments):
    keras.utils.set_random_seed(0)
    usual = {"latent_dim": 3, "base_filters": 2, "embedding_dim": 4, "average_decay": None}
    return PuzzleGAN.default(SHAPE, **usual | arguments)


def images(count=8, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), "float32")


@pytest.fixture(scope="module")
def model():
    """One that tells patches apart: the weights of a new one hardly do."""
    return randomize(small(), scale=0.3)


@pytest.mark.parametrize("published", [False, True])
def test_the_terms_are_those_of_the_paper(published):
    part_loss = PredictedMaskLoss() if published else TrueMaskLoss()
    mode_seeking = None if published else ModeSeeking(0.3)
    weight = GeometricDecay(0.5, 0.1, 10)
    model = small(part_loss=part_loss, part_weight=weight, mode_seeking=mode_seeking)
    model.steps_seen.assign(5)
    x, pair = tf.constant(images()), NonSaturating()
    found = model.discriminator_loss((x,), SEED, True) | model.generator_loss((x,), SEED, True)
    assert tuple(found) == model.term_names
    of_boxes, of_z = split_seed(SEED, 2)
    patches, mask = model.regions(x, of_boxes)
    judge = lambda *kinds: model.discriminator(tf.concat(kinds, axis=0), training=True)
    kinds = lambda fake: (fake, mask * fake + (1 - mask) * x, mask * x + (1 - mask) * fake)

    fake, _ = model.generator([patches, model.prior().sample(8, seed=of_z)], training=True)
    real, fakes = judge(x), judge(*kinds(fake))
    np.testing.assert_allclose(
        found["discriminator_loss"], pair.discriminator(real, fakes), rtol=1e-5
    )
    np.testing.assert_allclose(found["real_outputs"], np.mean(real), rtol=1e-5)
    np.testing.assert_allclose(found["fake_outputs"], np.mean(fakes), rtol=1e-5)

    twice = 0 if published else 2
    z = model.prior().sample(8 + twice, seed=of_z)
    inputs = [tf.concat([patches, patches[:twice]], 0), z]
    both, logits = model.generator(inputs, training=True)
    adversarial = pair.generator(judge(*kinds(both[:8])))
    spatial, appearance = part_loss(x, mask, both[:8], logits[:8])
    loss = adversarial + np.sqrt(0.05) * (spatial + appearance)
    if not published:
        loss += mode_seeking(z[:2], z[8:], both[:2], both[8:])
    np.testing.assert_allclose(found["adversarial"], adversarial, rtol=1e-5)
    np.testing.assert_allclose(found["spatial"], spatial, rtol=1e-5)
    np.testing.assert_allclose(found["appearance"], appearance, rtol=1e-5)
    np.testing.assert_allclose(found["generator_loss"], loss, rtol=1e-5)
    overlap = [
        np.sum(m & n) / np.sum(m | n)
        for m, n in zip(mask.numpy() > 0.5, logits[:8].numpy() > 0, strict=True)
    ]
    np.testing.assert_allclose(found["mask_iou"], np.mean(overlap), rtol=1e-5)


def test_a_number_serves_as_the_weight_for_good():
    model = small(part_weight=0.25, mode_seeking=None)
    terms = model.generator_loss((tf.constant(images()),), SEED, True)
    parts = terms["spatial"] + terms["appearance"]
    np.testing.assert_allclose(
        terms["generator_loss"] - terms["adversarial"], 0.25 * parts, rtol=1e-5
    )


def test_the_settings_are_the_papers_but_for_those_that_did_not_train(model):
    discriminator, generator = model.phases()
    assert (discriminator.networks, discriminator.every) == ((model.discriminator,), 1)
    assert (generator.networks, generator.every) == ((model.generator,), 2)
    assert model.prior == Uniform(3) and model.num_patches == 3
    assert model.regions == EdgeEnergyBoxes(3, 3, window=3, distance=2)
    assert model.default_batch_size == 64
    assert all(each.beta_1 == 0.5 for each in model.default_optimizers().values())
    assert not hasattr(model, "sample")


def test_seven_steps_and_seven_of_a_loaded_model_are_fourteen_bit_for_bit(tmp_path):
    """The generator moves at every second step, by the weight of that step."""
    x = images(14)
    arguments = {"part_weight": GeometricDecay(0.1, 1e-4, 14), "regions": RandomBoxes(3, 3)}
    arguments["average_decay"] = 0.9
    straight, stopped = small(**arguments), small(**arguments)
    for model in (straight, stopped):
        model.compile(run_eagerly=True)
        model.fit(x, batch_size=2, verbose=0)
        assert int(model.phase_optimizers["generator"].iterations) == 3
    stopped.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for model in (straight, loaded):
        model.fit(x, batch_size=2, verbose=0)
        assert int(model.phase_optimizers["generator"].iterations) == 7
    for one, other in zip(straight.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    patches, _ = straight.take_apart(x, seed=1)
    np.testing.assert_array_equal(
        loaded.assemble(patches, seed=2), straight.assemble(patches, seed=2)
    )


def test_the_order_of_the_patches_cannot_matter_and_their_content_does(model):
    patches, mask = (each.numpy() for each in model.take_apart(images(), seed=0))
    assert patches.shape == (8, 3, *SHAPE) and mask.shape == (8, 8, 8, 1)
    whole, places = model.assemble(patches, seed=1), model.locate(patches)
    for order in ([1, 2, 0], [2, 1, 0]):
        np.testing.assert_allclose(model.assemble(patches[:, order], seed=1), whole, atol=1e-5)
        np.testing.assert_allclose(model.locate(patches[:, order]), places, atol=1e-5)
    others = patches[::-1]
    assert np.abs(model.assemble(others, seed=1) - whole).max() > 1e-3
    assert np.abs(model.locate(others) - places).max() > 1e-3
    assert np.abs(model.assemble(patches, seed=2) - whole).max() > 1e-4
    np.testing.assert_allclose(model.assemble(patches, seed=1, batch_size=3), whole, atol=1e-6)


def by_pillow(images):
    """8x8, bilinear, larger images smoothed first."""
    resized = [Image.fromarray(each[..., 0]).resize((8, 8), Image.BILINEAR) for each in images]
    return np.array([np.asarray(each) for each in resized])[..., None]


def test_patches_of_any_size_are_resized(model):
    x = np.random.default_rng(0).random((2, 24, 30, 1), "float32")
    patches = [x[:, :2, :5], tf.constant(x[:, :8, :8]), x]
    expected = np.stack([by_pillow(np.array(each)) for each in patches], axis=1)
    found = model.assemble(patches, seed=1)
    np.testing.assert_allclose(found, model.assemble(expected, seed=1), atol=1e-5)
    one = model.assemble([each[0] for each in patches], seed=1)
    np.testing.assert_array_equal(one, model.assemble([each[:1] for each in patches], seed=1))
    block = np.stack([x] * 3, axis=1)
    np.testing.assert_array_equal(model.assemble(block, seed=1), model.assemble([x] * 3, seed=1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p[:, :2], "3"),
        (lambda p: p[0], "shape"),
        (lambda p: p[:0], "at least one"),
        (lambda p: p[:, :, :0], "pixels"),
        (lambda p: p + np.nan, "finite"),
        (lambda p: p + 1, r"\[0, 1\]"),
        (lambda p: (255 * p).astype("uint8"), "floating point"),
        (lambda p: p.repeat(3, axis=-1), "shape"),
        (lambda p: [p[:, 0], p[:, 1]], "list of 3 patches"),
        (lambda p: [], "list of 3 patches"),
        (lambda p: [p[:, 0], p[:, 1], p[:1, 2]], "as many images"),
        (lambda p: [p[:, 0], p[:, 1], p[:, 2, :0]], "patch 3 to have pixels"),
        (lambda p: [p[:, 0], p[:, 1], p[0, 0, 0]], "patch 3 of shape"),
        (lambda p: [p[:, 0], p[:, 1] - 1, p[:, 2]], r"patch 2 in \[0, 1\]"),
        (lambda p: [p[:, 0], p[:, 1], p[:, 2] + np.inf], "patch 3 to be finite"),
    ],
)
def test_bad_patches_are_refused(model, spoil, message):
    patches = np.random.default_rng(0).random((4, 3, *SHAPE), "float32")
    for method in (model.assemble, model.locate):
        with pytest.raises(ValueError, match=f"(?s){message}.*Received: "):
            method(spoil(patches))


def test_the_served_function_answers_bad_patches_by_nan(model):
    function, specs = model.signatures()["assemble"]
    patches = np.random.default_rng(0).random((4, 3, *SHAPE), "float32")
    patches[1, 2, 0, 0], patches[2, 0, 7, 7] = np.nan, 1.5
    graph = tf.function(served(function, specs, None), input_signature=specs)
    answer = graph(patches, SEED)["images"].numpy()
    np.testing.assert_array_equal(np.isnan(answer).all(axis=(1, 2, 3)), [False, True, True, False])
    good = model.assemble(patches[[0, 0, 0, 3]], seed=SEED)
    np.testing.assert_allclose(answer[[0, 3]], good[::3], atol=1e-5)


def test_a_preview_shows_image_patches_mask_and_two_results(model):
    x = images(5)
    grid = model.preview((x,), seed=4).numpy()
    assert grid.shape == (5, 7, *SHAPE)
    patches, _ = model.take_apart(x, seed=0)
    np.testing.assert_array_equal(grid[:, 0], x)
    np.testing.assert_array_equal(grid[:, 1:4], patches)
    np.testing.assert_array_equal(grid[:, 4], model.locate(patches))
    for column, seed in zip((5, 6), split_seed(tf.constant([0, 4]), 3)[1:], strict=True):
        np.testing.assert_array_equal(grid[:, column], model.assemble(patches, seed=seed))


def test_averaged_weights_are_used_outside_of_training():
    model = small(average_decay=0.9)
    model.compile(run_eagerly=True)
    x = images(16)
    model.fit(x, batch_size=4, verbose=0)
    patches, _ = model.take_apart(x, seed=0)
    z = model.prior().sample(16, seed=SEED)
    averaged, _ = model.averaged_generator([patches, z])
    raw, _ = model.generator([patches, z])
    np.testing.assert_array_equal(model.assemble(patches, seed=SEED), averaged)
    assert not np.array_equal(raw, averaged)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"regions": RandomBoxes(2, 3)}, "num_patches=3"),
        ({"regions": RandomBoxes(3, 9)}, "at least 9 x 9"),
        ({"num_patches": 0}, "num_patches"),
        ({"part_weight": -1.0}, "part_weight"),
        ({"generator_every": 0}, "generator_every"),
        ({"average_decay": 1.0}, "average_decay"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        small(**arguments)


def test_networks_that_do_not_fit_are_refused(model):
    parts = {name: getattr(model, name) for name in ("generator", "discriminator", "regions")}
    parts |= {"prior": model.prior, "loss_pair": model.loss_pair}
    flat = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
    for change, message in (
        ({"generator": model.discriminator}, "generator to map patches and z"),
        ({"prior": StandardNormal(5)}, "generator to map patches and z"),
        ({"regions": RandomBoxes(2, 3)}, "generator to map patches and z"),
        ({"discriminator": flat}, "discriminator to map"),
    ):
        with pytest.raises(ValueError, match=f"{message}.*Received: "):
            PuzzleGAN(**parts | change)
