"""TextToImageGAN: Algorithm 1 by hand, wrong captions, the text's own training, strings."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from PIL import Image

from tfgen.adversarial import (
    ContrastiveText,
    NearestCaption,
    NonSaturating,
    OtherCaption,
    TextToImageGAN,
)
from tfgen.conditions import Captions
from tfgen.core import fold_in
from tfgen.distributions import StandardNormal
from tfgen.losses import R1, ModeSeeking
from tfgen.networks import dcgan_discriminator, text_encoder, text_to_image_generator
from tfgen.training import load_run
from tfgen_cli.main import main

SEED = tf.constant([0, 3])
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}
TEXTS = [f"a {side} half in {colour}" for side in ("left", "right") for colour in COLOURS]


def pictures(count, seed=0):
    """8x8 images with a half in a colour, and their captions."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(TEXTS), count)
    x = 0.1 * rng.random((count, 8, 8, 3), "float32")
    for image, kind in zip(x, kinds, strict=True):
        columns = slice(0, 4) if kind < 3 else slice(4, 8)
        image[:, columns] += 0.9 * np.float32(list(COLOURS.values())[kind % 3])
    return x, np.array(TEXTS)[kinds]


def small(**arguments):
    keras.utils.set_random_seed(0)
    sizes = {"latent_dim": 2, "text_dim": 6, "base_filters": 3}
    training = {"text_training": ContrastiveText(3, batch_size=6), "mode_seeking": None}
    training["contrast_weight"] = 0.0
    return TextToImageGAN.default(
        (8, 8, 3), Captions.from_corpus(TEXTS), **sizes | training | arguments
    )


def linear(**arguments):
    """Numbers and texts of one word: phi(red) = 1, phi(blue) = -1; G = phi / 2; D = x + 2 phi."""
    condition = Captions(("red", "blue"), 1)
    given = keras.Input((1,), dtype="int32")
    embedding = keras.layers.Embedding(4, 1)
    encoder = keras.Model(given, keras.layers.Flatten()(embedding(given)))

    def of_both(*weights):
        one, other = keras.Input((1,)), keras.Input((1,))
        dense = keras.layers.Dense(1, use_bias=False)
        network = keras.Model([one, other], dense(keras.layers.Concatenate()([one, other])))
        dense.set_weights([np.float32(weights)[:, None]])
        return network

    embedding.set_weights([np.float32([[0], [0], [1], [-1]])])
    return TextToImageGAN(
        generator=of_both(0.0, 0.5),
        discriminator=of_both(1.0, 2.0),
        text_encoder=encoder,
        prior=StandardNormal(1),
        loss_pair=NonSaturating(),
        condition=condition,
        **{"text_training": None, "wrong_captions": OtherCaption()} | arguments,
    )


def of_zero(score):
    """-log(1 - D) of a logit."""
    return math.log1p(math.exp(score))


def test_the_matching_aware_loss_by_hand():
    batch = (tf.constant([[1.0], [0.0]]), tf.constant([[2], [3]]))
    terms = linear().discriminator_loss(batch, SEED, True)
    # s_r = (1 + 2, 0 - 2), s_w = (1 - 2, 0 + 2), s_f = (1/2 + 2, -1/2 - 2).
    real = (of_zero(-3) + of_zero(2)) / 2
    wrong, fake = (of_zero(-1) + of_zero(2)) / 2, (of_zero(2.5) + of_zero(-2.5)) / 2
    expected = real + (wrong + fake) / 2
    np.testing.assert_allclose(terms["discriminator_loss"], expected, rtol=1e-6)
    means = [terms[f"{name}_outputs"] for name in ("real", "wrong", "fake")]
    np.testing.assert_allclose(means, [0.5, 0.5, 0.0], atol=1e-6)
    # Where all texts of a batch are the same, none is wrong: s_f stands in, of (5/2, 5/2).
    terms = linear().discriminator_loss((batch[0], tf.constant([[2], [2]])), SEED, True)
    expected = (of_zero(-3) + of_zero(-2)) / 2 + of_zero(2.5)
    np.testing.assert_allclose(terms["discriminator_loss"], expected, rtol=1e-6)


def test_the_generator_s_loss_with_midpoints_by_hand():
    batch = (tf.zeros((2, 1)), tf.constant([[2], [3]]))
    found = [
        linear(midpoint_weight=weight).generator_loss(batch, SEED, True)["generator_loss"]
        for weight in (0.0, 0.5)
    ]
    # Of the texts s_f = (5/2, -5/2), of the midpoint 0 of both an image 0 and an output 0.
    plain = (of_zero(-2.5) + of_zero(2.5)) / 2
    np.testing.assert_allclose(found, [plain, plain + 0.5 * math.log(2)], rtol=1e-6)


def test_mode_seeking_compares_two_images_of_each_of_half_of_the_texts():
    model = small(mode_seeking=ModeSeeking(0.1))
    x, texts = pictures(5)
    batch = model.unpack((x, texts))
    loss = model.generator_loss(batch, SEED, False)["generator_loss"]
    z, given = model.prior().sample(6, seed=SEED), tf.tile(batch[1][:3], [2, 1])
    x = model.transform(z, given)
    expected = NonSaturating().generator(model.judge(x, given))
    expected += ModeSeeking(0.1)(z[:3], z[3:], x[:3], x[3:])
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_both_players_minimise_the_contrastive_loss_of_their_images():
    plain, both = small(), small(contrast_weight=0.5)
    batch = plain.unpack(pictures(5))
    text = plain.embed(batch[1])
    fake = plain.generate(5, SEED, batch[1])
    for name, x in (("discriminator_loss", batch[0]), ("generator_loss", fake)):
        one, other = (getattr(model, name)(batch, SEED, False)[name] for model in (plain, both))
        expected = 0.5 * plain.text_training.loss(text, plain.look(x, text)[1], batch[1])
        np.testing.assert_allclose(other - one, expected, rtol=1e-4)
        assert expected > 0


def test_a_wrong_caption_is_another_one_of_the_batch():
    words = np.int32([[2, 5, 7], [2, 5, 8], [3, 6, 9], [2, 5, 7], [3, 4, 7]])
    for sampler in (OtherCaption(), NearestCaption(0.5)):
        drawn = []
        for number in range(200):
            index, is_wrong = sampler(tf.constant(words), fold_in(SEED, number))
            assert np.all(is_wrong) and np.all(np.any(words[index] != words, axis=1))
            drawn.append(index)
        # All the others come, none of one's own caption.
        counts = np.stack([np.bincount(each, minlength=5) for each in np.transpose(drawn)])
        same = np.array([[np.array_equal(a, b) for a in words] for b in words])
        assert np.all((counts > 0) == ~same)
        first = counts[0][[1, 2, 4]] / 200
        expected = [1 / 3] * 3 if isinstance(sampler, OtherCaption) else [2 / 3, 1 / 6, 1 / 6]
        np.testing.assert_allclose(first, expected, atol=0.1)
    index, is_wrong = OtherCaption()(tf.constant(words[[0, 3]]), SEED)
    assert not np.any(is_wrong)


def test_the_nearest_wrong_caption_differs_in_the_fewest_words():
    words = np.random.default_rng(0).integers(2, 5, (40, 4)).astype("int32")
    nearest = NearestCaption(share=0.999)
    index, _ = nearest(tf.constant(words), SEED)
    apart = (words[:, None] != words).sum(axis=-1)
    found = apart[np.arange(40), index]
    np.testing.assert_array_equal(found, np.where(apart == 0, 9, apart).min(axis=1))
    # Several that are equally near all come.
    drawn = {int(nearest(tf.constant(words), fold_in(SEED, n))[0][0]) for n in range(100)}
    assert drawn == set(np.flatnonzero(apart[0] == found[0]))


def test_the_contrastive_loss_by_hand():
    text = tf.constant([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    image = tf.constant([[1.0, 0.0], [0.0, 5.0], [1.0, 0.0]])
    # The last two have one caption: neither is held against the other.
    given = tf.constant([[2, 3], [4, 3], [4, 3]])
    cosines = np.array([[1, 0, 1], [0, 1, -np.inf], [0, -np.inf, 0]]) / 0.5
    terms = [np.log(np.exp(cosines).sum(axis=axis)) - np.diag(cosines) for axis in (0, 1)]
    found = ContrastiveText(temperature=0.5).loss(text, image, given)
    np.testing.assert_allclose(found, np.mean(terms), rtol=1e-6)


def test_half_of_a_contrastive_batch_is_near_to_one_caption():
    words = np.stack([*np.ndindex(4, 4, 4)] * 3).astype("int32") + 2
    rows = ContrastiveText(batch_size=20).draw(tf.constant(words), SEED)
    assert rows.shape == (20,)
    apart = (words[rows][:, None] != words[rows][:10]).sum(axis=-1)
    # Ten differ in a word at most from the caption that was drawn, and in two from each other.
    assert apart[:10].max() <= 2 < apart[10:].max()
    assert len(np.unique(rows[:10])) == 10
    few = ContrastiveText(batch_size=20).draw(tf.constant(words[:7]), SEED)
    assert few.shape == (7,)


def kept(*networks):
    return [np.array(weight) for network in networks for weight in network.get_weights()]


def changed(before, network):
    return any(np.any(a != b) for a, b in zip(before, network.get_weights(), strict=True))


def test_the_text_is_trained_once_before_the_first_step_and_then_stays(tmp_path):
    x, texts = pictures(12)
    model, by_hand = small(), small()
    by_hand.train_text(x, texts)
    start = kept(by_hand.text_encoder)
    assert changed(start, model.text_encoder) and int(model.text_steps) == 0
    by_hand.prepare(*by_hand.check_data(x, texts))
    model.compile()
    model.fit(x, texts, batch_size=6, verbose=0)
    for each in (model, by_hand):
        assert int(each.text_steps) == 3 and not changed(start, each.text_encoder)
    # Killed and resumed, bit for bit.
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, twin):
        each.fit(x, texts, batch_size=6, verbose=0)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not changed(start, twin.text_encoder)
    # A data set gives what arrays give; what is read once is refused.
    pairs = tf.data.Dataset.from_tensor_slices((x, texts)).batch(5)
    other = small()
    other.prepare(other.check_dataset(pairs))
    for a, b in zip(other.text_encoder.get_weights(), start, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="arrays or a data set.*Received: generator"):
        small().prepare(pair for pair in [(x, texts)])


def test_a_strategy_s_replicas_get_what_one_device_learns_of_the_text():
    x, texts = pictures(12)
    one = small()
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        spread = small()
    for model in (one, spread):
        model.train_text(x, texts)
    for a, b in zip(spread.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert changed(kept(small().text_encoder), spread.text_encoder)


def test_without_a_training_of_its_own_the_text_moves_with_the_discriminator():
    x, texts = pictures(12)
    model = small(**TextToImageGAN.published)
    assert model.wrong_captions == OtherCaption() and model.midpoint_weight == 1
    discriminator, generator = model.phases()
    assert discriminator.networks == (model.discriminator, model.text_encoder)
    assert generator.networks == (model.generator,)
    start = kept(model.text_encoder)
    for moving, moves in (("generator", False), ("discriminator", True)):
        rates = {name: 0.1 * (name == moving) for name in ("discriminator", "generator")}
        model.compile(
            {name: keras.optimizers.SGD(rate) for name, rate in rates.items()}, run_eagerly=True
        )
        model.train_on_batch(x, texts)
        assert changed(start, model.text_encoder) == moves
    with pytest.raises(ValueError, match=r"such as ContrastiveText\(\). Received: None"):
        model.train_text(x, texts)


def test_the_settings_are_the_papers():
    for optimizer in small().default_optimizers().values():
        np.testing.assert_allclose(optimizer.learning_rate, 2e-4, rtol=1e-6)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)
    assert TextToImageGAN.default_batch_size == 64


def test_texts_and_images_find_each_other():
    """After its own training phi tells both words, of images that were not seen."""
    model = small(text_training=ContrastiveText(150, batch_size=32, learning_rate=5e-3))
    model.train_text(*pictures(200))
    x, texts = pictures(60, seed=1)
    _, images = model.discriminator([tf.constant(x), tf.zeros((60, 6))])
    embeddings = model.embed(model.condition.tokens(TEXTS))
    unit = lambda vectors: tf.math.l2_normalize(vectors, axis=1)
    found = np.argmax(unit(images) @ tf.transpose(unit(embeddings)), axis=1)
    assert np.mean(np.array(TEXTS)[found] == texts) > 0.9


def test_any_text_has_an_answer():
    model = small()
    texts = ["", "日本語 \u0645\u0631", "a left half in mauve", "  A LEFT half, in red! "]
    x = model.sample(4, condition=texts, seed=1).numpy()
    assert np.isfinite(x).all() and x.min() >= 0 and x.max() <= 1
    same = model.sample(4, condition="a left half in red", seed=1)
    np.testing.assert_array_equal(same[3], x[3])
    # The noise and the text both count.
    assert len(np.unique(same.numpy().reshape(4, -1), axis=0)) == 4
    assert np.any(same[0] != x[0])


def test_xla_gives_the_same_losses():
    batch = (tf.constant([[1.0], [0.0]]), tf.constant([[2], [3]]))
    model = linear(midpoint_weight=0.5, wrong_captions=NearestCaption(), penalty=R1())
    for loss in (model.discriminator_loss, model.generator_loss):
        compiled = tf.function(lambda: loss(batch, SEED, True), jit_compile=True)()  # noqa: B023
        for name, value in loss(batch, SEED, True).items():
            np.testing.assert_allclose(compiled[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def test_the_command_line_takes_captions(tmp_path):
    x, texts = pictures(20)
    folder, run = tmp_path / "images", tmp_path / "run"
    (folder / "train").mkdir(parents=True)
    for number, image in enumerate(x):
        pixels = np.rint(255 * np.clip(image, 0, 1)).astype("uint8")
        Image.fromarray(pixels).save(folder / "train" / f"{number:02}.png")
    captions = {f"train/{number:02}.png": str(text) for number, text in enumerate(texts)}
    (folder / "captions.json").write_text(json.dumps(captions))
    settings = [
        "base_filters=2",
        "latent_dim=2",
        "text_training=ContrastiveText(2)",
        "wrong_captions=OtherCaption",
    ]
    call = lambda *arguments: CliRunner().invoke(main, list(map(str, arguments)))
    result = call(
        *("train", "TextToImageGAN", "--data", folder, "--epochs", 1, "--output", run),
        *(part for setting in settings for part in ("--set", setting)),
    )
    assert result.exit_code == 0, result.output
    model = load_run(run)
    assert model.text_training == ContrastiveText(2) and int(model.text_steps) == 2
    text = "a left half in red"
    result = call("sample", run, "-n", 3, "--condition", text, "--output", tmp_path / "x.npy")
    assert result.exit_code == 0, result.output
    expected = model.sample(3, condition=text, seed=0)
    np.testing.assert_allclose(np.load(tmp_path / "x.npy"), expected, atol=1e-5)


def test_what_does_not_fit_is_refused():
    condition = Captions.from_corpus(TEXTS)
    fitting = small()
    parts = {
        name: getattr(fitting, name)
        for name in ("generator", "discriminator", "text_encoder", "prior", "loss_pair")
    }
    for wrong, message in (
        ({"text_encoder": text_encoder(condition, 5)}, r"text encoder to map \(5,\) to \(6,\)"),
        ({"generator": text_to_image_generator(3, (8, 8, 3), 6, 2)}, r"map \(2,\) and \(6,\)"),
        ({"discriminator": dcgan_discriminator((8, 8, 3), 2)}, "discriminator to map.*and"),
        ({"discriminator": keras.Model(*_first_output(fitting))}, "second output.*Received: "),
        ({"condition": None}, "condition to be a value such.*Received: None"),
        ({"midpoint_weight": -1.0}, "midpoint_weight.*Received: -1"),
        ({"text_training": None, "contrast_weight": 1.0}, "no contrast_weight.*Received: 1.0"),
    ):
        with pytest.raises(ValueError, match=message):
            TextToImageGAN(**{**parts, "condition": condition} | wrong)
    with pytest.raises(ValueError, match=r"generator to map \(2,\) and.*Received: \(2,\) to"):
        TextToImageGAN(
            **parts | {"generator": keras.Model(*_unconditional(fitting))}, condition=condition
        )
    for make in (
        lambda: NearestCaption(1.0),
        lambda: ContrastiveText(0),
        lambda: ContrastiveText(temperature=0.0),
    ):
        with pytest.raises(ValueError, match="expected .*Received: "):
            make()


def _first_output(model):
    return model.discriminator.inputs, model.discriminator.outputs[0]


def _unconditional(model):
    z = keras.Input((2,))
    return z, keras.layers.Reshape((8, 8, 3))(keras.layers.Dense(192)(z))
