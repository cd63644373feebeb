"""The quadratic model's mean field: both methods against each other, simulation and limits."""

import numpy as np
import pytest

from quadlaw import PowerLaw, TwoPhase, simulate
from quadlaw.theory import mean_field, mean_field_risk
from quadlaw.theory.closure import increments

# alpha, beta, sigma, step size, v_0: alpha below, at and above beta
SETTINGS = [(2, 3, 1.0, 0.03, 0.1), (2, 2, 0.5, 0.1, 0.3), (2.5, 1.5, 0.1, 0.05, 0.3)]


@pytest.mark.parametrize("alpha, beta, sigma, eta, init", SETTINGS)
def test_accurate_method_agrees_with_simulation(alpha, beta, sigma, eta, init):
    problem = PowerLaw(alpha, beta, sigma)
    settings = {"model_size": 64, "samples": 1024, "step_size": eta, "init": init}
    runs = simulate(problem, replicates=300, seed=5, **settings)
    risk = runs.loc[~runs["diverged"], "excess_risk"]
    assert runs["diverged"].mean() < 0.01
    theory = mean_field(problem, method="accurate", particles=1024, **settings)
    error = np.hypot(risk.std() / np.sqrt(len(risk)), theory.error)
    assert abs(risk.mean() - theory.risk) < 3 * error + 0.01 * theory.risk
    slower = mean_field(problem, **(settings | {"step_size": eta / 2}))  # control: another step
    assert abs(risk.mean() - slower.risk) > 3 * error + 0.01 * theory.risk


@pytest.mark.parametrize("alpha, beta, sigma, eta, init", SETTINGS)
def test_closure_agrees_with_the_accurate_method(alpha, beta, sigma, eta, init):
    problem = PowerLaw(alpha, beta, sigma)
    settings = {"model_size": 64, "samples": 2048, "step_size": eta, "init": init}
    accurate = mean_field(problem, method="accurate", particles=1024, **settings)
    closure = mean_field(problem, **settings)
    assert closure.risk == pytest.approx(accurate.risk, rel=0.05)
    assert closure.effective_dimension == pytest.approx(accurate.effective_dimension, abs=1)


def test_leaps_converge():
    problem = PowerLaw(3, 1.5, 0.5)
    settings = {"model_size": 1000, "samples": 10**5, "step_size": 0.05, "init": 0.5}
    fine = mean_field_risk(problem, growth=0.002, **settings)
    errors = [abs(mean_field_risk(problem, growth=h, **settings) / fine - 1) for h in (0.2, 0.02)]
    assert errors[1] < 1e-3
    assert errors[1] < errors[0]


def test_small_steps_without_noise_are_gradient_flow():
    """``u`` follows the logistic equation: ``u = w* / (1 + (w* / u_0 - 1) exp(-2 e l w* t))``."""
    problem = PowerLaw(2, 60, 0.0)  # one coordinate; the tail is 2^-60
    time, eta, init = 10_000, 1e-3, 0.02
    exact = 1 / (1 + (1 / init**2 - 1) * np.exp(-2 * eta * np.arange(time + 1)))
    constant = TwoPhase(adaptation=1.0)
    settings = {"model_size": 1, "samples": time, "step_size": eta, "init": init}
    for method in ("closure", "accurate"):
        found = mean_field_risk(problem, method=method, schedule=constant, whole=True, **settings)
        expected = (exact[found["time"]] - 1) ** 2
        early = found["time"] <= 3000  # later, the noise that the risk itself makes counts
        assert np.allclose(found["excess_risk"][early], expected[early], rtol=0.03, atol=1e-4)


def test_mean_and_variance_of_coordinates_are_the_stationary_ones():
    """A constant step leaves coordinate 1 at mean ``w* - e S / 2``, variance ``e S`` times that."""
    problem, eta = PowerLaw(2, 4, 1.0), 0.001
    result = mean_field(
        problem, model_size=4, samples=500_000, step_size=eta, init=0.5,
        schedule=TwoPhase(adaptation=1.0),
    )  # fmt: skip
    variance = result.risk + 1.0
    first = result.coordinates.iloc[0]
    assert first["mean"] == pytest.approx(1 - eta * variance / 2, rel=1e-3)
    assert first["variance"] == pytest.approx(eta * variance * first["mean"], rel=5e-3)


def test_single_steps_of_a_narrow_law_are_exact():
    """``E u'`` and ``E u'^2`` of one step from ``u = v_0^2``, against a million draws."""
    target, lam, eta, variance, u = 0.6, 0.5, 0.2, 1.3, 0.25
    z, xi = np.random.default_rng(0).standard_normal((2, 10**6))
    others = variance - lam * (u - target) ** 2
    residual = (u - target) * np.sqrt(lam) * z + np.sqrt(others) * xi
    after = u * (1 - eta * residual * np.sqrt(lam) * z) ** 2
    grown, widened = increments(u, 1.0, lam, target, eta, variance)
    error = after.std() / 1e3
    assert abs(u * np.exp(grown) - after.mean()) < 4 * error
    assert abs(u - after.mean()) > 40 * error  # control
    square = after**2
    expected = u**2 * np.exp(2 * grown + widened)
    assert abs(expected - square.mean()) < 4 * square.std() / 1e3


@pytest.mark.parametrize("method", ["closure", "accurate"])
@pytest.mark.parametrize(
    "change, reason",
    [
        ({"init": 0}, "init = 0"),
        ({"samples": 1}, "samples = 1"),
        ({"step_size": float("inf")}, "step_size = inf"),
        ({"method": "exact"}, "method = 'exact'"),
    ],
)
def test_bad_input_is_refused_with_its_reason(method, change, reason):
    settings = {"model_size": 8, "samples": 100, "step_size": 0.1, "init": 0.5, "method": method}
    with pytest.raises(ValueError, match=reason):
        mean_field(PowerLaw(2, 2), **(settings | change))
