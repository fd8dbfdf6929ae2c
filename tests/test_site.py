"""The site is built without a warning, is whole, and needs nothing from elsewhere."""

import importlib
import pkgutil
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import tfgen
from tfgen import registry

ROOT = Path(tfgen.__file__).parent.parent
SOURCES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "tutorials")


class Page(HTMLParser):
    """The places, links and loaded files of a page, and its words."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded, self.words = set(), set(), set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id"))
        if tag == "a":
            self.links.add(found.get("href") or "")
        elif "src" in found or tag == "link":
            self.loaded.add(found.get("src") or found["href"])

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """`{path: Page}` of the site, built from a copy, as pages are written beside the sources."""
    source, built = (tmp_path_factory.mktemp(name) for name in ("source", "site"))
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-c", "docs", ".", built]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in built.rglob("*.html")}


def test_every_link_leads_somewhere(site):
    for path, page in site.items():
        for link in page.links | page.loaded:
            if urlsplit(link).scheme:
                continue
            target = (path.parent / unquote(urlsplit(link).path)).resolve()
            target = path if not urlsplit(link).path else target
            assert target.exists(), (path, link)
            if urlsplit(link).fragment and target in site:
                assert unquote(urlsplit(link).fragment) in site[target].ids, (path, link)


def test_nothing_is_loaded_from_elsewhere(site):
    for path, page in site.items():
        assert not [link for link in page.loaded if urlsplit(link).scheme not in ("", "data")], path


def test_the_reference_has_all_that_tfgen_exports(site):
    places = set().union(*(page.ids for page in site.values()))
    folders = [each.name for each in pkgutil.walk_packages(tfgen.__path__, "tfgen.") if each.ispkg]
    assert len(folders) > 12
    for folder in folders:
        module = importlib.import_module(folder)
        for name in module.__all__:
            thing = getattr(module, name)
            # The file that defines it, the folders around it, and the one that exports it.
            parts = getattr(thing, "__module__", folder).split(".")
            homes = {".".join(parts[:length]) for length in range(1, len(parts))} | {folder}
            found = {f"{home}.{name}" for home in homes} & places
            assert found or thing.__name__ in folders, f"{folder}.{name}"


@pytest.mark.parametrize("name", registry.models())
def test_every_model_has_a_page_with_its_paper_and_its_example(site, name):
    [page] = [page for path, page in site.items() if path.name == f"{name}.html"]
    words = " ".join("".join(page.words).split())
    assert registry.find_model(name).paper in words
    assert f"{name}.default(" in words
    assert f"tfgen.{name}" in page.ids
    # On this page, or on that of the parent that has it.
    assert [link for link in page.links if link.endswith(".default")]


def test_the_pages_have_the_pictures_and_figures_of_their_models(site):
    pages = {path.name: page for path, page in site.items()}
    pictures = lambda name: {Path(link).name for link in pages[name].loaded}
    assert {"ddpm.png", "denoising.png"} <= pictures("DDPM.html")
    assert {"puzzle_gan.png", "puzzle_gan_fashion.png"} <= pictures("PuzzleGAN.html")
    assert "87.66 (exact)" in pages["NADE.html"].words
    assert "87.66 (exact)" not in pages["VAE.html"].words
    assert "0.0165" in pages["CycleGAN.html"].words


def test_equations_of_the_tutorials_are_drawn(site):
    text = "".join(path.read_text() for path in site if path.parent.name == "tutorials")
    assert "<math" in text and "$p(x)$" not in text
