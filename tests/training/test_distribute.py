import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

import tfgen
from tfgen.training import RunFolder, load_run, read_history, train
from tfgen.training.distribute import Devices

# Without draws in its loss, and with 1298 images in batches of 100, the last one of 98.
BUILD = """
import tensorflow as tf
import tfgen
from tfgen.training import train

def build(info):
    return tfgen.NADE.default(info.event_shape, num_hidden=4)

def run(epochs, output, distribute, resume=False, binarize=None):
    train(
        build, "digits", epochs=epochs, output=output, distribute=distribute, resume=resume,
        binarize=binarize, verbose=0,
    )
"""
TWO_CPUS = """
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""


def weights(folder):
    return load_run(folder).get_weights()


def assert_close(one, other):
    """The same training up to the order of summation."""
    for a, b in zip(*(read_history(f / "history.csv") for f in (one, other)), strict=True):
        assert a.keys() == b.keys() and a.pop("seconds") > 0 < b.pop("seconds")
        np.testing.assert_allclose(list(a.values()), list(b.values()), rtol=1e-4)
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)


@pytest.fixture(scope="module", params=["threshold", "stochastic"])
def alone(request, tmp_path_factory):
    """Two epochs on one device, of arrays and of a data set."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    build = lambda info: tfgen.NADE.default(info.event_shape, num_hidden=4)
    train(build, "digits", epochs=2, output=folder, binarize=request.param, verbose=0)
    return folder, request.param


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_devices_train_as_one_does(alone, tmp_path, python):
    folder, binarize = alone
    code = f"""{BUILD}{TWO_CPUS}
run(2, "whole", "mirrored", binarize={binarize!r})
run(1, "parts", "mirrored", binarize={binarize!r})
run(2, "parts", "mirrored", resume=True, binarize={binarize!r})
assert tf.config.list_logical_devices("CPU")[1:]
"""
    python("-c", code)
    assert_close(tmp_path / "whole", folder)
    assert files(tmp_path / "whole") == files(folder)
    for a, b in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert RunFolder(tmp_path / "parts").to_do() == []


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def on_two_workers(codes, folder):
    """Runs a program on each of two workers."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    processes = []
    for index, code in enumerate(codes):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": config},
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
    try:
        errors = [process.communicate(timeout=240)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)


@pytest.mark.parametrize("alone", ["threshold"], indirect=True)
def test_two_workers_train_as_one_does_and_the_chief_alone_writes(alone, tmp_path):
    folder, _ = alone
    first = [f"{BUILD}\nrun(1, {output!r}, 'multi-worker')" for output in ("run", "other")]
    on_two_workers(first, tmp_path)
    assert files(tmp_path) == ["run"]
    assert files(tmp_path / "run") == files(folder)
    # Now both read the chief's checkpoint.
    second = f"{BUILD}\nrun(2, 'run', 'multi-worker', resume=True)"
    on_two_workers([second, second], tmp_path)
    assert files(tmp_path / "run") == files(folder)
    assert RunFolder(tmp_path / "run").to_do() == []
    assert_close(tmp_path / "run", folder)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="mirrored.*Received: 'all'"):
        Devices("all")


def test_a_run_goes_on_as_it_was_distributed(alone):
    folder, binarize = alone
    build = lambda info: tfgen.NADE.default(info.event_shape, num_hidden=4)
    options = dict(epochs=2, output=folder, binarize=binarize, resume=True, distribute="mirrored")
    with pytest.raises(ValueError, match="distribute=None. Received: distribute='mirrored'"):
        train(build, "digits", **options)
    assert keras.saving.load_model(folder / "checkpoint.keras").epochs_seen == 2
