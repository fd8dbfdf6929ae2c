"""The tutorials run from top to bottom, say what is true, and have their outputs stored."""

import ast
import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 400_000

# Executes the code cells as Jupyter does, in one namespace, and keeps what each shows as text.
# Its arguments: a notebook, an expression of facts, and the file that gets both.
RUN = """
import ast, contextlib, io, json, sys

notebook, facts, path = sys.argv[1:]
names, shown = {"__name__": "__main__"}, []
for cell in json.load(open(notebook))["cells"]:
    if cell["cell_type"] != "code":
        continue
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop().value if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "cell", "exec"), names)
        value = None if last is None else eval(compile(ast.Expression(last), "cell", "eval"), names)
    shown.append(printed.getvalue() + ("" if value is None else repr(value)))
    if hasattr(value, "_repr_png_"):
        assert value._repr_png_()
names["shown"] = shown
json.dump(eval(f"dict(shown=shown, facts={facts})", names), open(path, "w"), default=float)
"""


def code_cells(path):
    return [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]


def stored_text(cell):
    """What a cell has printed, and the value that it ended in."""
    text = ""
    for output in cell["outputs"]:
        assert output["output_type"] in ("stream", "execute_result", "display_data")
        if output["output_type"] == "stream":
            assert output["name"] == "stdout"
            text += "".join(output["text"])
        elif output["output_type"] == "execute_result":
            text += "".join(output["data"]["text/plain"])
    return text


@pytest.fixture
def execute(tmp_path, python):
    """Runs a notebook in a fresh process; gives the facts that it found.

    The text that it shows must be the stored one, but for the digits of its numbers.
    """

    def run(name, **facts):
        path, result = FOLDER / f"{name}.ipynb", tmp_path / "result.json"
        facts = "dict(" + ", ".join(f"{key}={value}" for key, value in facts.items()) + ")"
        python("-c", RUN, str(path), facts, str(result), MPLBACKEND="agg")
        found = json.loads(result.read_text())
        for cell, text in zip(code_cells(path), found["shown"], strict=True):
            assert shape_of(text) == shape_of(stored_text(cell))
        return found["facts"]

    return run


def shape_of(text):
    """The text without its numbers, the spaces that align them and its trailing white space."""
    return re.sub(r"\s+", " ", re.sub(r"[\d.,]+", "#", text)).strip()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_imports_only_tfgen_and_its_dependencies(path):
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in code_cells(path)))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    allowed = {"itertools", "keras", "matplotlib", "numpy", "os", "tensorflow"}
    allowed |= {"tensorflow_probability", "tfgen"}
    assert {name.split(".")[0] for name in imported} <= allowed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_outputs_are_stored_small_and_in_order(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert path.stat().st_size <= MOST_BYTES
    pictures = [
        base64.b64decode("".join(output["data"]["image/png"]))
        for cell in cells
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert pictures and all(each.startswith(b"\x89PNG") for each in pictures)


def test_autoregressive(execute):
    found = execute(
        "autoregressive",
        counts="num_parameters",
        coins="coins",
        entropy="entropy",
        by_order="by_order",
        nats="nats",
        mixture="mixture",
        own_class="own_class",
        accuracy="accuracy",
        half_accuracy="half_accuracy",
        kept="bool(np.all((rows == originals[:, None]) | ~upper))",
        drawn="len(np.unique(rows[0], axis=0))",
    )
    for n, counts in found["counts"].items():
        n = int(n)
        expected = {"FullJoint": 2**n - 1, "Independent": n, "MarkovChain": 2 * n - 1}
        assert counts == expected

    coins = found["coins"]
    np.testing.assert_allclose([coins[name]["total"] for name in coins], 1, rtol=1e-4)
    # What the text says of the tables, and how near the chain comes to the entropy.
    assert abs(coins["MarkovChain"]["test"] - found["entropy"]) < 0.05
    assert coins["FullJoint"]["test"] > coins["MarkovChain"]["test"] + 0.2
    assert coins["Independent"]["test"] > coins["FullJoint"]["test"] + 2
    for split in ("train", "test"):
        assert coins["ChainRule"][split] == pytest.approx(coins["FullJoint"][split], rel=1e-4)

    by_order = [found["by_order"][str(order)] for order in range(4)]
    assert min(by_order) == by_order[1]
    nats = found["nats"]
    order = ["Independent", "MarkovChain", "FVSBN", "NADE", "PixelCNN"]
    assert list(nats) == order == sorted(nats, key=nats.get, reverse=True)
    assert nats["Independent"] == pytest.approx(by_order[0])
    assert found["own_class"] < found["mixture"] < nats["NADE"]
    assert 1 >= found["accuracy"] > 0.95 and 1 > found["half_accuracy"] > 0.8
    assert found["kept"] and found["drawn"] > 4


def test_latent(execute):
    found = execute(
        "latent",
        exact="np.mean(exact)",
        # The same sum over every second line of the grid, and the prior's share of the grid.
        coarse="np.mean(np.logaddexp.reduce("
        "log_joint.reshape(30, 161, 161)[:, ::2, ::2].astype('float64'), axis=(1, 2))"
        " + 2 * np.log(ticks[2] - ticks[0]))",
        margin="max(np.max(posterior.reshape(30, 161, 161)[:, [0, -1]]),"
        " np.max(posterior.reshape(30, 161, 161)[:, :, [0, -1]]))",
        bounds="bounds",
        costs="[family, encoder]",
        off="[of_hmc, of_q]",
        sums="{name: each.distortion.mean + each.rate.mean for name, each in parts.items()}",
        distortion="{name: each.distortion.mean for name, each in parts.items()}",
        rate="{name: each.rate.mean for name, each in parts.items()}",
        rates="{name: sorted(map(float, each)) for name, each in rates.items()}",
        information="[information, mismatch]",
        ends="float(np.max(np.abs(lines[0][1] - vae.reconstruct(x_test[first[:1]])[0])))",
        accuracy="accuracy",
        rate_given="rate_given",
        kept="bool(tf.reduce_all((rows == originals[:, None]) | ~masks[:, None]))",
        drawn="len(np.unique(rows[0], axis=0))",
        errors="[error, unrelated]",
        false_alarms="false_alarms",
        auroc="auroc",
        found="found",
        distances="distances",
        together="np.mean(y_train[np.argsort(np.linalg.norm(after[:, None] - after, axis=-1),"
        " axis=1)[:, 1]] == y_train)",
    )
    # The grid is fine and wide enough for ln p(x), and every bound is below it.
    assert found["coarse"] == pytest.approx(found["exact"], abs=1e-3)
    assert found["margin"] < 1e-3
    bounds = found["bounds"]
    below = [found["exact"] - bounds[name] for name in bounds]
    assert list(bounds) == ["ELBO", "IWAE, k = 10", "IWAE, k = 100", "IWAE, k = 1000", "AIS"]
    assert below[0] > 1.5 * below[1] > 0 and below[1] > below[2] > below[3] > 0
    assert 0 < below[4] < below[0] / 2
    assert min(found["costs"]) > 0
    assert sum(found["costs"]) == pytest.approx(below[0], abs=0.1)
    assert found["off"][0] < found["off"][1]

    sums, distortion, rates = found["sums"], found["distortion"], found["rates"]
    assert list(sums) == ["ELBO()", "beta 4", "warm-up", "free bits"]
    assert min(sums, key=sums.get) == "ELBO()"
    unused = {name: sum(each < 0.05 for each in rates[name]) for name in rates}
    assert unused["beta 4"] > 8 and unused["beta 4"] > unused["ELBO()"] > 0
    for name in ("warm-up", "free bits"):
        assert unused[name] == 0 and distortion[name] < distortion["ELBO()"]
    information, mismatch = found["information"]
    assert information + mismatch == pytest.approx(found["rate"]["ELBO()"], abs=1e-3)
    assert np.log(355) - 0.5 < information <= np.log(355) + 1e-3

    assert found["ends"] < 1e-5
    assert 1 >= found["accuracy"] > 0.95 and found["rate_given"] < found["rate"]["ELBO()"] - 2
    assert found["kept"] and found["drawn"] == 8
    assert found["errors"][0] < 0.75 * found["errors"][1]
    alike = [found["found"][digit] for digit in (0, 1, 8)]
    assert max(alike) < np.mean(found["found"])
    assert min(found["found"][2], found["found"][7]) > 0.75
    assert found["false_alarms"] < 0.1 and found["auroc"] > 0.8
    distances = found["distances"]
    assert distances["codes before"][1] > 1
    for name in ("codes after", "more draws"):
        assert max(distances[name]) < 0.15
    assert found["together"] > 0.5


def test_adversarial(execute):
    found = execute(
        "adversarial",
        jsd="divergence",
        values="list(values.values())",
        off="np.max(np.abs(tf.sigmoid(best) - tf.sigmoid(learned))[np.abs(line[:, 0]) < 3])",
        slopes="{name: slope[0] for name, slope in slopes.items()}",
        distances="list(distances.values())",
        verdicts="list(verdicts.values())",
        figures="figures",
        accuracy="judge.test_accuracy",
        closer="[neighbours.closer, copies.closer]",
        ends="np.max(np.abs(between[0] - dcgan.transform(ends[:1], condition.encode([0]))[0]))",
        bound="[bound, entropy]",
        named="accuracy",
        left="[np.mean(x_line < -0.8), np.mean(drawn < -0.8)]",
        widths="[np.std(each[each < -1.2]) for each in (x_line, drawn)]",
        errors="errors",
        sweeps="len(np.unique(np.reshape(infogan.preview((x_test[:100],), seed=0), (100, -1)),"
        " axis=0))",
    )
    best, learned = found["values"]
    assert best == pytest.approx(2 * found["jsd"] - np.log(4), abs=1e-4)
    assert best - 0.01 < learned < best and found["off"] < 0.15
    slopes = found["slopes"]
    assert slopes["Minimax"] == pytest.approx(-1 / (1 + np.exp(8)), rel=1e-4)
    assert slopes["NonSaturating"] == pytest.approx(-1 / (1 + np.exp(-8)), rel=1e-4)
    before, after, others = found["distances"]
    assert others < after < before / 3
    assert found["left"][1] == pytest.approx(found["left"][0], abs=0.05)
    assert found["widths"][1] < 0.9 * found["widths"][0]
    assert max(abs(verdict - 0.5) for verdict in found["verdicts"]) < 0.1

    figures = found["figures"]
    real = figures["training images"]
    assert found["accuracy"] > 0.95
    samples = figures["samples"]
    assert samples["right"] > 0.95 and samples["recall"] > 0.4
    assert real["distance"] < samples["distance"] < figures["class means"]["distance"] / 2
    # What cheats can do, and what they cannot.
    for name in ("20 of them", "class means"):
        assert figures[name]["right"] > 0.98 and figures[name]["precision"] > 0.95
        assert figures[name]["recall"] < 0.1
    of_samples, of_copies = found["closer"]
    assert of_samples < 0.6 and of_copies == 1
    assert found["ends"] < 1e-5
    bound, entropy = found["bound"]
    assert entropy == pytest.approx(np.log(10) + 2 * np.log(2)) and bound > entropy - 1
    # Both halves of a row have the middle of the sweep.
    assert found["named"] > 0.55 and found["sweeps"] == 90
    *others, translated = found["errors"].values()
    assert translated < 0.75 * min(others)


def test_diffusion(execute):
    found = execute(
        "diffusion",
        gap="max(gaps)",
        inside="inside",
        first="np.max(np.abs(guesses[0]))",
        orders="orders",
        excess="list(excess.values())",
        near="near(sampled)",
        ends="float(np.max(np.abs(strip[-1] - model.sample(10, condition=digits, seed=0))))",
        figures="list(figures.values())",
        apart="apart",
        by_caption="list(by_caption.values())",
        ends_of_line="[float(np.mean(np.abs(line.reshape(-1, 8, 8, 3)[i] - coloured[rows[i]])))"
        " for i in (0, -1)]",
    )
    # Tweedie's formula; the first guesses are near the mean of all data, 0.
    assert found["gap"] < 1e-10 and found["first"] < 0.2
    inside = found["inside"]
    assert inside["fresh data"] > 0.98
    assert inside["ancestral"] == pytest.approx(inside["fresh data"], abs=0.02)
    assert inside["DDIM"] > inside["fresh data"] - 0.02
    orders = {"DDIM": 1, "Heun": 2, "DPM-Solver++(2M)": 2}
    assert found["orders"] == pytest.approx(orders, abs=0.15)
    # No denoiser is better than the perfect one, but for the draws of 2,000 points.
    assert all(-0.02 < each < 0.3 for each in found["excess"])
    assert found["near"] > 0.9
    assert found["ends"] < 1e-5
    one, two, four = found["figures"]
    assert one["right"] > 0.8 and min(two["right"], four["right"]) > 0.97
    assert one["distance"] < two["distance"] < four["distance"]
    assert one["spread"] > two["spread"] > four["spread"]
    near, far = found["apart"]
    assert near < far / 10
    digit, ink, both, of_another = found["by_caption"]
    assert digit >= both > 0.75 and ink > 0.95 and of_another < 0.05
    assert max(found["ends_of_line"]) < 0.1


def test_every_tutorial_is_executed_here():
    tests = {name.removeprefix("test_") for name in globals()}
    assert NOTEBOOKS and {path.stem for path in NOTEBOOKS} <= tests


def test_maximum_likelihood(execute):
    found = execute(
        "maximum_likelihood",
        counts="parameters",
        total="total",
        best="best",
        above="[np.max(np.abs(cost - divergences - entropies[1])) for cost in costs.values()]",
        entropy="entropies[0]",
        empirical="{name: [each.empirical for each in curve] for name, curve in curves.items()}",
        risk="{name: [each.divergence.cross_entropy for each in curve]"
        " for name, curve in curves.items()}",
        found="{name: [each.kind, each.kl, each.error] for name, each in found.items()}",
        of_truth="found['GAN'].of_truth",
        fits="list(fits.values())",
    )
    for n, counts in found["counts"].items():
        n = int(n)
        everything = 2**n - 1
        expected = {"FullJoint": everything, "ChainRule": everything}
        assert counts == {**expected, "MarkovChain": 2 * n - 1, "Independent": n}
    assert found["total"] == pytest.approx(1, abs=1e-5)
    # The likelihood's place is that of the divergence, the nearer, the more draws.
    assert found["best"]["KL"] == pytest.approx(0.4)
    assert found["best"]["30,000 draws"] == pytest.approx(0.4, abs=0.021)
    assert found["above"][1] < found["above"][0] / 2 < 0.2

    empirical, risk, entropy = found["empirical"], found["risk"], found["entropy"]
    assert empirical["FullJoint"][0] < entropy - 1 and risk["FullJoint"][0] > entropy + 3
    for name in risk:
        assert min(risk[name]) > entropy
        gaps = np.subtract(risk[name], empirical[name])
        assert abs(gaps[-1]) < 0.3 < 1.2 * gaps[0]
    assert risk["FullJoint"][-1] < risk["MarkovChain"][-1] < risk["Independent"][-1]

    kinds = {name: kind for name, (kind, _, _) in found["found"].items()}
    assert kinds["NADE"] == "exact" and kinds["GAN"].startswith("estimate")
    assert kinds["VAE, ELBO"].startswith("upper bound")
    bounds = [found["found"][name][1] for name in ("VAE, ELBO", "VAE, 100 samples")]
    assert bounds[0] > bounds[1] > 0
    assert abs(found["of_truth"]) < 0.02
    covering, left, right = found["fits"]
    assert covering[2] < min(left[2], right[2]) and covering[1] > 2
    assert max(left[0], -2.2) < -1.8 and right[0] == pytest.approx(2.5, abs=0.1)
    assert right[3] < covering[3]
