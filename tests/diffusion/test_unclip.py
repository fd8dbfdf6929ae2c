"""UnCLIP: what each part learns from, training in stages, and what is drawn."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_denoiser import tiny_unclip

from tfgen.conditions import CaptionedVector, Captions, Classes
from tfgen.diffusion import CLIP, DDPM, EqualRatios, LinearSchedule, Stages, UnCLIP
from tfgen.diffusion.embedding_decoder import equal_ratios
from tfgen.networks import DenseNetworks

TEXTS = ["a red seven", "a blue one", "two"]
CAPTIONS = Captions.from_corpus(TEXTS)
SHAPE, SMALL, DIM = (8, 8, 3), (4, 4, 3), 4


def build(**arguments):
    keras.utils.set_random_seed(1)
    network = DenseNetworks((6,))
    clip = CLIP.default(SHAPE, CAPTIONS, DIM, network, width=4, num_layers=1)
    return tiny_unclip(SHAPE, SMALL, clip, prior_width=8, **arguments)


@functools.lru_cache(maxsize=1)
def shared():
    """One model for the tests that leave it as it is; no weight of it is zero."""
    model = build()
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            w + 0.2 * rng.normal(size=w.shape) if w.dtype == "float32" else w
            for w in model.get_weights()
        ]
    )
    return model


def images(count, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), "float32")


def captions(count):
    return np.array([TEXTS[i % len(TEXTS)] for i in range(count)])


def test_what_each_part_learns_from_by_hand():
    model, x = shared(), images(3)
    given = CAPTIONS.tokens(captions(3))
    batch = (tf.constant(x), given)
    scaled = {
        "image": 2 * model.encode_image(x).numpy(),  # sqrt(4) times unit vectors
        "text": 2 * model.encode_text(captions(3)).numpy(),
    }
    z, of_text = model.part_batch("prior", batch)
    np.testing.assert_allclose(z, scaled["image"], atol=1e-6)
    np.testing.assert_allclose(np.sum(np.square(z), axis=1), DIM, rtol=1e-5)
    words = given.numpy().astype("float32")
    np.testing.assert_allclose(of_text, np.hstack([words, scaled["text"]]), atol=1e-6)
    small, of_image = model.part_batch("decoder", batch)
    np.testing.assert_allclose(small, x.reshape(3, 4, 2, 4, 2, 3).mean(axis=(2, 4)), atol=1e-6)
    np.testing.assert_allclose(of_image, np.hstack([words, scaled["image"]]), atol=1e-6)
    same, of_small = model.part_batch("upsampler", batch)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_allclose(of_small, 2 * small - 1, atol=1e-6)


def test_a_step_of_the_whole_is_a_step_of_each_part():
    x, y = images(4), captions(4)
    model = build()
    model.compile()
    terms = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert sorted(terms) == sorted(model.term_names)
    batch = model.unpack((tf.constant(x), CAPTIONS.tokens(y)))
    # Evaluation's seed of each phase.
    for index, (name, part) in enumerate(model.parts.items()):
        found = {}
        loss = part.phases()[0].loss
        seed = tf.random.experimental.stateless_fold_in(
            tf.random.experimental.stateless_fold_in(tf.constant((0x7F6E, 0)), 0), index
        )
        for term, value in loss(model.part_batch(name, batch), seed, False).items():
            found[f"{name}_{term}"] = value
        for term, value in found.items():
            np.testing.assert_allclose(terms[term], value, rtol=1e-4, err_msg=term)


class Snapshots(keras.callbacks.Callback):
    """The model as it is after each epoch, in a folder; training stops after `last`."""

    def __init__(self, folder, last=None):
        super().__init__()
        self.folder, self.last, self.weights, self.terms = folder, last, {}, {}

    def on_epoch_end(self, epoch, logs=None):
        self.weights[epoch + 1] = [np.array(v) for v in self.model.variables]
        self.terms[epoch + 1] = set(logs)
        if self.folder:
            self.model.save(f"{self.folder}/{epoch + 1}.keras")
        if epoch + 1 == self.last:
            self.model.stop_training = True


def test_parts_are_trained_in_order_and_resume_in_the_middle_of_each(tmp_path, capsys):
    x, y = images(6), captions(6)
    model = build(stages=Stages((1, 1, 1, 1), (2, 1, 1, 1)))
    model.compile()
    start = [np.array(v) for v in model.variables]
    whole = Snapshots(tmp_path)
    history = model.fit(x, y, batch_size=3, epochs=8, callbacks=[whole], verbose=2)
    assert history.epoch == list(range(8))
    assert "prior, epochs 3 to 4 of 8" in capsys.readouterr().out
    assert [len(history.history[f"{name}_denoising_mse"]) for name in list(model.parts)[1:]] == [
        2
    ] * 3
    # One step an epoch of twice three examples, then two.
    assert int(model.steps_seen) == 2 * 1 + 6 * 2
    whole.weights[0] = start
    for index, (name, part) in enumerate(model.parts.items()):
        own = {id(v) for v in part.variables}
        begin, end = whole.weights[2 * index], whole.weights[2 * index + 2]
        moved = [
            not np.array_equal(a, b) and v.trainable
            for v, a, b in zip(model.variables, begin, end, strict=True)
        ]
        assert any(moved)
        for v, has_moved in zip(model.variables, moved, strict=True):
            assert not has_moved or id(v) in own, v.path
        names = {f"{name}_{term}" for term in part.term_names}
        assert whole.terms[2 * index + 1] == names | {"loss"}
    for killed in (1, 3, 5, 7):
        twin = keras.saving.load_model(tmp_path / f"{killed}.keras")
        resumed = Snapshots(None, last=killed + 1)
        arguments = {"initial_epoch": twin.epochs_seen, "callbacks": [resumed]}
        twin.fit(x, y, batch_size=3, epochs=8, verbose=0, **arguments)
        assert list(resumed.weights) == [killed + 1]
        for one, other in zip(resumed.weights[killed + 1], whole.weights[killed + 1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_of_two_embeddings_the_one_closer_to_the_text_is_drawn():
    model, count = shared(), 9
    given, seed = CAPTIONS.tokens(captions(count)), tf.constant((0, 7))
    found = model.draw_embeddings(given, seed, 4).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    texts = tf.tile(model.pair(model.clip.embed_text(given), given), (2, 1))
    two = model.solve(model.prior, texts, seed, 4).numpy().reshape(2, count, DIM) / 2
    fit = np.einsum("kbd,bd->kb", two, model.encode_text(captions(count)))
    best = fit.argmax(axis=0)
    assert set(best) == {0, 1}
    np.testing.assert_allclose(found, two[best, np.arange(count)], atol=1e-5)


def test_samples_are_what_the_parts_draw_one_after_the_other():
    model, count = shared(), 3
    given = CAPTIONS.tokens(captions(count))
    prior_seed, seed = tf.unstack(tf.random.experimental.stateless_split((0, 5), 2))
    embeddings = model.draw_embeddings(given, prior_seed, 3)
    drawn = model.from_embeddings(
        embeddings, condition=captions(count), guidance=2.0, num_steps=3, seed=seed
    )
    arguments = {"condition": captions(count), "num_steps": 3, "seed": 5}
    samples = model.sample(count, guidance=2.0, **arguments)
    np.testing.assert_allclose(samples, drawn, atol=1e-5)
    # Numbers that a graph learns when it runs are no others.
    in_a_graph = tf.function(
        lambda steps, w: model.sample(count, **{**arguments, "num_steps": steps}, guidance=w)
    )
    np.testing.assert_allclose(in_a_graph(tf.constant(3), tf.constant(2.0)), samples, atol=1e-4)
    assert not np.allclose(model.sample(count, guidance=1.0, **arguments), samples, atol=1e-3)
    np.testing.assert_array_equal(
        model.sample(count, **arguments), model.sample(count, guidance=model.guidance, **arguments)
    )


def test_guidance_goes_from_neither_condition_to_both():
    model = shared()
    x = tf.constant(images(2)[:, ::2, ::2])
    z = model.encode_image(images(2))
    tokens = CAPTIONS.tokens(captions(2))
    predict = lambda given, **w: model.decoder.predict_start(x, tf.constant(2.0), given).start
    both, neither = model.pair(z, tokens), tf.zeros((2, CAPTIONS.length + DIM))
    expected = predict(neither) + 3 * (predict(both) - predict(neither))
    found = model.decoder.denoise(x, 2.0, both, guidance=3.0).start
    np.testing.assert_allclose(found, np.clip(expected, -1, 1), atol=1e-5)
    # Each by itself is another condition, too.
    of_image, of_text = model.pair(z), model.decoder.condition.pair(tokens, None)
    answers = [predict(given).numpy() for given in (both, neither, of_image, of_text)]
    for i, one in enumerate(answers):
        for other in answers[:i]:
            assert not np.allclose(one, other, atol=1e-4)


def test_edits_keep_what_is_kept_bit_for_bit(monkeypatch):
    model, x = shared(), images(2)
    mask = np.ones(SHAPE, "float32")
    mask[2:5, 3:7] = 0
    edited = model.edit(x, mask, condition="a blue one", seed=3).numpy()
    np.testing.assert_array_equal(edited[:, mask == 1], x[:, mask == 1])
    assert not np.isclose(edited[:, mask == 0], x[:, mask == 0]).any(axis=0).all()
    np.testing.assert_array_equal(model.edit(x, mask, condition="a blue one", seed=3), edited)
    assert not np.array_equal(model.edit(x, mask, condition="a blue one", seed=4), edited)
    # What is redrawn is not looked at.
    other = np.where(mask == 1, x, 0.5)
    np.testing.assert_array_equal(model.edit(other, mask, condition="a blue one", seed=3), edited)
    # Few steps are others; a graph need not know their number.
    few = model.edit(x, mask, condition="a blue one", num_steps=2, seed=3).numpy()
    assert not np.array_equal(few, edited)
    by_number = tf.function(
        lambda n: model.edit(x, mask, condition="a blue one", num_steps=n, seed=3)
    )
    np.testing.assert_allclose(by_number(tf.constant(2)), few, atol=1e-5)
    # A small pixel is redrawn wherever a hole touches it.
    seen = {}

    def small_edit(small, kept, **_):
        seen["kept"] = np.array(kept)
        return small

    monkeypatch.setattr(model.decoder, "edit", small_edit)
    model.edit(x, mask, condition="a blue one", seed=3)
    kept = np.ones((2, *SMALL), bool)
    kept[:, 1:3, 1:4] = False
    np.testing.assert_array_equal(seen["kept"], kept)


def test_variations_read_the_image_alone_and_differ():
    model, x = shared(), images(2)
    one, other = (model.variation(x, num_steps=3, seed=seed).numpy() for seed in (1, 2))
    assert not np.allclose(one, other, atol=1e-3)
    np.testing.assert_array_equal(model.variation(x, num_steps=3, seed=1), one)
    model.check(one)


def test_the_way_between_two_images_ends_at_them_and_a_text_difference_begins_at_its_image():
    model, (a, b) = shared(), (images(2), images(2, seed=1))
    arguments = {"guidance": 1.0, "num_steps": 40, "seed": 1}
    between = model.interpolate(a, b, 3, **arguments).numpy()
    assert between.shape == (2, 3, *SHAPE)
    # Both ends are what the flow makes of the noise and the embedding of an image.
    to_itself = [model.interpolate(x, x, 3, **arguments).numpy() for x in (a, b)]
    np.testing.assert_allclose(between[:, 0], to_itself[0][:, 0], atol=0.02)
    np.testing.assert_allclose(between[:, 2], to_itself[1][:, 2], atol=0.02)
    assert not np.allclose(between[:, 1], between[:, 0], atol=0.02)
    difference = lambda strength, to="two": model.text_difference(
        a, "a red seven", to, strength, **arguments
    ).numpy()
    np.testing.assert_array_equal(difference(0.0), difference(0.0, "a blue one"))
    np.testing.assert_allclose(difference(0.0), to_itself[0][:, 0], atol=0.05)
    assert not np.array_equal(difference(0.5), difference(0.5, "a blue one"))


def test_levels_of_a_number_of_steps_that_a_graph_does_not_know():
    schedule = LinearSchedule(50)
    for steps in (1, 2, 7):
        expected = EqualRatios()(schedule, steps)
        np.testing.assert_allclose(equal_ratios(schedule, steps), expected, rtol=1e-12)
        compiled = tf.function(lambda n: equal_ratios(schedule, n))(tf.constant(steps))
        np.testing.assert_allclose(compiled, expected, rtol=1e-12)


def test_without_an_upsampler_the_decoder_draws_the_images():
    clip = shared().clip
    sizes = {"base_channels": 4, "prior_width": 8, "prior_layers": 1, "num_steps": 6}
    model = UnCLIP.default(SHAPE, CAPTIONS, clip=clip, **sizes)
    assert model.upsampler is None and list(model.parts) == ["clip", "prior", "decoder"]
    assert model.decoder.event_shape == SHAPE
    assert model.sample(2, condition="two", num_steps=2).shape == (2, *SHAPE)
    assert UnCLIP.default((16, 16, 1), CAPTIONS, base_channels=4).decoder.event_shape == (8, 8, 1)


def test_parts_that_do_not_fit_are_refused():
    model = shared()
    parts = dict(model.parts)
    vectors = DDPM.default(
        (3,), num_steps=6, base_channels=8, condition=CaptionedVector(CAPTIONS, 3)
    )
    for wrong in (
        {"prior": vectors},
        {"decoder": model.upsampler},
        {"upsampler": model.decoder},
        {"upsampler": None},
        {"condition": Classes(3)},
        {"stages": Stages((1, 2), (1, 1))},
    ):
        with pytest.raises(ValueError, match="expected.*Received: "):
            UnCLIP(**{**parts, **wrong})
    with pytest.raises(ValueError, match="event_shape.*Received: "):
        UnCLIP.default((6,), CAPTIONS)
    with pytest.raises(ValueError, match="Captions.*Received: "):
        UnCLIP.default(SHAPE, Classes(3))
    for arguments in ({"num_steps": 0}, {"guidance": np.nan}):
        with pytest.raises(ValueError, match="Received: "):
            model.sample(1, condition="two", **arguments)
    with pytest.raises(ValueError, match="strength.*Received: "):
        model.text_difference(images(1), "two", "two", 1.5)
