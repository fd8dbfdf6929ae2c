"""What an index shows of tfgen, and what the archives hold."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import tfgen

ROOT = Path(tfgen.__file__).parent.parent


def test_the_page_of_an_index_links_to_nothing_that_is_not_there():
    command = [sys.executable, "setup.py", "--long-description"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    readme = (ROOT / "README.md").read_text()
    title = re.compile(r"^## (.*)$", re.M)
    assert title.findall(done.stdout) == title.findall(readme)
    assert not re.findall(r"\]\((?!#|https?:)[^)]+\)", done.stdout)
    assert "![" not in done.stdout and "![" in readme


def test_the_source_archive_has_what_the_tests_read(tmp_path):
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", tmp_path, "sdist"]
    subprocess.run([*command, "--dist-dir", tmp_path], cwd=ROOT, capture_output=True, check=True)
    [path] = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    there = {
        str(path.relative_to(ROOT))
        for folder in ("tfgen", "tfgen_cli", "tests", "tutorials", "docs", "benchmarks")
        for path in (ROOT / folder).rglob("*.*")
        if path.is_file() and path.suffix != ".pyc" and ".ipynb_checkpoints" not in path.parts
    }
    assert there <= held
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= held
    assert not [name for name in held if "__pycache__" in name or name.endswith(".pyc")]
