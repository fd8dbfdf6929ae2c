"""What README.md, CONTRIBUTING.md and docs/ say is so."""

import ast
import re
from pathlib import Path

import pytest
from test_layout import FLOORS

import tfgen
from tfgen import cli, registry
from tfgen.core import GenerativeModel, SamplingModel

ROOT = Path(tfgen.__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PAGES = {path.stem: path.read_text() for path in (ROOT / "docs").rglob("*.md")}
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for folder in (ROOT, ROOT / "docs", ROOT / "docs/how-to", ROOT / "tutorials")
    for path in sorted(folder.glob("*.md"))
]
WINGS = {
    "AutoregressiveModel": tfgen.autoregressive.AutoregressiveModel,
    "EncodingModel": tfgen.latent.EncodingModel,
    "PriorSamplingModel": tfgen.latent.PriorSamplingModel,
    "LatentModel": tfgen.latent.LatentModel,
    "AdversarialModel": tfgen.adversarial.AdversarialModel,
    "DiffusionModel": tfgen.diffusion.DiffusionModel,
}


def section(text, title):
    """What stands below a title, up to the next one of its level or above."""
    [level] = re.findall(rf"^(#+) {re.escape(title)}$", text, re.M)
    below = text.split(f"{level} {title}\n", 1)[1]
    return re.split(rf"^#{{1,{len(level)}}} ", below, flags=re.M)[0]


def rows(text):
    """The cells of the tables of a text, without the lines below their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|") and "|---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell):
    """The code that a cell quotes, up to a bracket."""
    return [re.match(r"\w*", code)[0] for code in re.findall(r"`([^`]+)`", cell)]


def test_the_table_of_models_is_that_of_the_package():
    listed = {
        (name, wing, density)
        for cells, wing, density, *_ in rows(section(README, "Models"))[1:]
        for name in names(cells)
    }
    assert listed == {(name, wing, density) for name, wing, density, _ in registry.table()}


def test_the_models_that_take_a_condition_are_named():
    [sentence] = re.findall(r"^(.*) take one\.", PAGES["conditions"], re.M)
    expected = {name for name, model in registry.models().items() if model.takes_condition}
    assert set(names(sentence)) == expected


def test_the_tree_has_the_floors_of_the_imports():
    listed = re.findall(r"^  (\w+)/? +floor (\d)", PAGES["design"], re.M)
    assert {name: int(floor) for name, floor in listed} == FLOORS


def test_the_command_line_has_the_options_that_are_listed():
    synopsis = re.search(r"```text\n(.*?)```", PAGES["command-line"], re.S)[1]
    for command in re.split(r"^tfgen ", synopsis, flags=re.M)[1:]:
        parameters = cli.main.commands[command.split()[0]].params
        options = {name for p in parameters for name in p.opts if name.startswith("-")}
        assert set(re.findall(r"(?<!\w)--?[a-z-]+", command)) == options
    listed = re.findall(r"^tfgen (\w+)", synopsis, re.M)
    assert sorted(listed) == sorted(cli.main.commands)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_code_of_a_document_are_whole(document):
    text, folder = (ROOT / document).read_text(), (ROOT / document).parent
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if ":" not in target:
            assert (folder / path).exists(), target
            titles = re.findall(r"^#+ (.*)$", (folder / path).read_text(), re.M) if anchor else ()
            assert not anchor or anchor in [t.lower().replace(" ", "-") for t in titles]
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        ast.parse(block)


def abstract(kind):
    return set(kind.__abstractmethods__)


def test_every_abstract_method_of_a_model_is_what_it_must_supply():
    must = section(CONTRIBUTING, "Every model: `GenerativeModel`").split("| may |")[0]
    listed = {name for row in rows(must)[1:] for name in names(row[0])}
    assert abstract(GenerativeModel) <= listed
    sampling = rows(section(CONTRIBUTING, "Models that draw x: `SamplingModel`"))[1]
    generate = names(sampling[0])[0]
    assert abstract(SamplingModel) == abstract(GenerativeModel) - {"preview", "signatures"} | {
        generate
    }


def test_each_wing_asks_for_what_is_abstract_and_gives_the_rest():
    table = {names(row[0])[0]: row for row in rows(section(CONTRIBUTING, "The wings"))[1:]}
    assert set(table) == set(WINGS)
    for name, (_, must, gets) in table.items():
        kind = WINGS[name]
        assert abstract(kind) - {"default_optimizers"} <= set(names(must)), name
        for given in names(gets):
            assert callable(getattr(kind, given)) and given not in abstract(kind), given


def test_the_readme_leads_to_every_page_and_is_short_before_its_table():
    linked = set(re.findall(r"\]\(([^)#]+)\)", README))
    assert {name for name in DOCUMENTS if name.startswith("docs/")} <= linked
    # Three screens of forty lines.
    assert len(README.split("## Models")[0].splitlines()) <= 120
