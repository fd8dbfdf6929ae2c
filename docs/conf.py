"""How Sphinx builds the site: `python -m sphinx -W -c docs . site`.

Its source is the whole repository, so that a link from one file to another is the same link on the
code host and here.
"""

import inspect
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.util.inspect import stringify_signature

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from model_pages import model_pages  # noqa: E402
from reference_pages import reference_pages  # noqa: E402

from tfgen import __version__, registry  # noqa: E402

project = "tfgen"
version = release = __version__
root_doc = "docs/index"
include_patterns = ["docs/**", "tutorials/*", "reference/**", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = [".*", "**/.*", "build", "dist", "runs", "site", "tests", "tfgen", "tfgen_cli"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

html_theme = "furo"
html_title = "tfgen"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
# Browsers draw MathML: pages need no script from elsewhere.
html_math_renderer = "mathml"
pygments_style = "friendly"

nb_execution_mode = "off"  # the notebooks hold their outputs, and tests execute them
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

# Docstrings quote code as Markdown does; what names a thing of the reference links to it.
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # Args says it in words
maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def _write_pages(folder):
    """Writes what is made of the package's docstrings; pages that stayed the same keep their time."""
    pages = {**model_pages(HERE), **reference_pages()}
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _keep_colons(app, what, name, obj, options, lines):
    """Napoleon takes what stands before a colon, in the first line of a property, for its type."""
    if what in ("attribute", "data", "property") and lines:
        lines[0] = f": {lines[0]}"


def _to_rest(app, what, name, obj, options, lines):
    """Says in reStructuredText what docstrings leave to their reader."""
    text = "\n".join(lines)
    # An equation is a block of its own, line by line.
    text = re.sub(r"^([^:.\s].*)\n\n(?=    \S)", r"\1\n\n::\n\n", text, flags=re.M)
    # What a layer takes and gives stands like its arguments.
    text = re.sub(r"^(Input|Output): ", r":\1: ", text, flags=re.M)
    # Norms are |x|, which would be a substitution, and products a * b, which would be emphasis.
    kept = r"^ *>>> .*?(?:\n\s*\n|\Z)|^::\n\n(?:    [^\n]*\n|\n)*|`[^`]*`|^ *\* |\\[*|]|\*\*\w+\*\*"
    escape = lambda found: found[1] or rf"\{found[2]}"
    lines[:] = re.sub(f"({kept})|([*|])", escape, text, flags=re.M | re.S).splitlines()


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


def _list_notebooks(app, docname, source):
    """The order of the notebooks is that of the links of their page."""
    if docname == "tutorials/README":
        links = "\n".join(re.findall(r"\]\((\w+)\.ipynb\)", source[0]))
        source[0] += f"\n```{{toctree}}\n:hidden:\n\n{links}\n```\n"


def _link_models(app, doctree):
    """The names of models in Markdown lead to their pages."""
    for node in list(doctree.findall(nodes.literal)):
        inside = isinstance(node.parent, (nodes.reference, nodes.title))
        if node.astext() in registry.models() and not inside:
            docname = app.env.path2doc(doctree["source"])
            page = app.builder.get_relative_uri(docname, f"reference/{node.astext()}")
            node.replace_self(nodes.reference("", "", node.deepcopy(), refuri=page, internal=True))


def _write_mathml(as_block):
    def visit(translator, node):
        translator.body.append(latex2mathml.tex2mathml(node.astext(), as_block=as_block))
        raise nodes.SkipNode

    return visit, None


def _lead_to_the_start(app, exception):
    """Whoever opens the folder comes to the first page."""
    text = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
    (Path(app.outdir) / "index.html").write_text(text)


def setup(app):
    _write_pages(Path(app.srcdir) / "reference")
    app.add_html_math_renderer("mathml", _write_mathml(False), _write_mathml(True))
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before Napoleon
    app.connect("autodoc-process-docstring", _to_rest)
    app.connect("autodoc-process-signature", _constructor)
    app.connect("autodoc-skip-member", _skip_foreign)
    app.connect("source-read", _list_notebooks)
    app.connect("doctree-read", _link_models)
    app.connect("build-finished", _lead_to_the_start)
