"""Differences of numbers that both have errors."""

import numpy as np
import pytest

from quadlaw.fit.estimates import difference

KEYS = ("estimate", "ci_low", "ci_high")


def interval(estimate, below, above):
    return dict(zip(KEYS, (estimate, estimate - below, estimate + above), strict=True))


def test_lopsided_errors_are_added_on_their_own_sides():
    found = difference(interval(1.0, 0.3, 0.6), interval(0.4, 0.8, 0.4))
    assert found["estimate"] == pytest.approx(0.6)
    assert found["ci_low"] == pytest.approx(0.6 - 0.5)  # 3, 4, 5
    assert found["ci_high"] == pytest.approx(0.6 + 1.0)  # 6, 8, 10


def test_the_interval_covers_the_truth_and_one_of_either_error_does_not():
    draw, tries = np.random.default_rng(0), 4000
    covered = {"both": 0, "one": 0}
    for one, other in draw.standard_normal((tries, 2)) * [1.0, 2.0]:  # the truth is 0
        mine, theirs = interval(one, 1.96, 1.96), interval(other, 3.92, 3.92)
        for name, exact in (("both", theirs), ("one", interval(other, 0, 0))):
            found = difference(mine, exact)
            covered[name] += found["ci_low"] < 0 < found["ci_high"]
    error = np.sqrt(0.95 * 0.05 / tries)
    assert abs(covered["both"] / tries - 0.95) < 4 * error
    assert covered["one"] / tries < 0.7
