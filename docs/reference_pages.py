"""The pages of the reference: one for each folder of tfgen, out of its `__all__`."""

import functools
import importlib
import inspect
import pkgutil

import tfgen
from tfgen import registry


@functools.cache
def folders() -> dict[str, object]:
    """`{name: module}` of the packages in tfgen, those in folders too."""
    found = pkgutil.walk_packages(tfgen.__path__, "tfgen.")
    return {each.name: importlib.import_module(each.name) for each in found if each.ispkg}


def address(thing: object) -> str | None:
    """Where the reference has a class or function: `tfgen.NADE`, `tfgen.layers.Maxout`; or None.

    What several folders export stands in the one whose file defines it.
    """
    name, home = getattr(thing, "__name__", None), getattr(thing, "__module__", None) or ""
    if registry.models().get(name) is thing:
        return f"tfgen.{name}"
    for folder in sorted(folders(), key=len, reverse=True):
        if home.startswith(f"{folder}."):
            exported = name in folders()[folder].__all__
            return f"{folder}.{name}" if exported else None
    return None


def summary(thing: object) -> str:
    """The first sentence of a docstring, for the cell of a table."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return text.replace("|", r"\|")


def autoclass(name: str, kind: type) -> list[str]:
    """The directive that documents a class, with what it has of parents that have no place."""
    names = {}
    for parent in kind.__mro__:
        if parent is not kind and (address(parent) or not parent.__module__.startswith("tfgen.")):
            break
        names |= {each: None for each, value in vars(parent).items() if _is_method(each, value)}
    members = [f"   :members: {', '.join(names)}"] if names else []
    return [f".. autoclass:: {name}", *members]


def _is_method(name, value):
    methods = (property, functools.cached_property, classmethod, staticmethod)
    function = callable(value) and not inspect.isclass(value)
    return not name.startswith("_") and (function or isinstance(value, methods))


def reference_pages() -> dict[str, str]:
    """`{name: MyST text}` of the folders, and of `reference`, which lists them."""
    pages = {name: _page(name, module) for name, module in folders().items()}
    lines = ["# The reference", "", "What each folder of tfgen exports.", ""]
    lines += ["| folder | |", "|---|---|"]
    lines += [f"| [{name}]({name}.md) | {summary(module)} |" for name, module in folders().items()]
    lines += ["", "```{toctree}", ":hidden:", "", *pages, "```", ""]
    return {**pages, "reference": "\n".join(lines)}


def _page(name, module):
    lines = [f"# {name}", "", summary(module), "", "| | |", "|---|---|"]
    own = []
    for exported in sorted(module.__all__, key=str.lower):
        thing = getattr(module, exported)
        if inspect.ismodule(thing):
            lines.append(f"| [{exported}]({thing.__name__}.md) | {summary(thing)} |")
            continue
        home = address(thing) or f"{name}.{exported}"
        lines.append(f"| {{py:obj}}`{exported} <{home}>` | {summary(thing)} |")
        if home == f"{name}.{exported}":
            own.append((exported, thing))
    lines += ["", "```{eval-rst}", f".. currentmodule:: {name}", ""]
    for exported, thing in own:
        kind = "class" if inspect.isclass(thing) else "function" if callable(thing) else "data"
        lines += autoclass(exported, thing) if kind == "class" else [f".. auto{kind}:: {exported}"]
        lines.append("")
    return "\n".join([*lines, "```", ""])
