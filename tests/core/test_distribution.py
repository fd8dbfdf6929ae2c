"""Several devices and several processes train what one device trains."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from core import distributed_training
from core.distributed_training import CASES, Residuals, arrays, data, dataset, draws, make

from tfgen.conditions import Classes

SCRIPT = distributed_training.__file__


def start(name, folder, **environment):
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, SCRIPT, name, str(folder)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_ports(count):
    with_ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in with_ports]
    for each in with_ports:
        each.close()
    return ports


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders of what was trained: on one device, two of a process, two processes."""
    folder = tmp_path_factory.mktemp("trained")
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    running = [start("mirrored", folder / "mirrored")]
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        running.append(start("workers", folder / f"worker{index}", TF_CONFIG=json.dumps(task)))
    try:
        (folder / "one").mkdir()
        distributed_training.main("one", folder / "one")
        for process in running:
            printed, _ = process.communicate(timeout=300)
            assert process.returncode == 0, printed
    finally:
        for process in running:
            process.kill()
    return folder


def load(folder, case):
    return dict(np.load(folder / f"{case}.npz"))


@pytest.mark.parametrize("case", [case.__name__ for case in CASES])
@pytest.mark.parametrize("name", ["mirrored", "worker0", "worker1"])
def test_a_strategy_trains_what_one_device_trains(trained, name, case):
    """Weights, statistics, averages, states of optimizers and generators; terms."""
    expected, found = (load(trained / each, case) for each in ("one", name))
    assert sorted(found) == sorted(expected)
    for key, value in expected.items():
        copies = 2 if name == "mirrored" and not key.startswith("history") else 1
        assert found[key].shape == (copies, *value.shape[1:])
        np.testing.assert_allclose(
            found[key], np.broadcast_to(value, found[key].shape), rtol=1e-5, atol=1e-5, err_msg=key
        )


@pytest.mark.parametrize("name", ["one", "mirrored", "worker0", "worker1"])
def test_a_model_that_was_saved_goes_on_bit_for_bit(trained, name):
    whole, resumed = (load(trained / name, case) for case in ("arrays", "resumed"))
    assert sorted(resumed) == sorted(whole)
    for key, value in whole.items():
        np.testing.assert_array_equal(resumed[key], value, err_msg=key)


@pytest.mark.parametrize("name", ["mirrored", "worker0", "worker1"])
def test_replicas_draw_apart_and_their_generators_stay_together(trained, name):
    one, found = (load(trained / each, "draws") for each in ("one", name))
    kernels = [value[0, :, 0] for key, value in found.items() if key.endswith("kernel")]
    assert len(kernels) == 2
    for kernel in kernels:
        assert np.any(kernel[:8] != kernel[8:])
    states = [key for key in found if key.endswith("state")]
    assert len(states) == 2
    for key in states:
        np.testing.assert_array_equal(found[key], np.broadcast_to(one[key], found[key].shape))


@pytest.mark.parametrize("name", ["mirrored", "worker0", "worker1"])
def test_replicas_share_the_statistics_of_keras_s_batch_normalization(trained, name):
    """The mean over the parts of their means and of their variances; a part has 8 of 16 vectors."""
    found = load(trained / name, "draws")
    [mean], [variance] = (
        [value for key, value in found.items() if key.endswith(kind)]
        for kind in ("mean", "variance")
    )
    np.testing.assert_allclose(mean, np.full(mean.shape, 1 / 16))
    np.testing.assert_allclose(variance, np.full(mean.shape, (1 / 8 - 1 / 64) / 2))


def test_one_device_under_a_strategy_is_one_device():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    for case in (arrays, draws):
        (one, terms), (other, same_terms) = (case(each, None) for each in (None, strategy))
        np.testing.assert_equal(terms, same_terms)
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    unit_vectors = np.eye(16, dtype="float32")
    assert one.evaluate(unit_vectors, verbose=0) == other.evaluate(unit_vectors, verbose=0)


def test_what_a_strategy_cannot_do_is_refused():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with pytest.raises(ValueError, match="jit_compile=False under OneDeviceStrategy.*Received"):
        make(strategy, jit_compile=True)
    with pytest.raises(ValueError, match="a MirroredStrategy.*Received: CentralStorageStrategy"):
        make(tf.distribute.experimental.CentralStorageStrategy(["CPU:0"]))
    model = make(strategy)
    with pytest.raises(ValueError, match="whole batches.*Received: DistributedDataset"):
        model.fit(strategy.experimental_distribute_dataset(dataset(5)))
    for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
        with strategy.scope():
            model.compile(keras.optimizers.SGD(0.1, use_ema=True, **{name: 2}))
        with pytest.raises(ValueError, match=f"expected no {name}.*Received: {name}=2"):
            model.fit(*data(), batch_size=5)


def test_a_model_from_outside_of_the_scope_is_refused():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    model = make(None)
    with strategy.scope(), pytest.raises(ValueError, match="in the scope.*Received: a Residuals"):
        model.fit(*data(), batch_size=5)
    with strategy.scope():
        model = Residuals(condition=Classes(4))
    model.compile()
    with pytest.raises(ValueError, match="in the scope.*Received: a Residuals"):
        model.train_on_batch(*data())
