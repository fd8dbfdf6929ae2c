import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from sklearn.datasets import load_digits

from tfgen.data import DataInfo, info, load, load_arrays, splits
from tfgen.data.digits import Digits


class TinyDownload(tfds.core.GeneratorBasedBuilder):
    """A set of two splits that asks for one file of the network."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = tfds.core.Path(__file__).parent
    url_infos = {"https://tiny.invalid/images.zip": None}
    shape = (2, 2, 3)

    def _info(self):
        image = tfds.features.Image(shape=self.shape)
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict({"pic": image}))

    def _split_generators(self, dl_manager):
        dl_manager.download("https://tiny.invalid/images.zip")

    def _generate_examples(self):
        yield 0, {"pic": np.zeros((2, 2, 3), np.uint8)}


class TinyMixed(TinyDownload):
    """A set whose images may have any size."""

    url_infos = None
    shape = (None, None, 3)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}


class TinyColour(TinyDownload):
    """200 red images."""

    url_infos = None

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for index in range(200):
            yield index, {"pic": np.full((2, 2, 3), (200, 0, 0), np.uint8)}


def files_of(folder):
    return [file for file in Path(folder).rglob("*") if file.is_file() or "incomplete" in file.name]


def test_digits_are_those_of_scikit_learn(digits_dir):
    parts = [load_arrays("digits", s, labels=True, data_dir=digits_dir) for s in ("train", "test")]
    ours = [(x.tobytes(), int(y)) for part in parts for x, y in zip(*part, strict=True)]
    theirs = load_digits()
    images = (theirs.images / 16).astype(np.float32)
    expected = [(x.tobytes(), int(y)) for x, y in zip(images, theirs.target, strict=True)]
    assert sorted(ours) == sorted(expected)
    assert [len(x) for x, _ in parts] == [1442, 355]


def test_digits_have_the_documented_split(digits_dir):
    theirs = load_digits()
    test = set()
    for label in range(10):
        test |= set(np.flatnonzero(theirs.target == label)[4::5])
    expected = {(theirs.images[i] / 16).astype(np.float32).tobytes() for i in test}
    x, y = load_arrays("digits", "test", labels=True, data_dir=digits_dir)
    assert {image.tobytes() for image in x} == expected
    assert set(np.bincount(y)) <= {34, 35, 36}
    assert info("digits", "test", data_dir=digits_dir) == DataInfo((8, 8, 1), 17, 10, 355)


def test_parts_of_the_digits_partition_them_and_mix_the_classes(digits_dir):
    whole = load_arrays("digits", "train", data_dir=digits_dir)
    first = load_arrays("digits", "train[:90%]", data_dir=digits_dir)
    last, y = load_arrays("digits", "train[90%:]", labels=True, data_dir=digits_dir)
    np.testing.assert_array_equal(np.concatenate([first, last]), whole)
    assert len(np.unique(y)) == 10


def test_digits_too_large_for_memory_are_shuffled_by_seed_and_epoch(digits_dir):
    options = dict(batch_size=100, labels=True, data_dir=digits_dir, memory_limit=256 * 300)

    def passes(**more):
        dataset = load("digits", "train", **options, **more)
        return [[y for _, y in dataset] for _ in range(2)]

    first, second = (np.concatenate(labels) for labels in passes())
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.bincount(first), np.bincount(second))
    tf.random.set_seed(7)  # the global seed has no part in it
    np.testing.assert_array_equal(np.concatenate(passes(epoch=1)[0]), second)
    assert not np.array_equal(np.concatenate(passes(seed=1)[0]), first)


def test_draws_in_a_stream_are_those_in_memory(digits_dir):
    options = dict(binarize="stochastic", seed=2, data_dir=digits_dir)
    stream = load("digits", "test", batch_size=50, epoch=1, memory_limit=256 * 64, **options)
    rows = sorted(image.tobytes() for batch in stream for image in batch.numpy())
    assert rows == sorted(x.tobytes() for x in load_arrays("digits", "test", epoch=1, **options))


def test_preparing_is_safe_when_another_process_is_first(tmp_path, monkeypatch):
    prepare = Digits._download_and_prepare

    def lose_the_race(self, *args, **kwargs):
        monkeypatch.setattr(Digits, "_download_and_prepare", prepare)
        Digits(data_dir=tmp_path).download_and_prepare()
        return prepare(self, *args, **kwargs)

    monkeypatch.setattr(Digits, "_download_and_prepare", lose_the_race)
    assert load_arrays("digits", "test", data_dir=tmp_path).shape == (355, 8, 8, 1)
    assert not [file for file in files_of(tmp_path) if "incomplete" in file.name]


def test_preparing_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(self, test):
        yield 0, {"image": np.zeros((8, 8, 1), np.uint8), "label": 1}
        raise OSError("disk full")

    monkeypatch.setattr(Digits, "_generate_examples", fail)
    with pytest.raises(OSError, match="could not .* 'digits'.* Received: .*disk full"):
        load("digits", "train", data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_data_dir_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="pass data_dir=.* Received: .*file.sub"):
        load("digits", "train", data_dir=tmp_path / "file" / "sub")


def test_without_a_network_the_message_says_what_to_do(tmp_path, monkeypatch):
    def unreachable(url, **options):
        raise requests.ConnectionError("Name or service not known")

    monkeypatch.setattr(requests, "get", unreachable)
    with pytest.raises(ConnectionError) as error:
        load("tiny_download", "train", data_dir=tmp_path)
    message = str(error.value)
    assert "\n" not in message
    assert (
        "a folder of images or of idx, .npz, .npy, .amat or .csv files in place of the name"
        in message
    )
    assert f"copy {tmp_path / 'tiny_download'} from a machine" in message
    assert message.endswith("no answer from https://tiny.invalid/images.zip (ConnectionError)")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_says_so_and_leaves_nothing(tmp_path, monkeypatch):
    def download(self, url):
        Path(self._download_dir, "half").write_text("half")
        raise ConnectionError("reset by peer")

    answer = requests.Response()
    answer.raw = io.BytesIO()
    monkeypatch.setattr(requests, "get", lambda url, **options: answer)
    monkeypatch.setattr(tfds.download.DownloadManager, "download", download)
    with pytest.raises(ConnectionError, match="could not download .* Received: reset by peer"):
        load("tiny_download", "train", data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_images_of_any_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one size .* Received: shape \(None, None, 3\)"):
        load("tiny_mixed", "train", data_dir=tmp_path)


def test_images_are_converted_in_memory_and_in_a_stream(tmp_path, digits_dir):
    options = dict(batch_size=50, shuffle=False)
    for name, folder, channels, shape, levels in (
        ("digits", digits_dir, 3, (8, 8, 3), 17),
        ("tiny_colour", tmp_path, 1, (2, 2, 1), 256),
    ):
        options |= dict(data_dir=folder, channels=channels)
        x = load_arrays(name, "train[:200]", data_dir=folder, channels=channels)
        facts = info(name, data_dir=folder, channels=channels)
        assert (facts.event_shape, facts.levels) == (shape, levels)
        stream = load(name, "train[:200]", memory_limit=64, **options)
        assert stream.element_spec.shape == (None, *shape)
        np.testing.assert_array_equal(np.concatenate(list(stream)), x)
    red = np.asarray(Image.new("RGB", (1, 1), (200, 0, 0)).convert("L"), np.float32) / 255
    np.testing.assert_allclose(x, np.broadcast_to(red, x.shape), rtol=1e-6)


class TinyValidation(TinyColour):
    """A set with a validation split."""

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples() for name in ("train", "validation")}


def test_the_splits_of_a_set_are_those_that_it_has(tmp_path):
    assert splits("tiny_validation", data_dir=tmp_path) == ("train", "validation")
    assert len(load_arrays("tiny_validation", "valid", data_dir=tmp_path)) == 200


@pytest.mark.parametrize("name", ["dataset_info.json", "*.tfrecord*"])
def test_broken_files_of_a_prepared_set_end_in_one_sentence(tmp_path, name):
    load_arrays("tiny_colour", "train", data_dir=tmp_path)
    [file] = tmp_path.glob(f"tiny_colour/1.0.0/{name}")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="expected .*TFDS data set .* Received: ") as error:
        load_arrays("tiny_colour", "train", data_dir=tmp_path)
    assert "tiny_colour" in str(error.value) and "\n" not in str(error.value)


def test_unknown_splits_are_refused(digits_dir):
    with pytest.raises(ValueError, match=r"digits has, of \['test', 'train'\]. Received: 'dev'"):
        load("digits", "dev", data_dir=digits_dir)


def test_a_fresh_process_imports_little_and_is_quiet(tmp_path):
    code = (
        "import sys, tensorflow as tf; before = set(sys.modules)\n"
        "tf.ones(3) + 1\n"
        "print('TensorFlow has spoken', file=sys.stderr, flush=True)\n"
        "import tfgen.data\n"
        "new = set(sys.modules) - before\n"
        "assert not new & {'tensorflow_datasets', 'sklearn', 'PIL'}, new\n"
        f"assert tfgen.data.load_arrays('digits', 'train', data_dir={str(tmp_path)!r}).any()\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    noise = done.stderr.rpartition("TensorFlow has spoken\n")[2]
    assert (done.returncode, done.stdout, noise) == (0, "", "")
