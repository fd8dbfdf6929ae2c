import shutil

import keras
import numpy as np
import pytest

import tfgen
from tfgen import evaluation
from tfgen.conditions import Classes
from tfgen.data import load_arrays
from tfgen.networks import DenseNetworks
from tfgen.training import anomaly, image_grid, load_run, train

NETWORKS = DenseNetworks((8,))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Runs on the digits, and the inverted digits as another data set."""
    root = tmp_path_factory.mktemp("anomaly")
    builders = {
        "exact": lambda info: tfgen.Independent.default(info.event_shape, levels=17),
        "autoencoder": lambda info: tfgen.Autoencoder.default(info.event_shape, 2, NETWORKS),
    }
    for name, build in builders.items():
        train(build, "digits", epochs=1, output=root / name, verbose=0)
    images = {f"x_{split}": load_arrays("digits", split) for split in ("train", "test")}
    np.savez(root / "inverted.npz", **{key: 1 - x[::2] for key, x in images.items()})
    np.savez(root / "wide.npz", **{key: np.zeros((20, 8, 9), "uint8") for key in images})
    return root


@pytest.mark.parametrize("score", [None, "typicality", "complexity", "ratio"])
def test_figures_are_those_of_a_detector_that_the_validation_set_calibrates(folders, score):
    background = folders / "exact" if score == "ratio" else None
    figures = anomaly(
        folders / "exact",
        folders / "inverted.npz",
        score=score,
        background=background,
        false_alarm_rate=0.1,
    )
    model = load_run(folders / "exact")
    value = {
        None: evaluation.NegativeLogLikelihood(),
        "typicality": evaluation.Typicality.of(model, load_arrays("digits", "train[:90%]")),
        "complexity": evaluation.ComplexityCorrected(),
        "ratio": evaluation.LikelihoodRatio(model),
    }[score]
    detector = evaluation.AnomalyDetector(model, value, 0.1)
    detector.fit(load_arrays("digits", "train[90%:]"))
    own, other = load_arrays("digits", "test"), 1 - load_arrays("digits", "test")[::2]
    normal, strange = detector.decision_function(own), detector.decision_function(other)
    assert figures == {
        "score": score or "likelihood",
        "num_normal": len(own),
        "num_anomalies": len(other),
        **{k: pytest.approx(v) for k, v in evaluation.detection(normal, strange).items()},
        "false_alarm_rate": 0.1,
        "false_alarms": pytest.approx(np.mean(normal < 0)),
        "found": pytest.approx(np.mean(strange < 0)),
    }
    worst = np.stack([own[np.argsort(normal)[:16]], other[np.argsort(-strange)[:16]]])
    shown = keras.utils.load_img(folders / "exact" / "anomalies.png", color_mode="grayscale")
    if score != "ratio":  # of a model and itself all ratios are 0, and all images alike
        np.testing.assert_array_equal(np.array(shown), image_grid(worst)[..., 0])
        assert figures["auroc"] > 0.8


def test_a_model_without_a_likelihood_is_judged_by_reconstructions(folders, tmp_path):
    figures = anomaly(
        folders / "autoencoder", folders / "inverted.npz", output=tmp_path / "worst.jpg"
    )
    assert figures["score"] == "reconstruction" and figures["auroc"] > 0.8
    assert (tmp_path / "worst.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    with pytest.raises(ValueError, match="likelihood or a bound .* an? Autoencoder.*'none'"):
        anomaly(folders / "autoencoder", folders / "inverted.npz", score="complexity")


def test_what_does_not_fit_is_refused_in_words(folders, tmp_path):
    run, other = folders / "exact", folders / "inverted.npz"
    shutil.copytree(run, tmp_path / "run")
    conditional = tfgen.VAE.default((8, 8, 1), 2, NETWORKS, condition=Classes(10))
    conditional.save(tmp_path / "run" / "model.keras")
    for folder, data, options, message in (
        (run, folders / "wide.npz", {}, r"shape \(8, 8, 1\).* Received: \(8, 9, 1\) in "),
        (run, other, {"score": "ratio"}, "a background, .* background=None for ratio"),
        (run, other, {"background": run}, "for no other.* for likelihood"),
        (run, other, {"score": "strangeness"}, "likelihood, .* Received: strangeness"),
        (run, other, {"output": "a.gif"}, "ends in .png"),
        (tmp_path / "run", other, {}, r"without a condition.* Received: a VAE with Classes"),
        (tmp_path, other, {}, "finished run"),
    ):
        with pytest.raises(ValueError, match=message):
            anomaly(folder, data, **options)
