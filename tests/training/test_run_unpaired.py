"""Runs of two data sets that form no pairs, and what their models make of a user's images."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from keras import layers
from PIL import Image

from tfgen.adversarial import TwoDomainModel
from tfgen.core import Phase
from tfgen.data import load_arrays
from tfgen.training import load_run, train
from tfgen.training.run_data import load_run_data, load_validation, preparation
from tfgen_cli.main import main

SMALL = {"base_filters": 2, "num_blocks": 1, "judge_filters": 1, "kernel_size": 3}
SETTINGS = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Grey images, and fewer in colour, which have a validation split of their own."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    pixels = lambda count, channels: random.integers(0, 256, (count, 8, 8, channels), "uint8")
    np.savez(folder / "grey.npz", x_train=pixels(40, 1), x_test=pixels(6, 1))
    colour = {"x_train": pixels(10, 3), "x_valid": pixels(5, 3), "x_test": pixels(3, 3)}
    np.savez(folder / "colour.npz", **colour)
    Image.fromarray(pixels(1, 1)[0, :, :, 0]).save(folder / "one.png")
    Image.fromarray(pixels(1, 3)[0]).save(folder / "two.png")
    Image.fromarray(pixels(1, 3)[0, :7]).save(folder / "flat.png")
    (folder / "text.png").write_text("no image")
    (folder / "other").mkdir()
    Image.fromarray(pixels(1, 3)[0]).save(folder / "other" / "one.jpg")
    return folder


@pytest.fixture(scope="module")
def run(data):
    """A run of the command line."""
    sets = ("--data", data / "grey.npz", "--data-b", data / "colour.npz")
    options = ("--epochs", 1, "--batch-size", 6, "--output", data / "run")
    result = call("train", "CycleGAN", *sets, *options, *SETTINGS)
    assert result.exit_code == 0, result.output
    return data / "run", load_run(data / "run")


def test_the_command_line_trains_on_two_sets_and_says_so(run, data):
    folder, model = run
    assert (model.event_shape, model.event_shape_b) == ((8, 8, 1), (8, 8, 3))
    metrics = json.loads((folder / "metrics.json").read_text())
    found = {key: metrics[key] for key in ("data", "data_b", "num_train", "num_validation")}
    expected = {"data": str(data / "grey.npz"), "data_b": str(data / "colour.npz")}
    assert found == {**expected, "num_train": 36, "num_validation": 5}
    assert int(model.steps_seen) == 6
    a, b = load_validation(model, metrics, 100)
    np.testing.assert_array_equal(a, load_arrays(data / "grey.npz", "train[90%:]"))
    np.testing.assert_array_equal(b, load_arrays(data / "colour.npz", "valid"))
    arguments = json.loads((folder / "arguments.json").read_text())
    assert arguments["data_b"] == str(data / "colour.npz")
    picture = Image.open(folder / "samples.png")
    assert picture.mode == "RGB"


def test_evaluation_reads_the_same_split_of_both(run, data):
    folder, model = run
    result = call("evaluate", folder)
    assert result.exit_code == 0, result.output
    sets = [load_arrays(data / name, "test") for name in ("grey.npz", "colour.npz")]
    expected = model.evaluate(*sets, batch_size=6, return_dict=True, verbose=0)
    found = json.loads(result.output)
    assert found.pop("num_examples") == 6 and found == pytest.approx(expected, rel=1e-5)


def test_a_sample_shows_sources_beside_results(run, data, tmp_path):
    folder, model = run
    result = call("sample", folder, "-n", 2, "--output", tmp_path / "shown.npy")
    assert result.exit_code == 0, result.output
    batch = load_validation(model, json.loads((folder / "metrics.json").read_text()), 2)
    expected = np.array(model.preview(batch)).reshape(-1, 8, 8, 3)
    np.testing.assert_allclose(np.load(tmp_path / "shown.npy"), expected, atol=1e-6)


@pytest.mark.parametrize(("to", "source"), [("b", "one.png"), ("a", "two.png")])
def test_files_are_translated_each_to_one_of_its_name(run, data, tmp_path, to, source):
    folder, model = run
    target = [] if to == "b" else ["--to", to]
    files = [data / source, data / "other" / "one.jpg"][: 1 if source == "one.png" else 2]
    result = call("translate", folder, *files, *target, "--output", tmp_path / "new" / "results")
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) == len(files)
    assert sorted(path.name for path in (tmp_path / "new" / "results").iterdir()) == sorted(
        f"{path.stem}.png" for path in files
    )
    pixels = np.asarray(Image.open(files[0]), "float32").reshape(1, 8, 8, -1) / 255
    expected = np.rint(255 * model.translate(pixels, to=to).numpy()[0])
    written = np.asarray(Image.open(tmp_path / "new" / "results" / source)).reshape(8, 8, -1)
    assert np.abs(written - expected).max() <= 1


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        (("flat.png",), (), "flat.png: expected an image of height 8 and width 8. Received: 7 and"),
        (("text.png",), (), "text.png: expected an image that decodes"),
        (("none.png",), (), "none.png: expected a file"),
        (("one.png", "other/one.jpg"), (), "different names. Received: one twice"),
        (("one.png",), ("--to", "c"), 'to="a" or to="b". Received: \'c\''),
        ((), (), "FILES"),
    ],
)
def test_bad_files_end_in_one_line_and_write_nothing(run, data, tmp_path, files, options, message):
    paths = [data / name for name in files]
    result = call("translate", run[0], *paths, *options, "--output", tmp_path / "results")
    assert result.exit_code == 2 and message in result.output, result.output
    assert "Traceback" not in result.output and not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("model", "sets", "message"),
    [
        ("CycleGAN", ("grey.npz",), "a CycleGAN learns from two. Received: one"),
        ("FVSBN", ("grey.npz", "colour.npz"), "a FVSBN learns from one. Received: a second"),
        ("CycleGAN", ("grey.npz", "none.npz"), "none.npz"),
    ],
)
def test_one_set_too_few_or_too_many_ends_in_one_line(data, tmp_path, model, sets, message):
    options = zip(("--data", "--data-b"), (data / name for name in sets), strict=False)
    options = [part for pair in options for part in pair]
    settings = SETTINGS if model == "CycleGAN" else ()
    result = call("train", model, *options, "--epochs", 1, "--output", tmp_path / "r", *settings)
    assert result.exit_code == 2 and message in result.output, result.output
    assert "Traceback" not in result.output and not (tmp_path / "r").exists()


def test_anomalies_are_for_models_of_one_set(run, data):
    result = call("anomaly", run[0], "--data", data / "grey.npz")
    assert result.exit_code == 2 and "one data set" in result.output


class Shift(TwoDomainModel):
    """Learns the means of the other domain, one weight and one step at a time."""

    term_names = ("error_a", "error_b")
    paper = "none"

    @classmethod
    def default(cls, event_shape, event_shape_b):
        def network(source, target, name):
            return keras.Sequential([keras.Input(source), layers.Dense(target[-1])], name=name)

        return cls(
            to_b=network(event_shape, event_shape_b, "to_b"),
            to_a=network(event_shape_b, event_shape, "to_a"),
        )

    def phases(self):
        return (
            Phase("a", lambda batch, *_: {"error_a": self.error(*batch[::-1], "a")}, (self.to_a,)),
            Phase("b", lambda batch, *_: {"error_b": self.error(*batch, "b")}, (self.to_b,)),
        )

    def error(self, source, target, to):
        made = self.transform(source, None, True, to)
        return tf.reduce_mean((tf.reduce_mean(made, 0) - tf.reduce_mean(target, 0)) ** 2)

    def default_optimizers(self):
        return {name: keras.optimizers.Adam(0.01) for name in "ab"}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(data, tmp_path, monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr("tfgen.training.run_data._MEMORY_LIMIT", 1)

    def go(name, epochs, **options):
        return train(
            lambda info, info_b: Shift.default(info.event_shape, info_b.event_shape),
            data / "grey.npz",
            data_b=data / "colour.npz",
            epochs=epochs,
            output=tmp_path / name,
            batch_size=7,
            verbose=0,
            **options,
        )

    whole = go("whole", 3)
    go("stopped", 2)
    resumed = go("stopped", 3, resume=True)
    assert int(resumed.steps_seen) == int(whole.steps_seen) == 18
    for one, other in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="data_b='.*colour.npz'.*Received: data_b='.*grey.npz'"):
        train(
            lambda *infos: None,
            data / "grey.npz",
            data_b=data / "grey.npz",
            epochs=3,
            output=tmp_path / "whole",
            batch_size=7,
            resume=True,
        )


def test_sets_that_are_streamed_have_orders_of_their_own(data, monkeypatch):
    monkeypatch.setattr("tfgen.training.run_data._MEMORY_LIMIT", 1)
    model = Shift.default((8, 8, 1), (8, 8, 1))
    path = data / "grey.npz"
    options = {"prepared": preparation(model, None), "batch_size": 36, "seed": 3}
    found = load_run_data(model, path, **options, data_b=path)
    assert found.streamed and found.num_train == 36 and len(found.validation) == 2
    [a], [b] = (list(each.take(1)) for each in found.training)
    order = lambda x: np.lexsort(np.array(x).reshape(36, -1).T)
    np.testing.assert_array_equal(np.array(a)[order(a)], np.array(b)[order(b)])
    assert not np.array_equal(a, b)
