import json
import math

import numpy as np
import pytest

from tfgen.evaluation import Estimate
from tfgen.evaluation.estimate import RunningMoments


@pytest.mark.parametrize("sizes", [(1, 1, 98), (50, 50), (100,), (3, 90, 7)])
def test_moments_of_blocks_are_those_of_all(sizes):
    """With a mean that is large beside the deviation, where a sum of squares would lose it."""
    values = 1e8 + np.random.default_rng(0).normal(size=sum(sizes))
    moments = RunningMoments()
    for part in np.split(values, np.cumsum(sizes)[:-1]):
        moments.add(part)
    assert moments.count == 100
    np.testing.assert_allclose(moments.mean, values.mean(), rtol=1e-14)
    np.testing.assert_allclose(moments.standard_error, values.std(ddof=1) / 10, rtol=1e-8)


def test_the_error_says_how_many_digits_are_shown():
    assert repr(Estimate(-97.184, 0.3521, "ELBO")) == "Estimate(-97.18 +- 0.35 nats; ELBO)"
    assert repr(Estimate(-1234.5, 12.3, "ELBO")) == "Estimate(-1234 +- 12 nats; ELBO)"
    assert repr(Estimate(-2.0, None, "exact", 0.5)) == (
        "Estimate(-2.0000 nats, 0.5000 bits/dim; exact)"
    )
    shown = repr(Estimate(-2.0, 0.0, "exact", protocol={"split": "test", "condition": None}))
    assert shown == "Estimate(-2.0000 +- 0.0000 nats; exact; split='test')"


@pytest.mark.parametrize("mean", [-math.inf, math.nan])
def test_what_is_not_finite_becomes_null(mean):
    moments = RunningMoments()
    moments.add([mean, 0.0])
    assert moments.standard_error is None
    found = Estimate(moments.mean, moments.standard_error, "exact", math.inf)
    fields = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert fields["mean"] is fields["standard_error"] is fields["bits_per_dim"] is None
    assert math.isnan(Estimate.from_json(fields).mean)
