import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadlaw.fit.fitting import fit_power_law, power_law_exponent
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
    with pytest.raises(ValueError, match="at least two"):
        fit_power_law(X, power_law(1, 0.1, 1, 0))


def test_natural_clock():
    np.testing.assert_allclose(natural_clock(np.array([4, 1024])), [2, 102.4])
