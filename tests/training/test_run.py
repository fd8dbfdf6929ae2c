import json
import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.conditions import Classes
from tfgen.core import GenerativeModel, Phase
from tfgen.data import load_arrays
from tfgen.networks import DenseNetworks
from tfgen.training import RunFolder, draw, evaluate, image_grid, load_run, read_history, train
from tfgen.training.run_data import preparation


def tiny(info):
    return tfgen.VAE.default(info.event_shape, latent_dim=2, architecture=DenseNetworks((8,)))


def tiny_nade(info):
    return tfgen.NADE.default(info.event_shape, num_hidden=4, levels=info.levels)


def assert_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "vae"
    return folder, train(tiny, "digits", epochs=2, output=folder, verbose=0)


def test_a_run_leaves_what_it_promises(run):
    folder, model = run
    assert sorted(path.name for path in folder.iterdir()) == [
        "arguments.json",
        "checkpoint.keras",
        "curves.png",
        "history.csv",
        "logs",
        "metrics.json",
        "model.keras",
        "samples.png",
        "saved_model",
    ]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["binarize"], metrics["levels"]) == ("threshold", None)
    assert (
        metrics["num_train"] + metrics["num_validation"] == tfgen.data.info("digits").num_examples
    )
    assert metrics["num_parameters"] == model.count_params()
    rows = read_history(folder / "history.csv")
    assert [row["epoch"] for row in rows] == [1, 2]
    final = {k: v for k, v in rows[-1].items() if k not in ("epoch", "seconds")}
    assert metrics["final"] == final and metrics["seconds"] == round(rows[-1]["seconds"], 1)
    for row in rows:
        np.testing.assert_allclose(row["distortion"] + row["rate"], row["negative_elbo"], rtol=1e-5)


def test_the_loaded_run_is_the_trained_model(run):
    folder, model = run
    loaded = load_run(folder)
    assert_equal(loaded, model)


def test_samples_png_holds_the_samples_of_the_seed(run):
    folder, model = run
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.array(picture), image_grid(model.sample(64, seed=0))[..., 0])


def test_evaluate_adds_the_test_set_to_the_metrics(run):
    folder, model = run
    figures = evaluate(folder)
    x = load_arrays("digits", "test", binarize="threshold")
    elbo = model.elbo(x, seed=0, batch_size=100).numpy()
    assert figures["num_examples"] == len(x)
    found = figures["likelihood"]
    np.testing.assert_allclose(found["mean"], elbo.mean(), rtol=1e-5)
    np.testing.assert_allclose(found["bits_per_dim"], -elbo.mean() / 64 / np.log(2), rtol=1e-5)
    error = elbo.std(ddof=1) / np.sqrt(len(x))
    np.testing.assert_allclose(found["standard_error"], error, rtol=1e-4)
    assert found["protocol"] == {
        **{"num_examples": len(x), "levels": 2, "condition": None, "seed": 0},
        **{"data": "digits", "split": "test", "binarization": "threshold"},
    }
    assert json.loads((folder / "metrics.json").read_text())["test"] == figures


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_finished_run_resumes_without_a_change(run):
    folder, _ = run
    before = contents(folder)
    train(tiny, "digits", epochs=2, output=folder, resume=True, verbose=0)
    assert contents(folder) == before


def test_resuming_writes_again_what_is_missing(run, tmp_path):
    folder, model = run
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name in ("model.keras", "samples.png", "curves.png", "metrics.json"):
        (copy / name).unlink()
    shutil.rmtree(copy / "saved_model")
    train(tiny, "digits", epochs=2, output=copy, resume=True, verbose=0)
    for name in ("model.keras", "samples.png", "curves.png"):
        assert (copy / name).read_bytes() == (folder / name).read_bytes(), name
    old, new = (json.loads((each / "metrics.json").read_text()) for each in (folder, copy))
    old.pop("test", None)
    assert {**new, "seconds": old["seconds"]} == old
    served = tf.saved_model.load(copy / "saved_model").signatures["sample"]
    samples = served(num_samples=tf.constant(3), seed=tf.constant([0, 7]))["samples"]
    np.testing.assert_allclose(samples, model.sample(3, seed=7), atol=1e-5)


@pytest.mark.parametrize("killed_by", ["save_preview", "save_curves", "write_json"])
def test_a_run_that_ended_while_it_was_finished_is_finished_by_resuming(
    run, tmp_path, monkeypatch, killed_by
):
    """The first two epochs are finished; the third one is trained, and its products are begun."""

    def end(*args):
        raise Killed

    folder = shutil.copytree(run[0], tmp_path / "copy")
    options = dict(epochs=3, output=folder, resume=True, verbose=0)
    with monkeypatch.context() as patch:
        patch.setattr(f"tfgen.training.run_products.{killed_by}", end)
        with pytest.raises(Killed):
            train(tiny, "digits", **options)
    model = train(tiny, "digits", **options)
    assert model.epochs_seen == json.loads((folder / "metrics.json").read_text())["epochs"] == 3
    assert_equal(load_run(folder), model)
    assert RunFolder(folder).to_do() == []
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.array(picture), image_grid(model.sample(64, seed=0))[..., 0])


def test_a_run_without_its_history_still_goes_on(run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "copy")
    (folder / "history.csv").unlink()
    (folder / "curves.png").unlink()
    (folder / "metrics.json").unlink()
    train(tiny, "digits", epochs=2, output=folder, resume=True, verbose=0)
    assert json.loads((folder / "metrics.json").read_text())["final"] == {}
    train(tiny, "digits", epochs=3, output=folder, resume=True, verbose=0)
    assert [row["epoch"] for row in read_history(folder / "history.csv")] == [3]
    assert (folder / "curves.png").exists()


def test_a_categorical_model_gets_the_levels_of_the_data(tmp_path):
    model = train(tiny_nade, "digits", epochs=1, output=tmp_path / "nade", verbose=0)
    metrics = json.loads((tmp_path / "nade" / "metrics.json").read_text())
    assert (metrics["levels"], metrics["binarize"], model.levels) == (17, None, 17)
    assert metrics["validation"]["likelihood"]["kind"] == "exact"


def given_classes(info):
    classes = Classes(info.num_classes)
    return tfgen.VAE.default(
        info.event_shape, latent_dim=2, architecture=DenseNetworks((8,)), condition=classes
    )


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "given-classes"
    return folder, train(given_classes, "digits", epochs=1, output=folder, verbose=0)


def test_a_conditional_model_gets_the_labels(conditional):
    folder, model = conditional
    x, y = load_arrays("digits", "train", binarize="threshold", labels=True)
    x, y, held_x, held_y = x[:1298], y[:1298], x[1298:], y[1298:]
    keras.utils.set_random_seed(0)
    twin = given_classes(tfgen.data.info("digits"))
    twin.compile(steps_per_execution=13)
    history = twin.fit(x, y, batch_size=100, validation_data=(held_x, held_y), verbose=0).history
    assert_equal(twin, model)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["final"] == {name: values[-1] for name, values in history.items()}
    elbo = model.elbo(held_x, condition=held_y, seed=0, batch_size=100).numpy()
    np.testing.assert_allclose(metrics["validation"]["likelihood"]["mean"], elbo.mean(), rtol=1e-5)


def test_the_picture_of_a_conditional_run_has_a_row_for_each_class(conditional):
    folder, model = conditional
    samples = model.sample(60, condition=np.repeat(np.arange(10), 6), seed=0)
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.array(picture), image_grid(samples, num_columns=6)[..., 0])


def test_a_conditional_run_is_evaluated_given_the_labels(conditional):
    folder, model = conditional
    figures = evaluate(folder)
    x, y = load_arrays("digits", "test", binarize="threshold", labels=True)
    elbo = model.elbo(x, condition=y, seed=0, batch_size=100).numpy()
    np.testing.assert_allclose(figures["likelihood"]["mean"], elbo.mean(), rtol=1e-5)
    terms = model.evaluate(x, y, batch_size=100, verbose=0, return_dict=True)
    assert {name: figures[name] for name in terms} == terms


def test_a_conditional_model_wants_labels_that_it_knows(tmp_path):
    np.savez(tmp_path / "images.npz", train=np.random.default_rng(0).random((20, 8, 8)))
    build = lambda info: given_classes(info._replace(num_classes=3))
    with pytest.raises(ValueError, match="labels.*Received: .*images.npz"):
        train(build, tmp_path / "images.npz", epochs=1, output=tmp_path / "run")
    with pytest.raises(ValueError, match="labels of digits.*from 0 to 2. Received"):
        train(build, "digits", epochs=1, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


class Reconstructor(GenerativeModel):
    """A model that is no distribution of x, and draws no samples."""

    event_shape = (8, 8, 1)
    term_names = ("error",)
    density = "none"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.network = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same")]
        )

    def call(self, x):
        return self.network(x)

    def phases(self):
        return (Phase("only", self.error, (self.network,)),)

    def error(self, batch, seed, training):
        return {"error": tf.reduce_mean((self(batch[0]) - batch[0]) ** 2)}

    def default_optimizers(self):
        return {"only": keras.optimizers.Adam()}

    def preview(self, batch, seed=0):
        return tf.stack([batch[0][:8], self(batch[0][:8])])

    def signatures(self):
        spec = tf.TensorSpec((None, 8, 8, 1), tf.float32, name="x")
        return {"reconstruct": (lambda x: {"x": self(x)}, [spec])}


def test_a_model_without_samples_shows_its_preview_and_has_no_likelihood(tmp_path):
    folder = tmp_path / "run"
    model = train(lambda info: Reconstructor(), "digits", epochs=1, output=folder, verbose=0)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["validation"] == {} and "val_error" in metrics["final"]
    assert (folder / "saved_model").exists()
    x = load_arrays("digits", "train")[1298:]
    expected = image_grid(model.preview((x[:64],)))[..., 0]
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.array(picture), expected)
    np.testing.assert_array_equal(image_grid(draw(folder, 64))[..., 0], expected)
    assert set(evaluate(folder)) == {"num_examples", "error", "loss"}


class Killed(Exception):
    """Stands for a process that ends."""


OPTIONS = dict(epochs=3, batch_size=300, verbose=0)


@pytest.fixture(
    scope="module",
    params=[(tiny, "threshold"), (tiny, "stochastic"), (given_classes, "stochastic")],
    ids=lambda param: f"{param[0].__name__}-{param[1]}",
)
def whole(request, tmp_path_factory):
    """How a run is built and prepared, its folder, and its model."""
    build, binarize = request.param
    folder = tmp_path_factory.mktemp("whole") / "run"
    return (
        build,
        binarize,
        folder,
        train(build, "digits", output=folder, binarize=binarize, **OPTIONS),
    )


@pytest.mark.parametrize("moment", ["before the row", "before the checkpoint", "during the epoch"])
def test_a_run_that_ended_anywhere_resumes_bit_for_bit(tmp_path, monkeypatch, moment, whole):
    build, binarize, folder, model = whole
    options = dict(output=tmp_path / "run", binarize=binarize, **OPTIONS)
    owner, method = {
        "before the row": ("History", "on_epoch_end"),
        "before the checkpoint": ("Checkpoint", "on_epoch_end"),
        "during the epoch": ("Checkpoint", "on_train_batch_end"),
    }[moment]

    def end(self, index, logs=None, calls=[]):  # noqa: B006
        calls.append(index)
        if self.model.epochs_seen == 2:
            raise Killed
        if method == "on_epoch_end":
            original(self, index, logs)

    original = getattr(getattr(tfgen.training, owner), method)
    with monkeypatch.context() as patch:
        patch.setattr(getattr(tfgen.training, owner), method, end)
        with pytest.raises(Killed):
            train(build, "digits", **options)
    assert_equal(train(build, "digits", resume=True, **options), model)
    rows, whole_rows = (read_history(f / "history.csv") for f in (tmp_path / "run", folder))
    for each in (rows, whole_rows):
        seconds = [row.pop("seconds") for row in each]
        assert 0 < seconds[0] < seconds[1] < seconds[2]
    assert rows == whole_rows


def test_a_killed_process_resumes_bit_for_bit(tmp_path):
    def command(name, *more):
        return [
            *(sys.executable, "-m", "tfgen.cli", "train", "NADE", "--data", "digits"),
            *("--epochs", "12", "--batch-size", "20", "--set", "num_hidden=16"),
            *("--output", str(tmp_path / name), *more),
        ]

    subprocess.run(command("whole"), check=True, capture_output=True)
    killed = subprocess.Popen(
        command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "killed/history.csv").exists() and killed.poll() is None:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed/model.keras").exists()
    subprocess.run(command("killed", "--resume"), check=True, capture_output=True)
    whole, resumed = load_run(tmp_path / "whole"), load_run(tmp_path / "killed")
    assert resumed.epochs_seen == 12
    assert_equal(resumed, whole)


def test_an_existing_folder_is_not_overwritten(run, tmp_path):
    folder, _ = run
    with pytest.raises(ValueError, match="resume or overwrite"):
        train(tiny, "digits", epochs=1, output=folder)
    (tmp_path / "mine.txt").write_text("not a run")
    with pytest.raises(ValueError, match="folder of a run to overwrite"):
        train(tiny, "digits", epochs=1, output=tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").exists()


def test_a_run_has_one_writer(run):
    folder, _ = run
    before = contents(folder)
    with RunFolder(folder).lock():
        for write in (
            lambda: train(tiny, "digits", epochs=9, output=folder, resume=True),
            lambda: train(tiny, "digits", epochs=9, output=folder, overwrite=True),
            lambda: evaluate(folder),
        ):
            with pytest.raises(ValueError, match=f"no other process.*Received: {folder}"):
                write()
    assert contents(folder) == before


def test_a_run_that_cannot_be_built_leaves_the_old_one(run):
    folder, _ = run
    before = contents(folder)
    with pytest.raises(ValueError, match="17 levels"):
        train(tiny_nade, "digits", epochs=1, output=folder, binarize="threshold", overwrite=True)
    assert contents(folder) == before


def test_a_run_takes_the_place_of_another_one(run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "copy")
    model = train(tiny_nade, "digits", epochs=1, output=folder, overwrite=True, verbose=0)
    assert_equal(load_run(folder), model)
    assert [row["epoch"] for row in read_history(folder / "history.csv")] == [1]
    assert json.loads((folder / "metrics.json").read_text())["model"] == "NADE"


def test_resume_wants_the_same_arguments(run):
    with pytest.raises(ValueError, match="seed=0.*Received: seed=1"):
        train(tiny, "digits", epochs=2, output=run[0], seed=1, resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 2**31}, "2\\*\\*31 - 1. Received: 2147483648"),
        ({"seed": -1}, "Received: -1"),
        ({"learning_rate": 0.0}, "above 0. Received: 0.0"),
        ({"learning_rate": float("nan")}, "above 0. Received: nan"),
        ({"patience": 0}, "patience to be at least 1. Received: 0"),
        ({"epochs": 0}, "epochs to be at least 1. Received: 0"),
    ],
)
def test_bad_arguments_are_met_before_anything_is_read(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        train(None, "no-such-data", **{"epochs": 1, "output": tmp_path / "run", **options})
    assert not (tmp_path / "run").exists()


def test_a_training_that_fails_before_its_first_epoch_is_done_leaves_nothing(tmp_path):
    def build(info):
        model = tiny(info)
        model.fit = fail
        return model

    def fail(*args, **kwargs):
        assert (tmp_path / "a/run/arguments.json").exists()
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        train(build, "digits", epochs=1, output=tmp_path / "a/run")
    assert not list(tmp_path.iterdir())


def test_binarize_is_for_binary_models(tmp_path):
    with pytest.raises(ValueError, match="17 levels"):
        train(tiny_nade, "digits", epochs=1, output=tmp_path / "run", binarize="threshold")
    assert not (tmp_path / "run").exists()
    ddpm, gan = tfgen.DDPM.default((8, 8, 1), base_channels=8), tfgen.GAN.default((8, 8, 1))
    with pytest.raises(ValueError, match="continuous images.*Received: 'threshold'"):
        preparation(ddpm, "threshold")
    # What has no density may learn from binary images as from any.
    as_asked = {"binarize": "threshold", "levels": None, "channels": None}
    assert preparation(gan, "threshold") == as_asked
    assert preparation(gan, None) == {**as_asked, "binarize": None}


def test_what_is_no_run_is_said_to_be_none(tmp_path):
    with pytest.raises(ValueError, match="finished run"):
        load_run(tmp_path)
