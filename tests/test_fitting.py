import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from quadlaw.fit.fitting import (
    _median_variance,
    curve_exponent,
    expanded_level,
    fit_power_law,
    power_law_exponent,
)
from quadlaw.theory.rates import natural_clock

X = 2.0 ** np.arange(8, 19)


def power_law(exponent, spread, replicates, seed, bend=0.0):
    """Log-normal observations around ``3 x^exponent``, bent by ``bend`` in logarithms."""
    draw = np.random.default_rng(seed)
    centre = np.log(3) + exponent * np.log(X) + bend * np.log(X) ** 2
    return np.exp(centre[:, None] + spread * draw.standard_normal((len(X), replicates)))


@settings(max_examples=20, deadline=None)
@given(exponent=st.floats(-3, 3), prefactor=st.floats(0.01, 100))
def test_a_pure_power_law_is_recovered_exactly(exponent, prefactor):
    y = np.repeat(prefactor * X[:, None] ** exponent, 3, axis=1)
    fit = fit_power_law(X, y)
    assert fit.exponent == pytest.approx(exponent, abs=1e-9)
    assert np.exp(fit.intercept) == pytest.approx(prefactor, rel=1e-7)
    assert fit.ci_low == pytest.approx(exponent, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("replicates", [8, 16])
def test_interval_covers_the_truth_as_often_as_it_says(replicates):
    """Also where spreads differ from point to point: 95 %, and a little more for few replicates."""
    spread = np.linspace(0.05, 0.4, len(X))[:, None]
    fits = [
        fit_power_law(X, power_law(-0.5, spread, replicates, seed), seed=seed)
        for seed in range(300)
    ]
    covered = np.mean([fit.ci_low <= -0.5 <= fit.ci_high for fit in fits])
    assert 0.92 <= covered <= 0.99
    # the control: an exponent five standard errors away must be rejected
    wrong = -0.5 + 5 * np.std([fit.exponent for fit in fits])
    assert np.mean([fit.ci_low <= wrong <= fit.ci_high for fit in fits]) < 0.02


def test_a_curved_law_shows_in_the_window_starts():
    straight = fit_power_law(X, power_law(-0.5, 0.01, 16, 0)).by_start
    bent = fit_power_law(X, power_law(-0.5, 0.01, 16, 0, bend=-0.03)).by_start
    assert np.ptp(list(straight.values())) < 0.02 < 0.1 < np.ptp(list(bent.values()))


def test_window_is_respected():
    y = power_law(-1, 0.1, 8, 0)
    y[:4] *= np.array([50.0, 40, 30, 20])[:, None]  # spoiled, but outside
    fit = fit_power_law(X, y, window=(X[4], X[-2]))
    assert fit.window == (X[4], X[-2]) and fit.points == 6
    assert fit.ci_low < -1 < fit.ci_high


def test_replicates_are_resampled_together_when_paired():
    """A shock common to a replicate cancels in the slope only if the bootstrap keeps it common."""
    shock = np.exp(np.random.default_rng(0).standard_normal(16))
    y = power_law(-0.5, 0.01, 16, 1) * shock
    fits = {paired: fit_power_law(X, y, paired=paired) for paired in (True, False)}
    width = {paired: fit.ci_high - fit.ci_low for paired, fit in fits.items()}
    assert width[True] < 0.2 * width[False]


def test_a_few_diverged_runs_leave_the_median_alone():
    y = power_law(-0.5, 0.05, 16, 3)
    y[4, :3] = np.inf
    fit = fit_power_law(X, y)
    assert (
        fit.exponent == pytest.approx(-0.5, abs=0.02)
        and np.isfinite([fit.ci_low, fit.ci_high]).all()
    )


@pytest.mark.parametrize("lost", [5, 6, 7, 10, 16])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_unusable_data_are_refused_and_never_a_nan(lost, value):
    y = power_law(-0.5, 0.05, 16, 3)
    y[4, :lost] = value
    with pytest.raises(ValueError, match=r"x = \[4096.0\]: more than a quarter"):
        fit_power_law(X, y)
    assert np.isnan(power_law_exponent(X, y))
    assert power_law_exponent(X, y, (X[5], X[-1])) == pytest.approx(-0.5, abs=0.05)


def test_too_little_data_are_refused():
    with pytest.raises(ValueError, match="holds 2 points, needs 3"):
        fit_power_law(X, power_law(1, 0.1, 4, 0), window=(X[0], X[1]))
    with pytest.raises(ValueError, match="replicates = 1: an interval needs at least two"):
        fit_power_law(X, power_law(1, 0.1, 1, 0))
    with pytest.raises(ValueError, match="holds 2 points, needs 3"):
        curve_exponent(X, X**0.5, (X[0], X[1]))


def test_just_enough_data_are_fitted():
    assert fit_power_law(X[:3], power_law(1, 0.01, 2, 0)[:3]).points == 3
    assert curve_exponent(X, X**0.5, (X[0], X[2])) == pytest.approx(0.5)


def test_a_window_has_both_of_its_ends_and_is_everything_unless_it_is_said():
    small = X / X[-1]  # below 1
    y = np.repeat(small[:, None] ** 0.5, 3, axis=1)
    spoiled = y * np.where(small < 0.01, 2.0, 1.0)[:, None]
    assert fit_power_law(small, y).points == len(X)
    assert power_law_exponent(small, spoiled) < 0.4
    assert power_law_exponent(small, spoiled, (0.01, 1)) == pytest.approx(0.5)
    bent = np.sqrt(small) * np.where(small == small[4], 2.0, 1.0)
    assert curve_exponent(small, bent, (small[5], 1)) == pytest.approx(0.5)
    assert curve_exponent(small, bent, (small[4], 1)) < 0.45


def test_starts_of_the_window_leave_half_of_its_points():
    fit = fit_power_law(X, power_law(-0.5, 0.01, 4, 0), window=(X[2], X[9]))  # 8 points
    assert sorted(fit.by_start) == sorted(X[:7])  # from 10 points to 4
    few = fit_power_law(X, power_law(-0.5, 0.01, 4, 0), window=(X[0], X[3]))
    assert sorted(few.by_start) == [X[0], X[1]]  # no fewer than three


def test_points_weigh_as_their_medians_are_known():
    """A point of a hundred times the spread hardly counts; one of a third of 2 per cent does."""
    y = np.repeat(X[:, None] ** 0.5, 101, axis=1)
    noise = np.exp(np.linspace(-1, 1, 101))
    loud, quiet = y.copy(), y.copy()
    loud[-1] *= 2 * noise
    quiet[-1] *= 2 * noise**0.01
    assert abs(power_law_exponent(X, loud) - 0.5) < 0.2 * (power_law_exponent(X, quiet) - 0.5)


def test_the_variance_of_a_median_is_that_of_normal_numbers():
    draws = np.random.default_rng(0).standard_normal((4000, 101))
    expected = np.median(draws, axis=1).var()
    found = np.mean([_median_variance(some) for some in draws])
    assert found == pytest.approx(expected, rel=0.1)


def test_levels_are_expanded_by_students_law_and_the_bootstraps_shortness():
    deviation = np.sqrt(16 / 15) * student.ppf(0.975, 15)
    assert expanded_level(16) == pytest.approx(norm.cdf(deviation) - norm.cdf(-deviation))


def test_a_bootstrap_is_the_same_each_time():
    y = power_law(-0.5, 0.1, 8, 0)
    same, other = fit_power_law(X, y, seed=0), fit_power_law(X, y, seed=1)
    assert fit_power_law(X, y) == same and (same.ci_low, same.ci_high) != (
        other.ci_low,
        other.ci_high,
    )


def test_natural_clock():
    np.testing.assert_allclose(natural_clock(np.array([4, 1024])), [2, 102.4])
