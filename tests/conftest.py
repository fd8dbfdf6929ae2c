import os
import re
import shutil
import subprocess
import sys

import keras
import pytest

# No test asks another host, whatever optional packages are installed.
os.environ["HF_HUB_OFFLINE"] = "1"


def _group(nodeid):
    """Tests that share what is dear to make: a file's, and of the contract's a model's.

    Tutorials share nothing, and neither do the pages of the documentation.
    """
    file, _, test = nodeid.partition("::")
    if file.endswith(("test_tutorials.py", "test_code_blocks.py")):
        return nodeid
    model = re.search(r"\[(.+?)(-mixed_\w+)?\]$", test) if "test_contract" in file else None
    return f"{file}[{model[1]}]" if model else file


# Files that take long come first, so that all workers end together.
_LONG = ("tests/training/test_run.py", "tests/core/test_distribution.py", "tests/test_tutorials.py")


def pytest_collection_modifyitems(items):
    groups = {}
    for item in items:
        groups.setdefault(_group(item.nodeid), []).append(item)
    order = sorted(groups, key=lambda group: not group.startswith(_LONG))
    items[:] = [item for group in order for item in groups[group]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n`: a group's tests run on one worker."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _group(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that logs what a page loads and complains of."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("there is no Chromium with its driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--window-size=1300,1400")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(driver)) as browser:
        yield browser


@pytest.fixture
def python(tmp_path):
    """Runs Python code or a module in a fresh process; gives what it printed."""

    def run(*arguments, check=True, **environment):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            capture_output=True,
            text=True,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr)
        return done

    return run
