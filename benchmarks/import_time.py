"""Seconds to import tfgen, beside its parts: medians over fresh processes, taken in turn.

python benchmarks/import_time.py [--runs 7]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

STATEMENTS = (
    "import tensorflow",
    "import tensorflow, keras",
    "import tensorflow, keras, tensorflow_probability",
    "import tfgen",
)


def seconds(statement):
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    for statement in STATEMENTS:
        seconds(statement)  # fills the file cache
    taken = [[seconds(statement) for statement in STATEMENTS] for _ in range(runs)]
    print(f"{os.cpu_count()} cores, medians of {runs} fresh processes")
    print("| statement | seconds | over the first |")
    print("|---|---|---|")
    medians = [statistics.median(column) for column in zip(*taken, strict=True)]
    for statement, median in zip(STATEMENTS, medians, strict=True):
        print(f"| `{statement}` | {median:.2f} | {median - medians[0]:+.2f} |")


if __name__ == "__main__":
    main()
