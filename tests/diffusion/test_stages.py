"""Shares of epochs, and a composed model that is trained by them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.diffusion import Stages


def test_ends_of_a_plan_by_hand():
    assert Stages((1, 2, 5), (8, 8, 1)).ends(16) == (2, 6, 16)
    assert Stages((1, 1, 4, 2), (8, 8, 1, 1)).ends(4) == (1, 2, 3, 4)
    # The first part would have none of five: it has one all the same.
    assert Stages((0.1, 9.8, 0.1), (1, 1, 1)).ends(5) == (1, 4, 5)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    st.integers(0, 60),
)
def test_each_part_has_an_epoch_and_all_have_all(shares, more):
    epochs = len(shares) + more
    ends = Stages(shares, [1] * len(shares)).ends(epochs)
    assert ends[-1] == epochs
    lengths = [end - begin for begin, end in zip((0, *ends), ends, strict=False)]
    assert min(lengths) >= 1
    # What a part has is its share, but for rounding at both ends and the epoch that others need.
    for length, share in zip(lengths, shares, strict=True):
        assert abs(length - epochs * share / sum(shares)) <= len(shares)


@pytest.mark.parametrize(
    ("shares", "factors"), [((1, 0), (1, 1)), ((1, 2), (1,)), ((1, 2), (1, 0)), ((1, -1), (1, 1))]
)
def test_bad_stages_are_refused(shares, factors):
    with pytest.raises(ValueError, match="Received: "):
        Stages(shares, factors)
