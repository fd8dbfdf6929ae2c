"""The whole tree on one data set: the table of the README.

    python benchmarks/compare.py --data FOLDER --output RUNS [--sets digits mnist]
        [--minutes 2 4] [--models NADE VAE ...]

Protocol: that of `tfgen compare`, whose page is written into RUNS/digits and RUNS/mnist. The 8x8
digits have their 17 levels, and all of the test images are scored; MNIST is binarized at the middle
grey, for all models alike, and the likelihood is that of 1,000 test images drawn at random. The
networks are smaller than the defaults where those would hardly begin in the minutes; SETTINGS has
them all. A killed process goes on where it was, by the same command.
"""

import argparse
import os

from tfgen.comparison import COLUMNS, compare
from tfgen.training import make_judge

MODELS = (
    *("MarkovChain", "FVSBN", "NADE", "MADE", "DeepNADE", "MaskedPixelCNN", "PixelCNN"),
    *("PixelCNNPlusPlus", "RowLSTM", "DiagonalBiLSTM", "VAE", "HierarchicalVAE", "AAE", "GAN"),
    *("DCGAN", "LSGAN", "WGANGP", "ConditionalGAN", "InfoGAN", "ProgressiveGAN", "DDPM"),
)
SETTINGS = {
    "digits": {
        "NADE": {"num_hidden": "100"},
        "ProgressiveGAN": {"growth": "Growth(10, 10)"},
        "DDPM": {"num_steps": "200"},
    },
    "mnist": {
        "DCGAN": {"base_filters": "16"},
        "LSGAN": {"base_filters": "16"},
        "InfoGAN": {"base_filters": "16"},
        "PixelCNN": {"num_features": "32"},
        "DDPM": {"num_steps": "200"},
    },
}
SHOWN = ("name", "nats", "+-", "kind", "bits/dim", "FD", "precision", "recall", "label right")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of the comparisons")
    parser.add_argument("--sets", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--minutes", type=float, nargs=2, default=(2, 4), help="on each of both")
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    for name, minutes in zip(SETTINGS, arguments.minutes, strict=True):
        if name not in arguments.sets:
            continue
        options = {"binarize": "threshold", "num_test": 1000} if name == "mnist" else {}
        data = os.path.join(arguments.data, name) if name == "mnist" else name
        judge = os.path.join(arguments.output, f"{name}.keras")
        if not os.path.exists(judge):
            make_judge(data, judge, binarize=options.get("binarize"))
        found = compare(
            arguments.models,
            output=os.path.join(arguments.output, name),
            data=data,
            minutes=minutes,
            judge=judge,
            settings={k: v for k, v in SETTINGS[name].items() if k in arguments.models},
            resume=True,
            **options,
        )
        columns = [column for column in COLUMNS if column.title in SHOWN]
        print("| " + " | ".join(column.title for column in columns) + " |")
        print("|---" * len(columns) + "|")
        for row in found.rows:
            print("| " + " | ".join(column.cell(row) for column in columns) + " |")
        for line in found.protocol:
            print(f"* {line}")


if __name__ == "__main__":
    main()
