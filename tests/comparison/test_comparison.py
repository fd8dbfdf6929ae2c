"""Models side by side: what the table says is what each model says by itself."""

import csv
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfgen import comparison, registry
from tfgen.comparison import Comparison, compare
from tfgen.data import load_arrays
from tfgen.evaluation import likelihood
from tfgen.evaluation.fidelity import frechet_distance, load_judge
from tfgen.evaluation.fidelity.features import extract
from tfgen.training import RunFolder, make_judge
from tfgen.training.folder_lock import folder_lock

SETTINGS = {
    "NADE": {"num_hidden": "4"},
    "ConditionalGAN": {"latent_dim": "2", "hidden": "(8, 8, 16)", "judge_hidden": "(8, 8, 8)"},
}
NAMES = ("NADE", "ConditionalGAN", "RNADE")
OPTIONS = dict(epochs=3, num_samples=40, num_test=50, settings=SETTINGS)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Rows or columns of 8x8 images are white, bytes: the class says which of both."""
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 120), ("test", 60)):
        y = np.arange(count) % 2
        lines = 255 * (rng.random((count, 8)) < 0.5)
        x = np.where(y[:, None, None] == 1, lines[:, None, :], lines[:, :, None])
        x = np.broadcast_to(x, (count, 8, 8))
        arrays |= {f"x_{split}": x.astype("uint8"), f"y_{split}": y}
    path = tmp_path_factory.mktemp("data") / "bars.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.fixture(scope="module")
def known(data, tmp_path_factory):
    """The images as they are read, and a classifier of them that learns for a second."""
    path = tmp_path_factory.mktemp("judge") / "judge.keras"
    make_judge(data, path, epochs=60, binarize="threshold")
    return {"data": data, "binarize": "threshold", "judge": path}


@pytest.fixture(scope="module")
def compared(known, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared") / "all"
    said = []
    found = compare(NAMES, output=folder, say=said.append, **known, **OPTIONS)
    return folder, found, said


def row_of(found, name):
    [row] = [row for row in found.rows if row["name"] == name]
    return row


def test_every_model_has_a_row_and_so_have_real_images_and_the_baseline(compared):
    folder, found, said = compared
    names = [row["name"] for row in found.rows]
    assert names == ["real images", *NAMES, "Independent"]
    assert [row["name"] for row in found.rows if "failed" in row] == ["RNADE"]
    assert "density of real vectors" in row_of(found, "RNADE")["failed"]
    assert "2 of 4, ConditionalGAN: measuring" in said
    assert sorted(path.name for path in folder.iterdir()) == [
        "arguments.json",
        "compare.csv",
        "compare.html",
        "compare.json",
        "figures",
        "runs",
    ]
    assert Comparison(**json.loads((folder / "compare.json").read_text())) == found


def test_likelihoods_are_those_of_the_models_themselves(compared, data):
    folder, found, _ = compared
    x = load_arrays(data, "test", binarize="threshold")
    for name in ("NADE", "Independent"):
        model, row = RunFolder(folder / "runs" / name).load_model(), row_of(found, name)
        chosen = np.sort(np.random.default_rng(0).permutation(60)[:50])
        expected = likelihood(model, x[chosen])
        assert row["levels"] == model.levels == 2 and row["density"] == "exact"
        assert row["likelihood"]["mean"] == pytest.approx(expected.mean, rel=1e-6)
        assert row["likelihood"]["standard_error"] == pytest.approx(expected.standard_error)
        assert row["num_parameters"] == model.num_free_parameters
    # A table counts once, whatever the budget.
    assert row_of(found, "Independent")["epochs"] == 1 and row_of(found, "NADE")["epochs"] == 3
    assert row_of(found, "ConditionalGAN")["likelihood"] is None


def test_samples_are_judged_by_one_classifier_of_the_same_images(compared, known, data):
    folder, found, _ = compared
    judge = load_judge(known["judge"])
    x, y = load_arrays(data, "test", binarize="threshold", labels=True)
    asked = y[:40]
    for name in ("NADE", "ConditionalGAN"):
        model = RunFolder(folder / "runs" / name).load_model()
        given = {} if model.condition is None else {"condition": asked}
        samples = model.sample(40, seed=0, **given)
        expected = frechet_distance(extract(judge, x), extract(judge, samples))
        fidelity = row_of(found, name)["fidelity"]
        assert fidelity["frechet_distance"] == pytest.approx(expected, rel=1e-3)
        if given:
            right = np.mean(judge.classify(samples) == asked)
            assert fidelity["label_accuracy"] == pytest.approx(right)
        else:
            assert "label_accuracy" not in fidelity
    # Real images are nearer to real images than samples of models that have hardly begun.
    distance = lambda name: row_of(found, name)["fidelity"]["frechet_distance"]
    assert distance("real images") < min(distance("NADE"), distance("ConditionalGAN"))
    assert row_of(found, "real images")["fidelity"]["label_accuracy"] > 0.9


def test_every_model_learns_from_the_images_that_its_samples_are_compared_with(compared):
    folder, *_ = compared
    for name in ("NADE", "ConditionalGAN", "Independent"):
        metrics = RunFolder(folder / "runs" / name).read_metrics()
        assert (metrics["binarize"], metrics["levels"]) == ("threshold", None)


def test_what_is_measured_costs_something(compared):
    folder, found, _ = compared
    for name in ("NADE", "ConditionalGAN", "Independent"):
        row = row_of(found, name)
        assert row["seconds_of_100_samples"] > 0 and row["images_per_second"] > 0
        files = [path for path in (folder / "runs" / name / "saved_model").rglob("*.*")]
        assert row["saved_model_bytes"] >= sum(p.stat().st_size for p in files if p.is_file()) > 0


def test_the_csv_has_the_numbers_in_full(compared):
    folder, found, _ = compared
    with open(folder / "compare.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [line["name"] for line in table] == [row["name"] for row in found.rows]
    for line, row in zip(table, found.rows, strict=True):
        mean = (row.get("likelihood") or {}).get("mean")
        assert line["nats"] == ("" if mean is None else str(mean))
        assert line["kind"] == ("" if mean is None else "exact, 2 levels")
        assert line["failed"] == row.get("failed", "")


def test_what_is_finished_is_not_done_again(compared, known, tmp_path, monkeypatch):
    folder, found, _ = compared
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    # As if it had been killed before the last model was measured.
    (copy / "figures/Independent/row.json").unlink()
    shutil.rmtree(copy / "runs/Independent")
    trained = []

    def watched(build, *arguments, output, **options):
        trained.append(output.name)
        return original(build, *arguments, output=output, **options)

    original = comparison.comparison.train
    monkeypatch.setattr(comparison.comparison, "train", watched)
    options = dict(output=copy, **known, say=lambda text: None)
    again = compare(NAMES, resume=True, **options, **OPTIONS)
    assert trained == ["Independent"]
    for one, other in zip(again.rows[:-1], found.rows[:-1], strict=True):
        assert one == other
    assert row_of(again, "Independent")["likelihood"] == row_of(found, "Independent")["likelihood"]
    with pytest.raises(ValueError, match="resume the comparison.*which exists"):
        compare(NAMES, **options, **OPTIONS)
    with pytest.raises(ValueError, match="epochs=3.*Received: epochs=4"):
        compare(NAMES, resume=True, **options, **{**OPTIONS, "epochs": 4})


def test_finished_runs_are_measured_as_they_are(compared, known, tmp_path):
    folder, found, _ = compared
    runs = [str(folder / "runs" / name) for name in ("NADE", "Independent")]
    options = dict(num_samples=40, num_test=50, say=lambda text: None)
    again = compare(runs, output=tmp_path / "runs", **known, **options)
    for name in ("NADE", "Independent"):
        one, other = row_of(again, name), row_of(found, name)
        assert one["likelihood"] == other["likelihood"] and one["fidelity"] == other["fidelity"]
    assert not (tmp_path / "runs/runs").exists()


def test_a_model_that_breaks_leaves_the_others_alone(known, tmp_path, monkeypatch):
    def breaking(build, *arguments, output, **options):
        if output.name == "NADE":
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return original(build, *arguments, output=output, **options)

    original = comparison.comparison.train
    monkeypatch.setattr(comparison.comparison, "train", breaking)
    options = {**OPTIONS, **known, "settings": {}, "say": lambda text: None}
    found = compare(["NADE"], output=tmp_path / "c", **options)
    assert row_of(found, "NADE")["failed"].startswith("ResourceExhaustedError: ")
    assert row_of(found, "Independent")["likelihood"]["mean"] < 0


def test_what_cannot_be_compared_is_refused(compared, data, tmp_path):
    folder, *_ = compared
    run = str(folder / "runs/NADE")
    for names, options, message in (
        (["NADE"], {"epochs": 1}, "a data set.*Received: none"),
        (["NADE"], {"data": data}, "epochs or minutes.*Received: neither"),
        (["NoSuch"], {"data": data, "epochs": 1}, "finished runs.*Received: NoSuch"),
        (["NADE", "NADE"], {"data": data, "epochs": 1}, "once.*Received: NADE"),
        ([run], {"data": "digits"}, "one data set.*Received: "),
        (["NADE"], {"settings": {"NADE": {"depth": "3"}}}, "num_hidden.*Received: depth"),
        (["NADE"], {"settings": {"MADE": {"depth": "3"}}}, "take part.*Received: MADE"),
    ):
        with pytest.raises(ValueError, match=message):
            compare(names, output=tmp_path / "c", say=lambda text: None, **options)
        assert not (tmp_path / "c").exists()
    with folder_lock(tmp_path / "c"), pytest.raises(ValueError, match="no other process"):
        compare(["NADE"], output=tmp_path / "c", data=data, epochs=1, say=lambda text: None)


def test_the_models_that_suit_the_data_take_part_by_themselves(monkeypatch):
    some = ("CLIP", "CycleGAN", "GAN", "MADE", "RNADE", "VAE")
    kinds = {name: registry.models()[name] for name in some}
    monkeypatch.setattr(registry, "models", lambda: kinds)
    from tfgen.data import DataInfo

    said = []
    images = DataInfo((8, 8, 1), 17, None, 100, None, None)
    assert comparison.suitable_models(images, say=said.append) == ["GAN", "MADE", "VAE"]
    assert len(said) == 1 and said[0].startswith("without RNADE: expected")
    vectors = DataInfo((3,), None, None, 100, None, None)
    assert "RNADE" in comparison.suitable_models(vectors)


def test_likelihoods_are_of_the_levels_of_the_data():
    from tfgen import DCGAN, DDPM, NADE, VAE
    from tfgen.data import DataInfo

    info = lambda levels: DataInfo((8, 8, 1), levels, None, 100, None, None)
    settings = comparison.settings_of
    assert settings(NADE, info(17)) == {"levels": "17"}
    assert settings(DDPM, info(17)) == {"levels": "17", "sampler": "DPMSolver(20)"}
    assert settings(VAE, info(17)) == {"likelihood": "Categorical"}
    assert settings(VAE, info(256)) == {"likelihood": "DiscretizedLogistic"}
    assert settings(DCGAN, info(17)) == settings(NADE, info(None)) == {}
    assert settings(NADE, info(256), "threshold") == {"levels": "2"}
    assert settings(VAE, info(256), "threshold") == {}
