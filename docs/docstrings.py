"""How docstrings are read: what they leave to their reader is said in reStructuredText."""

import inspect
import re

from sphinx.util.inspect import stringify_signature

# What keeps its | and *: examples, equations, code, bullets, and what Napoleon wrote.
_KEPT = r"""
    ^\ *>>>\ .*?(?:\n\s*\n|\Z)
    | ^\.\.\ code-block[^\n]*\n\n(?:\ {4}[^\n]*\n|\n)*
    | `[^`]*`
    | ^\ *\*\ 
    | \\[*|]
    | \*\*\w+\*\*
"""
_MARKS = re.compile(f"({_KEPT})|([*|])", re.M | re.S | re.X)


def _keep_colons(app, what, name, obj, options, lines):
    """Napoleon takes what stands before a colon, in the first line of a property, for its type."""
    if what in ("attribute", "data", "property") and lines:
        lines[0] = f": {lines[0]}"


def _to_rest(app, what, name, obj, options, lines):
    text = "\n".join(lines)
    # An equation is a block of its own, line by line.
    block = r"\1\n\n.. code-block:: text\n\n"
    text = re.sub(r"^([^:.\s].*)\n\n(?=    \S)", block, text, flags=re.M)
    # What a layer takes and gives stands like its arguments.
    text = re.sub(r"^(Input|Output): ", r":\1: ", text, flags=re.M)
    # An argument that is a letter, T., is no list.
    text = re.sub(r"^(:param \S+: \w)\.$", r"\1\\.", text, flags=re.M)
    # Norms are |x|, which would be a substitution, and products a * b, which would be emphasis.
    lines[:] = _MARKS.sub(lambda found: found[1] or rf"\{found[2]}", text).splitlines()


def _skip_foreign(app, what, name, obj, skip, options):
    """Methods that TensorFlow Probability and scikit-learn write into classes are theirs."""
    home = getattr(obj, "__module__", None) or "tfgen"
    return True if inspect.isroutine(obj) and not home.startswith("tfgen") else None


def _constructor(app, what, name, obj, options, signature, returns):
    """The signature of a model or a layer, which Keras's `__new__` hides."""
    if what == "class" and signature == "(*args, **kwargs)":
        found = inspect.signature(obj.__init__)
        parameters = list(found.parameters.values())[1:]
        found = found.replace(parameters=parameters, return_annotation=found.empty)
        return stringify_signature(found, show_annotation=False), None


def setup(app):
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before Napoleon
    app.connect("autodoc-process-docstring", _to_rest)
    app.connect("autodoc-process-signature", _constructor)
    app.connect("autodoc-skip-member", _skip_foreign)
