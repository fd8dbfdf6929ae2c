"""Executes notebooks in place, so that their stored outputs are those of their cells.

    python tutorials/execute.py tutorials/*.ipynb

Needs what `pip install -e ".[tutorials]"` installs.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def execute(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, coalesce_streams=True, record_timing=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # TensorFlow tells of its devices there.
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        execute(Path(name))
