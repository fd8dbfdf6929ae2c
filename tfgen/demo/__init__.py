"""A page to play on with trained models: what a model can do becomes a control."""

from tfgen.demo.control import Control, Result
from tfgen.demo.examples import Examples, held_out
from tfgen.demo.playground import Playground, controls_of, open_run

__all__ = ["Control", "Examples", "Playground", "Result", "controls_of", "held_out", "open_run"]
