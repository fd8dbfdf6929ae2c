"""Training runs: callbacks that write what a run leaves, and the run as a whole."""

from tfgen.training.best_epoch import BestEpoch
from tfgen.training.checkpoint import Checkpoint, save_atomically
from tfgen.training.curves import save_curves
from tfgen.training.fidelity_monitor import FidelityMonitor
from tfgen.training.history import History, read_history
from tfgen.training.pictures import Picture, image_grid, save_grid, show
from tfgen.training.run import load_run, train
from tfgen.training.run_anomaly import anomaly
from tfgen.training.run_evaluation import evaluate
from tfgen.training.run_fidelity import evaluate_fidelity
from tfgen.training.run_folder import RunFolder
from tfgen.training.run_judge import make_judge
from tfgen.training.run_pictures import draw
from tfgen.training.stopwatch import Stopwatch
from tfgen.training.tensorboard import TensorBoard
from tfgen.training.terminate_on_non_finite import TerminateOnNonFinite

__all__ = [
    "BestEpoch",
    "Checkpoint",
    "FidelityMonitor",
    "History",
    "Picture",
    "RunFolder",
    "Stopwatch",
    "TensorBoard",
    "TerminateOnNonFinite",
    "anomaly",
    "draw",
    "evaluate",
    "evaluate_fidelity",
    "image_grid",
    "load_run",
    "make_judge",
    "read_history",
    "save_atomically",
    "save_curves",
    "save_grid",
    "show",
    "train",
]
