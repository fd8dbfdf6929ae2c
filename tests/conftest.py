import os
import subprocess
import sys

import keras
import pytest


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


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
