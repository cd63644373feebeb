"""Intervals of resampled numbers, and of differences of numbers that both have errors."""

import numpy as np
import pytest
from scipy.stats import t

from quadlaw.fit import estimates
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


def half_width(values, by):
    """Of the mean's interval."""
    if by == "interval":
        found = estimates.interval([values], np.mean)
    else:
        draws = estimates.resampled(len(values), lambda chosen: values[chosen].mean())
        found = estimates.ends(draws, len(values))
    return (found["ci_high"] - found["ci_low"]) / 2


@pytest.mark.parametrize("by", ["interval", "ends"])
@pytest.mark.parametrize("replicates", [16, 24])
def test_the_interval_of_a_mean_is_students(by, replicates):
    """A percentile interval of the nominal level would be shorter by 11 or 7 per cent.

    Resampled means of few numbers have lighter tails than the normal law: 3 per cent are allowed.
    """
    draw, ratios = np.random.default_rng(1), []
    for values in draw.standard_normal((30, replicates)):
        error = values.std(ddof=1) / np.sqrt(replicates)
        ratios.append(half_width(values, by) / (error * t.ppf(0.975, replicates - 1)))
    nominal = 1.96 * np.sqrt(1 - 1 / replicates) / t.ppf(0.975, replicates - 1)
    error = np.std(ratios) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1) < 0.03 + 3 * error
    assert nominal < 1 - 0.03 - 6 * error  # the control
