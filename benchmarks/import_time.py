"""Seconds to import tfgen, beside its parts: medians over fresh processes, taken in turn.

python benchmarks/import_time.py [--runs 7]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

COMMAND = "import sys; sys.argv = ['tfgen', 'models']; from tfgen_cli.main import main; main()"
STATEMENTS = {
    "`import tensorflow`": "import tensorflow",
    "`import tensorflow, keras`": "import tensorflow, keras",
    "`import tensorflow, keras, tensorflow_probability`": (
        "import tensorflow, keras, tensorflow_probability"
    ),
    "`import tfgen`": "import tfgen",
    "the command `tfgen models`": COMMAND,
}


def seconds(statement):
    begun = time.perf_counter()
    command = [sys.executable, "-c", statement]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    for statement in STATEMENTS.values():
        seconds(statement)  # fills the file cache
    taken = [[seconds(each) for each in STATEMENTS.values()] for _ in range(runs)]
    print(f"{os.cpu_count()} cores, medians of {runs} fresh processes")
    print("| statement | seconds | over the first |")
    print("|---|---|---|")
    medians = [statistics.median(column) for column in zip(*taken, strict=True)]
    for label, median in zip(STATEMENTS, medians, strict=True):
        print(f"| {label} | {median:.2f} | {median - medians[0]:+.2f} |")


if __name__ == "__main__":
    main()
