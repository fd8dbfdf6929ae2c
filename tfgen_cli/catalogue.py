"""What the source of tfgen says of its models, read without importing it."""

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Model(NamedTuple):
    """A model that `tfgen` exports.

    Attributes:
        name, wing, density, paper: as `tfgen models` lists them.
        settable: the arguments that `--set` has for it (see `tfgen.registry.settable`).
    """

    name: str
    wing: str
    density: str
    paper: str
    settable: list[str]


def models() -> dict[str, Model]:
    """`{name: Model}`, by wing and name."""
    found = [model for name in exported() if (model := read(name)) is not None]
    return {m.name: m for m in sorted(found, key=lambda model: (model.wing, model.name))}


def exported() -> dict[str, str]:
    """`{name: folder}` of what `tfgen` imports from its folders."""
    return {
        name: module for name, module in _imports("tfgen").items() if module.startswith("tfgen.")
    }


def read(name: str) -> Model | None:
    """One model; None where `tfgen` exports none of that name."""
    module = exported().get(name)
    if module is None:
        return None
    parents = list(_parents(name, module))
    density = _constant(parents, "density")
    if "GenerativeModel" not in {parent.name for parent in parents} or density is None:
        return None
    wing = module.split(".")[1]
    return Model(name, wing, density, _constant(parents, "paper") or "", _settable(parents))


def _settable(parents):
    names, passes_on = _parameters(_method(parents, "default"), skipped=2)
    if passes_on:
        for constructor in filter(None, (_method([parent], "__init__") for parent in parents)):
            more, passes_on = _parameters(constructor, skipped=1, with_values=True)
            names += [name for name in more if name not in names]
            if not passes_on:
                break
    takes_condition = _constant(parents, "takes_condition")
    return [name for name in names if name != "condition" or takes_condition]


def _parameters(function, skipped, with_values=False):
    """Names of the parameters behind the first ones, and whether others are passed on."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    none = [None] * (len(positional) - len(arguments.defaults))
    pairs = list(zip(positional, [*none, *arguments.defaults], strict=True))[skipped:]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    names = [each.arg for each, value in pairs if value is not None or not with_values]
    return names, arguments.kwarg is not None


def _method(parents, name):
    for parent in parents:
        for node in parent.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
    return None


def _constant(parents, name):
    for parent in parents:
        for node in parent.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            target = node.target if isinstance(node, ast.AnnAssign) else target
            if isinstance(target, ast.Name) and target.id == name:
                return node.value.value if isinstance(node.value, ast.Constant) else None
    return None


def _parents(name: str, module: str) -> Iterator[ast.ClassDef]:
    """The class and the classes of tfgen that it descends from, the nearest ones first."""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield node
            for base in node.bases:
                if isinstance(base, ast.Name):
                    yield from _parents(base.id, module)
            return
    source = _imports(module).get(name, "")
    if source.startswith("tfgen."):
        yield from _parents(name, source)


@functools.cache
def _imports(module):
    """`{name: module}` of what a module imports by `from module import name`."""
    return {
        alias.asname or alias.name: node.module
        for node in _tree(module).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@functools.cache
def _tree(module):
    path = _root().joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def _root():
    # Of a package that is not part of another one, this imports nothing.
    [folder] = importlib.util.find_spec("tfgen").submodule_search_locations
    return Path(folder)
