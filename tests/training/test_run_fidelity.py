import functools
import json

import numpy as np
import pytest
from click.testing import CliRunner

import tfgen
from tfgen.conditions import Classes
from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import (
    extract,
    fidelity_report,
    frechet_distance,
    load_judge,
    report,
    sliced_wasserstein,
)
from tfgen.networks import DenseNetworks
from tfgen.training import (
    RunFolder,
    evaluate,
    evaluate_fidelity,
    load_run,
    make_judge,
    train,
)
from tfgen_cli.main import main

CLASSES = Classes(10)


@pytest.fixture(autouse=True)
def few_directions(monkeypatch):
    fewer = functools.partial(sliced_wasserstein, num_directions=8)
    monkeypatch.setattr(report, "IMAGE_FIGURES", (fewer,))


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Runs of tiny models on the digits, and a judge of them."""
    root = tmp_path_factory.mktemp("fidelity")
    builders = {
        "conditional": lambda info: tfgen.GAN.default(
            info.event_shape, latent_dim=2, hidden=(8,), condition=CLASSES
        ),
        "binary": lambda info: tfgen.Independent.default(info.event_shape, levels=2),
    }
    for name, build in builders.items():
        train(build, "digits", epochs=1, output=root / name, verbose=0)
    result = call("judge", "--data", "digits", "--output", root / "judge.keras", "--epochs", 2)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"wrote {root / 'judge.keras'}: classifier of digits, ")
    return root


def test_figures_are_those_of_samples_given_the_labels_of_the_test_images(folders):
    run, judge = folders / "conditional", load_judge(folders / "judge.keras")
    result = call("evaluate", run, "--fidelity", "--judge", folders / "judge.keras")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    found = json.loads((run / "metrics.json").read_text())["test"]
    assert printed == found and set(found) > {"num_examples", "fidelity"}
    real, labels = load_arrays("digits", "test", labels=True)
    samples = load_run(run).sample(len(labels), condition=labels, seed=0, batch_size=250)
    training, training_labels = load_arrays("digits", "train[:90%]", labels=True)
    expected = fidelity_report(
        judge,
        real,
        samples,
        training,
        real_labels=labels,
        fake_labels=labels,
        training_labels=training_labels,
    )
    assert found["fidelity"] == json.loads(json.dumps(expected))
    # What it took minutes to find stays when the other figures are computed anew.
    assert "fidelity" not in evaluate(run)
    assert json.loads((run / "metrics.json").read_text())["test"] == found


def test_a_run_gets_a_judge_of_its_own_kind_of_images(folders):
    run = folders / "binary"
    result = call("evaluate", run, "--fidelity", "--num-images", 70)
    assert result.exit_code == 0, result.output
    assert f"training a classifier of real images: {run / 'judge.keras'}" in result.stderr
    found = json.loads((run / "metrics.json").read_text())["test"]["fidelity"]
    judge = load_judge(run / "judge.keras")
    binary = lambda split, **options: load_arrays("digits", split, binarize="threshold", **options)
    x, y = binary("test", labels=True)
    assert judge.test_accuracy == np.mean(judge.classify(x) == y) > 0.8
    assert found["features"] == judge.description and found["num_generated"] == 70
    samples = load_run(run).sample(70, seed=0)
    distance = frechet_distance(extract(judge, x), extract(judge, samples))
    assert found["generated"]["frechet_distance"] == pytest.approx(distance, rel=1e-6)
    assert "recall_by_class" not in found["generated"]
    # The second time the judge is there.
    before = (run / "judge.keras").stat().st_mtime_ns
    assert evaluate_fidelity(run, num_images=70) == found
    assert (run / "judge.keras").stat().st_mtime_ns == before


def test_arrays_of_samples_come_with_the_labels_that_they_were_given(folders, tmp_path):
    path, model = tmp_path / "samples.npz", load_run(folders / "conditional")
    assert call("sample", folders / "conditional", "-n", 300, "--output", path).exit_code == 0
    _, held_out = load_arrays("digits", "train[90%:]", labels=True)
    # More samples than there are held-out examples, drawn a block at a time.
    labels = held_out[np.arange(300) % len(held_out)]
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["condition"], labels)
        expected = model.sample(300, condition=labels, seed=0, batch_size=250)
        np.testing.assert_array_equal(arrays["x"], expected)
    arguments = ("-n", 3, "--condition", 7, "--seed", 2, "--output", path)
    assert call("sample", folders / "conditional", *arguments).exit_code == 0
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["condition"], [7, 7, 7])
        np.testing.assert_array_equal(arrays["x"], model.sample(3, condition=7, seed=2))


def test_a_model_that_draws_no_images_is_refused(folders, monkeypatch):
    for model in (
        tfgen.Autoencoder.default((8, 8, 1), 2, DenseNetworks((8,))),
        tfgen.Independent.default((4,), levels=2),
    ):
        monkeypatch.setattr(RunFolder, "load_model", lambda self: model)  # noqa: B023
        with pytest.raises(ValueError, match=f"draws images. Received: a {type(model).__name__}"):
            evaluate_fidelity(folders / "binary")


def test_what_cannot_be_judged_is_refused(folders, tmp_path):
    judge = folders / "judge.keras"
    for arguments, said in (
        (("evaluate", folders / "binary", "--judge", judge), "are of --fidelity"),
        (("evaluate", folders / "binary", "--num-images", 3), "are of --fidelity"),
        (("judge", "--data", "digits", "--output", tmp_path / "a.h5"), "ends in .keras"),
        (
            ("evaluate", folders / "binary", "--fidelity", "--judge", folders / "no.keras"),
            "expected the file of a judge",
        ),
    ):
        result = call(*arguments)
        assert result.exit_code == 2 and said in " ".join(result.output.split()), result.output
    np.savez(tmp_path / "x.npz", x_train=np.zeros((9, 8, 8)), x_test=np.zeros((9, 8, 8)))
    with pytest.raises(ValueError, match="labels.* Received: "):
        make_judge(tmp_path / "x.npz", tmp_path / "judge.keras")
    random = np.random.default_rng(0)
    arrays = {f"x_{split}": random.random((20, 8, 9)) for split in ("train", "test")}
    labels = {f"y_{split}": np.arange(20) % 2 for split in ("train", "test")}
    np.savez(tmp_path / "wide.npz", **arrays, **labels)
    wide = make_judge(tmp_path / "wide.npz", tmp_path / "wide.keras", epochs=1)
    with pytest.raises(ValueError, match=r"judge of images of shape \(8, 8, 1\).* Received: "):
        evaluate_fidelity(folders / "binary", wide)
