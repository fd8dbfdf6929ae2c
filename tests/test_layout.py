"""The floors of the house: imports point down, and no folder is in a circle."""

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import tfgen
from tfgen import registry

ROOT = Path(tfgen.__file__).parent
FLOORS = {
    "core": 0,
    "conditions": 1,
    "distributions": 1,
    "layers": 1,
    "losses": 1,
    "networks": 2,
    "data": 2,
    "autoregressive": 3,
    "latent": 3,
    "adversarial": 3,
    "diffusion": 3,
    "evaluation": 4,
    "training": 5,
    "registry": 6,
    "comparison": 7,
    "demo": 7,
    "cli": 8,
}
# A model's file imports no other model's, but for its documented parent or what it composes.
PARENTS = {
    ("adversarial.conditional_gan", "adversarial.gan"),
    ("adversarial.dcgan", "adversarial.gan"),
    ("adversarial.lsgan", "adversarial.dcgan"),
    ("autoregressive.diagonal_bilstm", "autoregressive.pixel_rnn"),
    ("autoregressive.full_joint", "autoregressive.chain_rule"),
    ("autoregressive.row_lstm", "autoregressive.pixel_rnn"),
    ("diffusion.unclip", "diffusion.clip"),
    ("diffusion.unclip", "diffusion.ddpm"),
    ("latent.hierarchical_vae", "latent.vae"),
}


def modules():
    return [
        (".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text()))
        for path in sorted(ROOT.rglob("*.py"))
    ]


def imported(tree):
    """The tfgen modules that a file imports, anywhere in it, without the leading "tfgen."."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name[6:] for a in node.names if a.name.startswith("tfgen."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "tfgen":
                yield from (alias.name for alias in node.names)
            elif node.module and node.module.startswith("tfgen."):
                yield node.module[6:]


def folder(module):
    return module.split(".")[0]


def model_files():
    """The files of the exported models, and of those in the wings that give them a `default`."""
    kinds = {
        kind
        for model in registry.models().values()
        for kind in model.__mro__
        if kind is model or "default" in vars(kind)
    }
    names = {kind.__module__.removeprefix("tfgen.") for kind in kinds}
    return {name for name in names if FLOORS.get(folder(name)) == 3}


def test_every_folder_has_its_floor():
    assert {folder(name) for name, _ in modules()} == {*FLOORS, "__init__"}


def test_imports_point_down():
    for name, tree in modules():
        if name == "__init__":
            continue
        for target in imported(tree):
            above, below = folder(name), folder(target)
            if above != below:
                assert FLOORS[above] > FLOORS[below], f"{name} imports {target}"


def test_a_model_imports_no_sibling_but_its_parent():
    models = model_files()
    assert {name for pair in PARENTS for name in pair} <= models
    for name, tree in modules():
        for target in imported(tree):
            if name in models and target in models:
                assert (name, target) in PARENTS, f"{name} imports {target}"


def test_no_file_has_grown_past_one_idea():
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def test_what_tfgen_exports_exists():
    assert sorted(tfgen.__all__) == tfgen.__all__
    for name in tfgen.__all__:
        assert hasattr(tfgen, name)


def run_at_import(node):
    """The expressions that an import evaluates: defaults, too, but not the bodies of functions."""
    yield node
    for name, value in ast.iter_fields(node):
        inside = isinstance(node, (ast.FunctionDef, ast.Lambda)) and name == "body"
        for child in [] if inside else value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from run_at_import(child)


def test_no_initializer_is_made_at_import():
    """It would have drawn its seed before a user could set one, and given all layers one start."""
    made = {"random = keras.initializers.RandomNormal()", "def f(a=initializers.Zeros()): pass"}
    made |= {"x = [keras.initializers.HeNormal() for _ in range(2)]"}
    right = {"def f(): return keras.initializers.Zeros()", "g = lambda: keras.initializers.Zeros()"}
    finds = lambda tree: any(
        isinstance(node, ast.Call) and "initializers" in ast.unparse(node.func)
        for node in run_at_import(tree)
    )
    assert all(finds(ast.parse(text)) for text in made)
    assert not any(finds(ast.parse(text)) for text in right)
    assert not [name for name, tree in modules() if finds(tree)]


def test_no_script_hides_a_package():
    """A script's folder comes first in the search for modules, for TensorFlow's imports, too."""
    installed = {*sys.stdlib_module_names, *packages_distributions()}
    scripts = [
        path for name in ("benchmarks", "tutorials") for path in (ROOT.parent / name).glob("*.py")
    ]
    assert scripts
    assert not [path.name for path in scripts if path.stem in installed]
