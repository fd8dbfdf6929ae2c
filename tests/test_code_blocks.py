"""Every block of code of the documentation runs: those of a page one after the other."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from click.testing import CliRunner

import tfgen
from tfgen_cli.main import main

ROOT = Path(tfgen.__file__).parent.parent
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "tutorials/*.md")
    for path in ROOT.glob(pattern)
)
# Blocks of a shell that do not run here: the line that each starts with, and who runs it.
ELSEWHERE = {
    "python3 -m venv .venv && .venv/bin/pip install . &&": "installs and trains: a user's first",
    'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" &&': "`.ci/run` is this command",
    'python3 -m venv .venv && .venv/bin/pip install -e ".[test]"\n': "the same, step by step",
    '.venv/bin/pip install -e ".[docs]" &&': "tests/test_site.py builds the site",
    '.venv/bin/pip install -e ".[tutorials]" &&': "tests/test_tutorials.py runs the notebooks",
}


def blocks(page):
    """`[(language, text), ...]` of the blocks of a page; of a directive its name, `{figure}`."""
    return re.findall(r"^```(\S*)[^\n]*\n(.*?)^```$", (ROOT / page).read_text(), re.M | re.S)


def runs(page):
    """The blocks of a page that this file runs."""
    for language, text in blocks(page):
        if language in ("python", "bash", "yaml") and not text.startswith(tuple(ELSEWHERE)):
            yield language, text


def run_shell(text):
    """Commands of tfgen run in this process, where they share its imports; others in a shell."""
    lines = text.replace("\\\n", " ").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    if all(command.startswith("tfgen ") for command in commands):
        for command in commands:
            words = shlex.split(command, comments=True)[1:]
            result = CliRunner().invoke(main, words, catch_exceptions=False)
            assert result.exit_code == 0, f"{command}\n{result.output}"
    else:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        command = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def short(monkeypatch, tmp_path):
    """A folder to run in, where a training is one epoch."""
    monkeypatch.chdir(tmp_path)
    fit = keras.Model.fit

    def one_epoch(model, *args, epochs=1, initial_epoch=0, **kwargs):
        epochs = min(epochs, initial_epoch + 1)
        return fit(model, *args, epochs=epochs, initial_epoch=initial_epoch, **kwargs)

    monkeypatch.setattr(keras.Model, "fit", one_epoch)


@pytest.mark.parametrize("page", [page for page in PAGES if list(runs(page))], ids=str)
def test_the_blocks_of_a_page_run(page, short):
    names = {"__name__": "__main__"}
    for language, text in runs(page):
        if language == "python":
            # Empty lines before it: a fault is reported at the line of the page.
            above = (ROOT / page).read_text().partition(text)[0].count("\n")
            exec(compile("\n" * above + text, page, "exec"), names)
        elif language == "bash":
            run_shell(text)
        else:
            # Its first line is its name.
            Path(re.match(r"# (\S+)\n", text)[1]).write_text(text)


def test_every_block_says_what_it_is_in():
    """What is not run is `text`, `py` that needs other packages, or a directive of the site."""
    for page in PAGES:
        for language, text in blocks(page):
            assert language in ("python", "py", "bash", "yaml", "text") or language[:1] == "{", text
            if language == "py":
                compile(text, page, "exec")


def test_what_runs_elsewhere_is_there():
    shell = [text for page in PAGES for language, text in blocks(page) if language == "bash"]
    for start in ELSEWHERE:
        assert [text for text in shell if text.startswith(start)], start
