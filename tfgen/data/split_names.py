"""What the names of arrays and files say: which split, and examples or labels."""

import re
from typing import NamedTuple

_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing", "t10k"), "test"),
}
_EXAMPLES = "x|data|set|dataset|images?|features?|inputs?|samples?|examples?"
_LABELS = "y|labels?|targets?|class|classes"
_NAME = re.compile(
    rf"(?P<before>{_EXAMPLES}|{_LABELS})?[-_. ]?"
    rf"(?P<split>{'|'.join(sorted(_SPLITS, key=len, reverse=True))})"
    rf"[-_. ]?(?P<after>{_EXAMPLES}|{_LABELS})?",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"{_EXAMPLES}|{_LABELS}", re.IGNORECASE)


class SplitName(NamedTuple):
    """What a name says.

    Attributes:
        split: "train", "valid", "test", or None.
        role: "x" for examples, "y" for labels, or None.
    """

    split: str | None = None
    role: str | None = None


def read_name(name: str, prefix: bool = False) -> SplitName:
    """Read a name such as `x_train`, `trainX`, `train_data`, `Y_val`, `test` or `labels`.

    Args:
        name: of an array, or of a file without its ending.
        prefix: whether the name may begin with another one, as `mnist_train` and `wine-labels` do.
    """
    starts = [0, *(m.end() for m in re.finditer("[-_. ]", name))] if prefix else [0]
    for start in starts:
        if match := _NAME.fullmatch(name, start):
            words = [word for word in (match["before"], match["after"]) if word]
            roles = {_role(word) for word in words}
            return SplitName(_SPLITS[match["split"].lower()], "y" if "y" in roles else "x")
    for start in starts:
        if _ROLE.fullmatch(name, start):
            return SplitName(None, _role(name[start:]))
    return SplitName()


def _role(word):
    return "y" if re.fullmatch(_LABELS, word, re.IGNORECASE) else "x"
