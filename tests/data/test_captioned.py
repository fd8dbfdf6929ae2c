"""The captioned digits: real pixels, captions that are true, and triples that are held out."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgen import registry
from tfgen.conditions import Captions
from tfgen.data import captioned, info, load, load_arrays, splits, tfds_builders
from tfgen.data.captioned import COLOURS, DIGITS, WORDINGS, CaptionedMnist, colour, is_held_out

TRIPLES = [
    triple for triple in itertools.product(range(10), range(8), range(8)) if triple[1] != triple[2]
]


@pytest.fixture(scope="module")
def sets(digits_dir):
    """`{split: (images, captions, triples)}` of the captioned digits."""

    def read(split):
        load_one = lambda labels: load_arrays(
            "captioned_digits", split, labels=labels, data_dir=digits_dir
        )
        x, captions = load_one(True)
        numbers = [load_one(name)[1] for name in ("digit", "ink", "ground")]
        return x, captions, np.stack(numbers, axis=1)

    return {split: read(split) for split in splits("captioned_digits", data_dir=digits_dir)}


def test_an_image_is_blended_by_hand():
    shade = np.array([[0, 1], [0.5, 0.25]])
    pixels = colour(shade, ink=2, ground=4)  # red on blue
    np.testing.assert_array_equal(
        pixels, [[[0, 0, 255], [255, 0, 0]], [[128, 0, 128], [64, 0, 191]]]
    )


def test_the_images_are_those_of_the_digits(sets, digits_dir):
    values = np.array(list(COLOURS.values())) / 255
    for split, source in {"train": "train", "test": "test", "held_out": "test"}.items():
        x, _, triples = sets[split]
        ink, ground = values[triples[:, 1]], values[triples[:, 2]]
        # Any two colours differ by all of the channel in which they differ most.
        channel = np.abs(ink - ground).argmax(axis=1)
        rows = np.arange(len(x))
        one, other = ground[rows, channel], ink[rows, channel]
        shade = (x[rows, :, :, channel] - one[:, None, None]) / (other - one)[:, None, None]
        grey, digits = load_arrays("digits", source, labels=True, data_dir=digits_dir)
        levels = lambda images: np.rint(16 * images).astype(int).reshape(len(images), 64)
        ours, theirs = levels(shade), levels(grey)
        assert sorted(map(tuple, np.c_[ours, triples[:, 0]])) == sorted(
            map(tuple, np.c_[theirs, digits])
        )


def test_a_caption_names_what_the_image_shows(sets):
    names = list(COLOURS)
    for _, captions, triples in sets.values():
        used = set()
        for caption, (digit, ink, ground) in zip(captions, triples, strict=True):
            true = [
                wording.format(digit=DIGITS[digit], ink=names[ink], ground=names[ground])
                for wording in WORDINGS
            ]
            assert caption in true
            used.add(true.index(caption))
        assert used == set(range(len(WORDINGS)))


def test_a_tenth_of_the_triples_is_kept_from_training(sets):
    held_out = {triple for triple in TRIPLES if is_held_out(*triple)}
    assert (len(TRIPLES), len(held_out)) == (560, 56)
    seen = {split: set(map(tuple, triples.tolist())) for split, (_, _, triples) in sets.items()}
    assert seen["train"] == set(TRIPLES) - held_out
    assert seen["test"] <= set(TRIPLES) - held_out
    assert seen["held_out"] <= held_out
    # Every digit has several.
    assert {digit for digit, _, _ in seen["held_out"]} == set(range(10))
    for one, other in itertools.combinations(range(3), 2):
        pairs = lambda triples, one=one, other=other: {(t[one], t[other]) for t in triples}
        assert pairs(seen["train"]) == pairs(TRIPLES)


def test_captions_are_streamed_and_shuffled_as_arrays_are(sets, digits_dir):
    options = {"labels": True, "data_dir": digits_dir, "batch_size": 50}
    whole = load("captioned_digits", "test", **options)
    streamed = load("captioned_digits", "test", shuffle=False, memory_limit=0, **options)
    captions = [
        np.concatenate([y.numpy() for _, y in dataset]).astype(str) for dataset in (whole, streamed)
    ]
    assert sorted(captions[0]) == sorted(sets["test"][1])
    assert not np.array_equal(captions[0], sets["test"][1])
    np.testing.assert_array_equal(captions[1], sets["test"][1])


def test_a_condition_has_the_words_of_the_training_captions(sets, digits_dir):
    facts = info("captioned_digits", data_dir=digits_dir)
    expected = Captions.from_corpus(sets["train"][1])
    assert (facts.vocabulary, facts.length) == (expected.vocabulary, expected.length)
    assert (facts.num_classes, facts.num_examples, facts.levels) == (None, 1442, 256)
    assert set(facts.vocabulary) > {*DIGITS, *COLOURS}
    model = registry.build(registry.find_model("GAN"), {"condition": "Captions"}, facts)
    assert model.condition.get_config() == expected.get_config()
    tokens = model.condition.tokens(sets["held_out"][1])
    assert not np.any(tokens == 1), "no word of a held-out triple is unknown"


def test_a_label_that_is_not_there_is_refused(digits_dir):
    with pytest.raises(ValueError, match=r"'digit', 'ground', 'ink'\]. Received: 'colour'"):
        load_arrays("captioned_digits", "test", labels="colour", data_dir=digits_dir)
    with pytest.raises(ValueError, match=r"that digits has, \['label'\]. Received: 'ink'"):
        load_arrays("digits", "test", labels="ink", data_dir=digits_dir)
    with pytest.raises(ValueError, match="Received: 'ink'"):
        load_arrays(digits_dir, "test", labels="ink")


class FakeMnist:
    """A prepared MNIST of two images."""

    def as_dataset(self, split, read_config):
        image = np.zeros((2, 28, 28, 1), np.uint8)
        image[:, 3, 4] = 255
        rows = {"image": image, "label": np.array([7, 1], np.int64)}
        return tf.data.Dataset.from_tensor_slices(rows)


def test_mnist_is_framed_by_its_ground(monkeypatch, tmp_path):
    monkeypatch.setattr(captioned, "prepared", lambda name, data_dir: FakeMnist())
    builder = CaptionedMnist(data_dir=tmp_path)
    examples = dict(builder._generate_examples("train", held_out=False))
    assert [examples[i]["digit"] for i in range(2)] == [7, 1]
    for example in examples.values():
        ink, ground = (list(COLOURS.values())[example[name]] for name in ("ink", "ground"))
        expected = np.empty((32, 32, 3), np.uint8)
        expected[:] = ground
        expected[5, 6] = ink
        np.testing.assert_array_equal(example["image"], expected)
        assert DIGITS[example["digit"]] in example["caption"]


def test_mnist_is_prepared_before_what_is_made_of_it(monkeypatch, tmp_path):
    asked = []

    def prepare(builder):
        asked.append(builder.name)
        if builder.name == "mnist":
            raise ConnectionError("no MNIST here")

    monkeypatch.setattr(tfds_builders, "_prepare", prepare)
    with pytest.raises(ConnectionError, match="no MNIST here"):
        load_arrays("captioned_mnist", "train", data_dir=tmp_path)
    assert asked == ["mnist"]
