"""Packaging of tfgen."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "tfgen/__init__.py").read_text()).group(1)

INSTALL = [
    # The tests were run with the oldest and the newest version of each range, on Python 3.11.
    "tensorflow>=2.21,<2.22",  # tensors, gradients, tf.data, SavedModel
    "keras>=3.15,<3.16",  # models, layers, optimizers, fit
    "tensorflow-probability>=0.25,<0.26",  # every probability
    "tf-keras>=2.21,<2.22",  # TensorFlow Probability imports it; tfgen does not
    "setuptools; python_version >= '3.12'",  # TensorFlow Probability imports distutils
    "tensorflow-datasets>=4.9.10,<4.10",  # data sets by name
    "importlib_resources",  # tensorflow-datasets imports it without requiring it
    "numpy>=2.1,<3",  # arrays
    "scipy>=1.14,<2",  # linear algebra
    "scikit-learn>=1.6,<2",  # the bundled digits
    "matplotlib>=3.9,<4",  # curves of a run
    "pillow>=10.1",  # folders of images
    "rich>=13.9,<16",  # the table of `tfgen compare`
    "jinja2>=3.1,<4",  # its page
    "click>=8.1,<9",  # the command line
    "pyyaml>=6.0.1,<7",  # its arguments from a file
    "tensorboard>=2.20,<2.22",  # event files of a run
]
DEMO = ["gradio>=6.31,<7"]  # the page of `tfgen demo`
DOCS = [
    "sphinx>=9,<9.1",  # builds the site
    "furo>=2025.9.25",  # its theme
    "myst-nb>=1.4,<1.5",  # reads its Markdown, and the notebooks
]
TEST = [
    *DEMO,
    *DOCS,
    "pytest>=8,<10",  # runs the tests
    "pytest-xdist>=3.6,<4",  # on all cores
    "hypothesis>=6.100,<7",  # property tests
    "selenium>=4.27,<5",  # looks at pages, where there is a Chromium
    "mypy>=1.15,<3",  # reads the annotations as a user's editor does
    "ruff>=0.17,<0.18",  # lint and format
]
TUTORIALS = [
    "jupyter>=1.1,<2",  # opens the notebooks
    "nbclient>=0.10,<0.12",  # executes them in place
]
CLASSIFIERS = [
    "Development Status :: 3 - Alpha",
    "Intended Audience :: Developers",
    "Intended Audience :: Education",
    "Intended Audience :: Science/Research",
    "Operating System :: OS Independent",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
    "Programming Language :: Python :: 3.13",
    "Topic :: Scientific/Engineering :: Artificial Intelligence",
    "Typing :: Typed",
]


def description():
    """README.md where it stands alone: without pictures, and without links to what lies beside."""
    text = re.sub(r"^!\[.*\n\n", "", (HERE / "README.md").read_text(), flags=re.M)
    return re.sub(r"\[([^]]+)\]\((?!#|https?:)[^)]+\)", r"`\1`", text)


setup(
    name="tfgen",
    version=VERSION,
    description="Generative modelling for Keras",
    long_description=description(),
    long_description_content_type="text/markdown",
    author="The tfgen developers",
    license="Apache-2.0",
    classifiers=CLASSIFIERS,
    keywords="generative models, Keras, TensorFlow, VAE, GAN, diffusion, autoregressive",
    packages=find_packages(include=["tfgen", "tfgen.*", "tfgen_cli"]),
    package_data={"tfgen": ["py.typed", "comparison/page.html", "demo/*.css", "demo/painter.*"]},
    python_requires=">=3.11",  # Keras 3.15 needs it
    install_requires=INSTALL,
    extras_require={
        "demo": DEMO,
        "docs": DOCS,
        "test": TEST,
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],  # TensorFlow with NVIDIA's libraries
        "tutorials": TUTORIALS,
    },
    entry_points={"console_scripts": ["tfgen = tfgen_cli.main:main"]},
)
