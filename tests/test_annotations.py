"""Public signatures say their types: every argument, and what comes back."""

import ast
from pathlib import Path

import pytest

import tfgen

ROOT = Path(tfgen.__file__).parent


def public_functions(body, prefix=""):
    """Name and node of the functions, methods and constructors that users may call."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name == "__init__" or not node.name.startswith("_"):
                yield prefix + node.name, node
        elif isinstance(node, (ast.If, ast.Try)):
            yield from public_functions(node.body, prefix)
            yield from public_functions(node.orelse, prefix)


def untyped(name, node):
    """The arguments without a type, and "return"; not the object of a method."""
    arguments = node.args.posonlyargs + node.args.args
    decorators = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    if "." in name and "staticmethod" not in decorators:
        arguments = arguments[1:]
    arguments = [*arguments, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    missing = [each.arg for each in arguments if each is not None and each.annotation is None]
    return missing + ["return"] * (node.returns is None)


def public_signatures(source):
    return {name: untyped(name, node) for name, node in public_functions(ast.parse(source).body)}


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_public_signatures_say_their_types(path):
    missing = {name: what for name, what in public_signatures(path.read_text()).items() if what}
    assert not missing


def test_the_check_sees_what_it_should():
    source = """
def public(a, b: int, *c, d=1, **e: int): ...
def _private(a): ...
def outer() -> int:
    def nested(a): ...
class Public:
    def __init__(self, a: int): ...
    def __eq__(self, other): ...
    @staticmethod
    def static(a) -> None: ...
    @classmethod
    def made(cls, a) -> None: ...
    @property
    def value(self): ...
    def _private(self, a): ...
class _Private:
    def method(self, a): ...
"""
    assert public_signatures(source) == {
        "public": ["a", "d", "c", "return"],
        "outer": [],
        "Public.__init__": ["return"],
        "Public.static": ["a"],
        "Public.made": ["a"],
        "Public.value": ["return"],
    }
