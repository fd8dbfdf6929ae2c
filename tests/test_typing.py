"""A type checker reads tfgen's annotations as a user's script meets them."""

import re
from pathlib import Path

import pytest

import tfgen

RIGHT = """
import tempfile
from typing import assert_type

import numpy as np

import tfgen
from tfgen import GAN, VAE, PixelCNN
from tfgen.adversarial import NonSaturating
from tfgen.conditions import Classes
from tfgen.distributions import LogisticMixture
from tfgen.training import Picture
from tfgen.networks import DenseNetworks

x = np.zeros((4, 8, 8, 1), "float32")
y = np.array([0, 1, 2, 0])

head = LogisticMixture(5, 17)
vae = VAE.default((8, 8, 1), 2, DenseNetworks((4,)), likelihood=head)
assert_type(vae, VAE)
vae.compile(steps_per_execution=2)
history = vae.fit(x, batch_size=2, epochs=1, validation_split=0.5, verbose=0)
print(history.history["loss"])
print(vae.elbo(x, seed=0, batch_size=2), vae.encode(x), vae.reconstruct(x[:1]))
print(vae.joint().sample(seed=(0, 1)))

gan = GAN.default((8, 8, 1), latent_dim=2, hidden=(4,), loss_pair=NonSaturating())
gan.compile({"generator": "adam", "discriminator": "adam"})
gan.fit(x, verbose=0)
print(gan.discriminate(gan.sample(2, seed=0)))

sizes = {"num_features": 4, "num_layers": 1}
pixel_cnn = PixelCNN.default((8, 8, 1), levels=17, condition=Classes(3), **sizes)
assert_type(pixel_cnn, PixelCNN)
pixel_cnn.compile(learning_rate=1e-3)
pixel_cnn.fit(x, y, verbose=0)
print(pixel_cnn.evaluate(x, y, return_dict=True, verbose=0))
samples = pixel_cnn.sample(4, condition=1, seed=np.array([0, 1]))
print(pixel_cnn.log_prob(x, condition=y, batch_size=2))
print(pixel_cnn.distribution(1).sample(4).shape, pixel_cnn.complete(x, x > 2, condition=y).shape)
assert_type(tfgen.show(samples, num_columns=2), Picture)
with tempfile.TemporaryDirectory() as folder:
    pixel_cnn.export(folder + "/served")
    pixel_cnn.save(folder + "/model.keras")
"""

# What is wrong, and what the report says of it.
WRONG = {
    'VAE.default((8, 8, 1), likelihood="bce")': 'incompatible type "str"; expected "Head"',
    "PixelCNN.default((8, 8, 1), condition=3)": 'type "int"; expected "Condition | None"',
    "GAN.default((8, 8, 1), loss_pair=Bernoulli())": 'type "Bernoulli"; expected "LossPair"',
    'GAN.default((8, 8, 1), hidden="256")': 'type "str"; expected "Sequence[int]"',
    'Classes("ten")': 'incompatible type "str"; expected "int"',
    "model.sample(10, conditions=7)": 'Unexpected keyword argument "conditions"',
    "model.sample(10, 7)": "Too many positional arguments",
    "model.log_prob(x, batch=7)": 'Unexpected keyword argument "batch"',
    "model.compile(rate=1e-3)": 'Unexpected keyword argument "rate"',
    'model.compile(loss="mse")': 'incompatible type "str"; expected "None"',
    "model.fit(x, epoch=3)": 'Unexpected keyword argument "epoch"',
    "tfgen.show(x, columns=3)": 'Unexpected keyword argument "columns"',
}
BEGINNING = """import numpy as np

import tfgen
from tfgen import GAN, VAE, PixelCNN
from tfgen.conditions import Classes
from tfgen.distributions import Bernoulli

x = np.zeros((4, 8, 8, 1), "float32")
model = PixelCNN.default((8, 8, 1), condition=Classes(10))
"""


@pytest.fixture
def mypy(tmp_path, python):
    """Checks a script with mypy, as where tfgen is installed; gives the lines of its report."""
    # TensorFlow, Keras and TensorFlow Probability come without types.
    options = ("--strict", "--ignore-missing-imports", "--follow-imports=silent")
    (tmp_path / "path").mkdir()
    (tmp_path / "path/tfgen").symlink_to(Path(tfgen.__file__).parent, target_is_directory=True)

    def check(source):
        (tmp_path / "script.py").write_text(source)
        done = python("-m", "mypy", *options, "script.py", check=False, MYPYPATH="path")
        assert not done.stderr
        return done.stdout.splitlines()

    return check


def test_a_right_script_passes_and_runs(mypy, python):
    assert mypy(RIGHT) == ["Success: no issues found in 1 source file"]
    python("-c", RIGHT)


def test_each_wrong_line_is_reported(mypy):
    report = mypy(BEGINNING + "\n".join(WRONG))
    found = [re.fullmatch(r"script\.py:(\d+): error: (.*)", line) for line in report]
    errors = {int(line[1]) - BEGINNING.count("\n") - 1: line[2] for line in found if line}
    assert sorted(errors) == list(range(len(WRONG))), report
    for index, (source, message) in enumerate(WRONG.items()):
        assert message in errors[index], source
