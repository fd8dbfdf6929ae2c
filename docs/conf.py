"""How Sphinx builds the site: `python -m sphinx -W -c docs . site`.

Its source is the whole repository, so that a link from one file to another is the same link on the
code host and here.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from model_pages import model_pages  # noqa: E402
from reference_pages import reference_pages  # noqa: E402

from tfgen import __version__  # noqa: E402

project = "tfgen"
version = release = __version__
root_doc = "docs/index"
include_patterns = ["docs/**", "tutorials/*", "reference/**", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = [".*", "**/.*", "build", "dist", "runs", "site", "tests", "tfgen", "tfgen_cli"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docstrings"]

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
    """Writes what is made of docstrings; a page that stayed the same keeps its time."""
    pages = {**model_pages(HERE), **reference_pages()}
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _list_notebooks(app, docname, source):
    """The order of the notebooks is that of the links of their page."""
    if docname == "tutorials/README":
        links = "\n".join(re.findall(r"\]\((\w+)\.ipynb\)", source[0]))
        source[0] += f"\n```{{toctree}}\n:hidden:\n\n{links}\n```\n"


def _ask_for_classes(app, doctree):
    """What Markdown quotes as `NADE` or `DDIM(50)` leads to the class, if there is one."""
    for node in list(doctree.findall(nodes.literal)):
        name = re.fullmatch(r"([A-Z]\w*)(\(.*\))?", node.astext())
        if name and not isinstance(node.parent, (nodes.reference, nodes.title, pending_xref)):
            where = {"refdomain": "py", "reftype": "obj", "reftarget": name[1]}
            where |= {"refdoc": app.env.current_document.docname, "refwarn": False}
            node.replace_self(pending_xref("", node.deepcopy(), **where))


def _find_class(app, env, node, content):
    """A class goes by its name alone, in whatever folder it is: no two have the same."""
    target = node.get("reftarget", "")
    if not re.fullmatch(r"[A-Z]\w*", target):
        return None
    for name, entry in env.domains.python_domain.objects.items():
        if entry.objtype == "class" and name.rpartition(".")[2] == target:
            place = (app.builder, node["refdoc"], entry.docname, entry.node_id)
            return make_refnode(*place, content, name)
    return None


def _write_mathml(as_block):
    def visit(translator, node):
        text = latex2mathml.tex2mathml(node.astext(), as_block=as_block)
        # Browsers set functions without the space that LaTeX leaves on both sides.
        space = '<mspace width="0.1667em"></mspace>'
        function = r"(<mi>[a-z]{2,}</mi>)\s*<mo>&ApplyFunction;</mo>"
        translator.body.append(re.sub(function, rf"{space}\1{space}", text))
        raise nodes.SkipNode

    return visit, None


def _lead_to_the_start(app, exception):
    """Whoever opens the folder comes to the first page."""
    text = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
    (Path(app.outdir) / "index.html").write_text(text)


def setup(app):
    _write_pages(Path(app.srcdir) / "reference")
    app.add_html_math_renderer("mathml", _write_mathml(False), _write_mathml(True))
    app.connect("source-read", _list_notebooks)
    app.connect("doctree-read", _ask_for_classes)
    app.connect("missing-reference", _find_class)
    app.connect("build-finished", _lead_to_the_start)
