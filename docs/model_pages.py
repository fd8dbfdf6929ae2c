"""The pages of the models: one for each, out of its docstring, the gallery and the measurements."""

import inspect
import re
from pathlib import Path

from reference_pages import address, autoclass, summary

from tfgen import registry

_SAYS = {
    "exact": "`log_prob` is exact",
    "bound": "`elbo` bounds log p(x)",
    "implicit": "it can be sampled alone",
    "none": "it is no distribution of x",
}


def model_pages(docs: Path) -> dict[str, str]:
    """`{name: MyST text}` of the models that `tfgen` exports, and of `models`, which lists them.

    Args:
        docs: the folder of `gallery.md` and `measured.md`.
    """
    gallery, measured = (docs / "gallery.md").read_text(), (docs / "measured.md").read_text()
    table = registry.table()
    pages = {name: _page(name, *rest, gallery, measured) for name, *rest in table}
    lines = ["# The models", "", "Each with its equation, its paper, an example, and what it has."]
    for wing in dict.fromkeys(row[1] for row in table):
        kinds = [name for name, of, *_ in table if of == wing]
        lines += [
            "",
            f"## {wing.capitalize()}",
            "",
            "| model | density | paper | |",
            "|---|---|---|---|",
        ]
        for name, of, density, paper in table:
            if of == wing:
                what = summary(registry.find_model(name))
                lines.append(f"| [{name}]({name}.md) | {density} | {paper} | {what} |")
        lines += ["", "```{toctree}", ":hidden:", "", *kinds, "```"]
    pages["models"] = "\n".join([*lines, ""])
    return pages


def _page(name, wing, density, paper, gallery, measured):
    kind = registry.find_model(name)
    lines = [
        f"# {name}",
        "",
        f'{wing.capitalize()}, density "{density}": {_SAYS[density]}. {paper}.',
        "",
    ]
    first, *more = _pictures(name, gallery) or [""]
    lines += [first, ""]
    lines += ["```{eval-rst}", *autoclass(f"tfgen.{name}", kind), "```", ""]
    lines += ["## Inherited methods", "", *_inherited(kind), ""]
    lines += ["## More samples", "", *more] if more else []
    found = _measured(name, measured)
    lines += ["## Measured", "", *found] if found else []
    return "\n".join([*lines, ""])


def _pictures(name, gallery):
    """Figures of a model's columns in the tables of the gallery, as MyST."""
    figures = []
    for block in gallery.split("\n\n"):
        rows = [line.strip("| ").split(" | ") for line in block.splitlines() if "|---" not in line]
        if not block.startswith("|"):
            continue
        for column, caption in enumerate(rows[0]):
            if f"`{name}`" in caption:
                cells = [re.match(r"!\[(.*)\]\((.*)\)", row[column]) for row in rows[1:]]
                figures += [
                    f"```{{figure}} ../docs/{cell[2]}\n:alt: {cell[1]}\n\n{caption}\n```\n"
                    for cell in cells
                ]
    return figures


def _inherited(kind):
    """A table of the public methods whose place is the page of a parent."""
    lines = ["| method | of | what it does |", "|---|---|---|"]
    seen = set()
    for place, parent in enumerate(kind.__mro__):
        if not parent.__module__.startswith("tfgen."):
            continue
        exported = [each for each in kind.__mro__[: place + 1] if address(each)]
        owner = [each for each in exported if issubclass(each, parent)][-1]
        for name in vars(parent):
            if name.startswith("_") or name in seen or not callable(getattr(kind, name)):
                continue
            seen.add(name)
            if owner is not kind:
                link = f"{{py:obj}}`{name} <{address(owner)}.{name}>`"
                what = summary(inspect.unwrap(getattr(kind, name)))
                lines.append(f"| {link} | `{owner.__name__}` | {what} |")
    return lines


def _measured(name, text):
    """What `measured.md` says of a model: sections that its title names it in, rows elsewhere."""
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title, body = section.split("\n", 1)
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        link = f"### [{title}](../docs/measured.md#{anchor})"
        if f"`{name}`" in title:
            yield from [f"### {title}", _from_docs(body)]
        else:
            for table in re.findall(r"(?:^\|.*\n)+", body, re.M):
                head, rule, *rows = table.splitlines()
                rows = [row for row in rows if f"`{name}`" in row.split(" | ")[0]]
                if rows:
                    yield from [link, "", head, rule, *rows, ""]


def _from_docs(text):
    """Links of a page in `docs/` as a page in `reference/` has them."""
    return re.sub(r"\]\((?!https?:|#)", "](../docs/", text)
