import numpy as np
import pytest

from tfgen.core.size_checks import (
    check_not_negative,
    check_odd,
    check_parts,
    check_positive,
    check_rate,
    check_size_list,
    check_sizes,
)


def test_the_bounds_themselves_are_taken():
    check_sizes(least=1, most=2**20, of_numpy=np.int64(3))
    check_parts(least=1, most=1000)
    assert check_size_list([1, np.int64(2**20)], "sizes") == (1, 2**20)
    assert check_size_list([], "sizes") == ()
    assert check_odd(1, "size") == 1 and check_odd(999, "size", least=3) == 999
    assert check_rate(0, "rate") == 0.0 and check_rate(np.float32(0.5), "rate") == 0.5
    assert check_not_negative(0, "weight") == 0.0 and check_positive(1e-9, "scale") == 1e-9


@pytest.mark.parametrize(
    ("check", "arguments"),
    [
        (check_sizes, {"width": 2**20 + 1}),
        (check_parts, {"width": 1001}),
        (check_size_list, {"sizes": (), "least": 1, "name": "width"}),
        (check_size_list, {"sizes": [1] * 1001, "name": "width"}),
        (check_size_list, {"sizes": (2**20 + 1,), "name": "width"}),
        (check_odd, {"size": 2, "name": "width"}),
        (check_odd, {"size": 1, "least": 3, "name": "width"}),
        (check_odd, {"size": 1001, "name": "width"}),
        (check_rate, {"rate": 1.0, "name": "width"}),
        (check_not_negative, {"value": -1e-9, "name": "width"}),
        (check_positive, {"value": 0, "name": "width"}),
    ],
)
def test_what_is_beyond_them_is_refused_by_its_name(check, arguments):
    with pytest.raises(ValueError, match="expected .*width.*Received: "):
        check(**arguments)
