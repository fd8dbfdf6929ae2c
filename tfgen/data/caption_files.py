"""The captions of a folder of images: `captions.json` or `captions.csv` in it."""

import csv
import json
from pathlib import Path

from tfgen.data.files import check_regular

_NAMES = ("captions.json", "captions.csv")


def read_captions(folder: Path) -> dict[str, str] | None:
    """`{path of an image inside the folder: caption}`; None where there is no file of them.

    `captions.json` holds one object, `{"cats/1.png": "a grey cat"}`; `captions.csv`, in UTF-8, two
    columns, path and caption, under the header `file,caption`.

    Args:
        folder: of the images.
    Raises:
        ValueError: both files, or one that does not read so; names it.
    """
    files = [folder / name for name in _NAMES if (folder / name).exists()]
    if len(files) > 1:
        raise ValueError(f"{folder}: expected one of {' and '.join(_NAMES)}. Received: both")
    if not files:
        return None
    (file,) = files
    check_regular(file)
    try:
        text = file.read_text("utf-8-sig")
        captions = json.loads(text) if file.suffix == ".json" else _table(text)
    except ValueError as error:  # of the encoding, of JSON, of the columns
        raise ValueError(f"{file}: expected captions that read. Received: {error}") from error
    except csv.Error as error:
        raise ValueError(f"{file}: expected a table that reads. Received: {error}") from error
    if not isinstance(captions, dict):
        raise ValueError(
            f"{file}: expected an object of captions by file. Received: {type(captions).__name__}"
        )
    for name, caption in captions.items():
        if not isinstance(caption, str):
            raise ValueError(f"{file}: expected a text for {name!r}. Received: {caption!r}")
    return captions


def captions_of(paths: list[Path], folder: Path, captions: dict[str, str]) -> list[str]:
    """The caption of each file.

    Raises:
        ValueError: one has none.
    """
    names = [path.relative_to(folder).as_posix() for path in paths]
    missing = [name for name in names if name not in captions]
    if missing:
        raise ValueError(
            f"{folder}: expected a caption for each image. Received: none for {missing[0]}"
            + (f" and {len(missing) - 1} others" if missing[1:] else "")
        )
    return [captions[name] for name in names]


def _table(text):
    header, *rows = csv.reader(text.splitlines())
    if header != ["file", "caption"] or any(len(row) not in (0, 2) for row in rows):
        wrong = next((row for row in [header, *rows] if len(row) not in (0, 2)), header)
        raise ValueError(f"a row {wrong}, not two columns under the header file,caption")
    return dict(row for row in rows if row)
