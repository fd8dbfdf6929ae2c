"""Training runs: callbacks that write what a run leaves, and the run as a whole."""

from tfgen.training.checkpoint import Checkpoint, save_atomically
from tfgen.training.history import History, read_history
from tfgen.training.pictures import image_grid, save_curves, save_grid
from tfgen.training.run import evaluate, load_run, train
from tfgen.training.tensorboard import TensorBoard

__all__ = [
    "Checkpoint",
    "History",
    "TensorBoard",
    "evaluate",
    "image_grid",
    "load_run",
    "read_history",
    "save_atomically",
    "save_curves",
    "save_grid",
    "train",
]
