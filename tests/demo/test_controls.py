"""A control for each thing that a model can do, and behind it exactly the model's method."""

import numpy as np
import pytest
from test_contract import INFO_CODE, TEXTS, examples, make, sets

import tfgen
from tfgen import latent
from tfgen.demo import Examples, controls_of
from tfgen.diffusion import DPMSolver
from tfgen.evaluation import Bound, NegativeLogLikelihood, ReconstructionError, likelihood
from tfgen.training import image_grid

OFFERED = {
    "PixelCNN: classes, conditional": ["Sample", "Redraw", "Likelihood"],
    "VAE": ["Sample", "Redraw", "Codes", "Between two", "Likelihood"],
    "Autoencoder": ["Codes", "Between two", "Anomaly"],
    "AAE: classes, conditional": ["Sample", "Codes", "Between two", "Anomaly"],
    "GAN: attributes, conditional": ["Sample"],
    "InfoGAN": ["Sample", "Codes"],
    "PuzzleGAN": ["Assemble"],
    "CycleGAN: colour": ["a to b", "b to a"],
    "StarGAN: classes, conditional": ["Translate"],
    "TextToImageGAN: captions, conditional": ["Sample"],
    "DDPM": ["Sample", "Redraw", "Between two", "Vary", "Likelihood"],
    "CLIP: captions, conditional": ["Compare"],
    "UnCLIP: captions, conditional": ["Sample", "Redraw", "Between two", "Variations", "Compare"],
}


def held_out(name, model, count=6):
    if "CycleGAN" in name:
        a, b = sets(model, count)
        return Examples(a, b=b)
    return Examples(*examples(model, count))


@pytest.fixture(scope="module")
def made():
    """A model and its controls by title, once for all tests."""
    found = {}

    def make_once(name):
        if name not in found:
            model = make(name)
            known = held_out(name, model)
            controls = {each.title: each for each in controls_of(model, known, num_samples=3)}
            found[name] = model, known, controls
        return found[name]

    return make_once


@pytest.mark.parametrize("name", OFFERED)
def test_what_a_model_can_do_is_offered(made, name):
    _, _, controls = made(name)
    assert list(controls) == OFFERED[name]


def test_what_is_no_image_has_no_page():
    with pytest.raises(ValueError, match=r"images in grey or colour. Received: a NADE .*\(6,\)"):
        controls_of(make("NADE: categorical"))


def test_the_inputs_of_a_control_are_the_arguments_that_the_model_takes(made):
    names = lambda name, title: [each.name for each in made(name)[2][title].inputs]
    assert names("DDPM", "Sample") == ["sampler", "seed"]
    assert names("UnCLIP: captions, conditional", "Sample") == [
        "condition",
        "guidance",
        "num_steps",
        "seed",
    ]
    assert (
        names("UnCLIP: captions, conditional", "Variations")[1:]
        == names("UnCLIP: captions, conditional", "Sample")[1:]
    )
    # Its codes do not depend on the class.
    assert "condition" not in names("AAE: classes, conditional", "Codes")
    assert "condition" in names("AAE: classes, conditional", "Sample")


@pytest.mark.parametrize(
    ("name", "answers", "arguments"),
    [
        ("PixelCNN: classes, conditional", ("2", 5), {"condition": 2, "seed": 5}),
        ("GAN: attributes, conditional", (["bold"], 5), {"condition": [0.0, 1.0], "seed": 5}),
        (
            "TextToImageGAN: captions, conditional",
            (TEXTS[1], 4),
            {"condition": TEXTS[1], "seed": 4},
        ),
        ("DDPM", (2, 7), {"sampler": DPMSolver(2), "seed": 7}),
    ],
)
def test_samples_are_those_of_the_model(made, name, answers, arguments):
    model, _, controls = made(name)
    shown = controls["Sample"](*answers).picture
    if "condition" in arguments:
        arguments["condition"] = np.array(arguments["condition"])
    np.testing.assert_array_equal(shown, image_grid(model.sample(3, **arguments)))


def test_a_painted_region_is_completed_with_all_that_comes_after_it(made, upload):
    model, known, controls = made("PixelCNN: classes, conditional")
    x = known.x[0]
    shown = controls["Redraw"](upload(x), [9, 6], "1", 3).picture
    kept = np.ones(x.shape, "float32")
    kept.ravel()[6:] = 0
    drawn = model.complete(x[None].repeat(4, axis=0), kept, condition=1, seed=3)
    expected = image_grid(np.concatenate([np.where(kept > 0, x, 0.5)[None], drawn]), 5)
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("name", ["VAE", "DDPM"])
def test_a_painted_region_of_any_shape_is_drawn_by_models_that_can(made, upload, name):
    model, known, controls = made(name)
    x, kept = known.x[0], np.ones(known.x[0].shape, "float32")
    kept[2, 3] = kept[5, 5] = 0
    painted = [2 * 8 + 3, 5 * 8 + 5]
    path, four = upload(x), x[None].repeat(4, axis=0)
    # What is given is what the file holds, 8 bits a pixel.
    four = np.rint(255 * four).astype("float32") / np.float32(255)
    if name == "VAE":
        shown = controls["Redraw"](path, painted, 3).picture
        drawn = latent.complete(model, four, kept, seed=3)
    else:
        shown = controls["Redraw"](path, painted, 2, 3).picture
        drawn = model.edit(four, kept, num_steps=2, seed=3)
    expected = image_grid(np.concatenate([np.where(kept > 0, four[0], 0.5)[None], drawn]), 5)
    np.testing.assert_array_equal(shown, expected)


def test_sliders_move_the_code_by_deviations_of_the_held_out_ones(made, upload):
    model, known, controls = made("VAE")
    control, x = controls["Codes"], known.x[1]
    assert [each.name for each in control.inputs] == ["x", "z0", "z1", "z2"] and control.live
    shown = control(upload(x), 0, -2, 0.5).picture
    code = model.encode(x[None]).numpy()
    moved = code + np.array([0, -2, 0.5]) * model.encode(known.x).numpy().std(axis=0)
    decoded = model.decode(np.concatenate([code, moved]).astype("float32"))
    np.testing.assert_array_equal(shown, image_grid(np.concatenate([x[None], decoded]), 3))


def test_the_way_between_two_images(made, upload):
    model, known, controls = made("VAE")
    a, b = known.x[:2]
    shown = controls["Between two"](upload(a, "a"), upload(b, "b")).picture
    ends = model.encode(np.stack([a, b])).numpy()
    shares = np.linspace(0, 1, 8, dtype="float32")[:, None]
    line = (1 - shares) * ends[0] + shares * ends[1]
    np.testing.assert_array_equal(shown, image_grid(model.decode(line), 8))
    model, known, controls = made("DDPM")
    a, b = np.rint(255 * known.x[:2]).astype("float32") / np.float32(255)
    shown = controls["Between two"](upload(a, "a"), upload(b, "b"), 2).picture
    expected = model.interpolate(a[None], b[None], 8, num_steps=2)
    np.testing.assert_array_equal(shown, image_grid(expected))


def test_translations_are_those_of_the_model(made, upload):
    model, known, controls = made("CycleGAN: colour")
    a, b = (np.rint(255 * x[0]).astype("float32") / np.float32(255) for x in (known.x, known.b))
    for title, x, to in (("a to b", a, "b"), ("b to a", b, "a")):
        expected = image_grid(model.translate(x[None], to=to))
        np.testing.assert_array_equal(controls[title](upload(x)).picture, expected)
    model, known, controls = made("StarGAN: classes, conditional")
    x = np.rint(255 * known.x[0]).astype("float32") / np.float32(255)
    expected = image_grid(model.translate(x[None], 2))
    np.testing.assert_array_equal(controls["Translate"](upload(x), "2").picture, expected)


def test_a_code_and_patches_are_what_the_model_is_given(made, upload):
    model, _, controls = made("InfoGAN")
    codes = INFO_CODE.join([2], np.float32([[0.5]]))[0]
    expected = image_grid(model.sample(3, codes=codes, seed=1))
    np.testing.assert_array_equal(controls["Codes"]("2", 0.5, 1).picture, expected)
    model, _, controls = made("PuzzleGAN")
    patches = [np.full((3, 4, 1), 0.2, "float32"), np.full((5, 2, 1), 0.8, "float32")]
    paths = [upload(patch, str(i)) for i, patch in enumerate(patches)]
    expected = image_grid(model.assemble([x[None].repeat(4, axis=0) for x in patches], seed=2))
    np.testing.assert_array_equal(controls["Assemble"](*paths, 2).picture, expected)


def test_a_likelihood_has_its_kind_and_units(made, upload):
    model, known, controls = made("PixelCNN: classes, conditional")
    x = known.x[2]
    lines = controls["Likelihood"](upload(x), "2").text.splitlines()
    nats = float(model.log_prob(x[None], condition=2)[0])
    bits = -nats / np.log(2) / x.size
    assert lines[0] == f"Log-likelihood: {nats:.2f} nats, {bits:.4f} bits/dim (exact)"
    assert lines[1] == f"Anomaly score: {-nats:.2f} (nats, minus the log-likelihood, exact)"
    others = model.log_prob(known.x, condition=known.condition).numpy()
    share = np.mean(-others < -nats)
    assert lines[2] == f"Stranger than {share:.0%} of 6 held-out images"
    with pytest.raises(ValueError, match="class to be one of 0, 1, 2. Received: '3'"):
        controls["Likelihood"](upload(x), "3")


def test_a_bound_and_an_error_of_reconstruction_say_so(made, upload):
    model, known, controls = made("VAE")
    x = known.x[0]
    lines = controls["Likelihood"](upload(x)).text.splitlines()
    assert lines[0].startswith(f"Log-likelihood: {likelihood(model, x[None]).mean:.2f} nats, ")
    assert lines[0].endswith("bits/dim (ELBO)")
    score = float(NegativeLogLikelihood()(model, x[None])[0])
    assert lines[1] == f"Anomaly score: {score:.2f} (nats, minus the ELBO)"
    model, known, controls = made("DDPM")
    x = np.rint(255 * known.x[:1]).astype("float32") / np.float32(255)
    lines = controls["Likelihood"](upload(x[0])).text.splitlines()
    bound = float(Bound()(model, x)[0])
    assert lines[0] == f"Log-likelihood: {bound:.2f} nats (ELBO, 6 of 6 terms)"
    assert lines[1] == f"Anomaly score: {-bound:.2f} (nats, minus the ELBO, 6 of 6 terms)"
    model, known, controls = made("Autoencoder")
    x = known.x[0]
    lines = controls["Anomaly"](upload(x)).text.splitlines()
    score = float(ReconstructionError()(model, model.check(x[None]))[0])
    kind = "squared error of the reconstruction, summed over pixels"
    assert lines[0] == f"Anomaly score: {score:.2f} ({kind})"


def test_captions_are_compared_the_best_first(made, upload):
    model, known, controls = made("CLIP: captions, conditional")
    x = np.rint(255 * known.x[:1]).astype("float32") / np.float32(255)
    captions = ["a red seven", "a blue one"]
    cosines = model.similarity(x, np.array(captions)).numpy()[0]
    text = controls["Compare"](upload(x[0]), "\n".join([*captions, "", captions[0]])).text
    ranked = sorted(zip(cosines, captions, strict=True), reverse=True)
    assert text.splitlines() == [f"{cosine: .3f}  {caption}" for cosine, caption in ranked]
    with pytest.raises(ValueError, match="at least one line of text. Received: none"):
        controls["Compare"](upload(x[0]), " \n")


def test_without_held_out_images_all_controls_work_as_well():
    for name in ("VAE", "PuzzleGAN"):
        for control in controls_of(make(name), num_samples=2):
            control.warm_up()
    text = controls_of(tfgen.Independent.default((2, 2, 1)))[-1].run(x=np.zeros((2, 2, 1))).text
    assert "nats" in text and "held-out" not in text
