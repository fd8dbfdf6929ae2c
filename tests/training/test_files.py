import json
import math

import numpy as np
import pytest

from tfgen.training.files import json_text, replacing, write_json


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_json_has_null_where_a_number_is_not_finite(tmp_path):
    value = {
        "a": [1, math.nan, (math.inf, -math.inf)],
        "b": {"c": np.float32("nan"), "d": np.float64(0.5), "e": np.int64(3)},
        "f": "NaN",
    }
    write_json(tmp_path / "value.json", value)
    read = json.loads((tmp_path / "value.json").read_text(), parse_constant=refuse)
    assert read == {
        "a": [1, None, [None, None]],
        "b": {"c": None, "d": 0.5, "e": 3},
        "f": "NaN",
    }
    assert json.loads(json_text(value)) == read


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), replacing(path) as partial:
        assert partial.endswith(".txt")
        open(partial, "w").write("half")
        raise KeyError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replacing(path) as partial:
        open(partial, "w").write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
