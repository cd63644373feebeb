"""The quadratic model's mean field: both methods against each other, simulation and limits."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import polygamma

from quadlaw import PowerLaw, TwoPhase, simulate
from quadlaw.theory import mean_field, mean_field_risk
from quadlaw.theory.closure import gap_slope, increments
from quadlaw.theory.particles import _replace

# alpha, beta, sigma, step size, v_0: alpha below, at and above beta
SETTINGS = [(2, 3, 1.0, 0.03, 0.1), (2, 2, 0.5, 0.1, 0.3), (2.5, 1.5, 0.1, 0.05, 0.3)]


@pytest.mark.slow
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


@pytest.mark.slow
def test_kernels_just_compiled_give_the_bytes_of_those_from_the_cache(tmp_path):
    source = """if True:
        from hashlib import sha256
        from quadlaw.sgd.problem import PowerLaw
        from quadlaw.theory import mean_field_risk
        settings = {"model_size": 4, "samples": 4096, "step_size": 0.1, "init": 0.1}
        settings |= {"method": "accurate", "particles": 256, "whole": True}
        risks = mean_field_risk(PowerLaw(2, 2, 0.5), **settings)["excess_risk"]
        print(len(risks), sha256(risks.to_numpy()).hexdigest())"""
    options = {"env": os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}, "text": True}
    first, second = (
        subprocess.check_output([sys.executable, "-c", source], **options) for _ in range(2)
    )
    assert any(tmp_path.rglob("*.nbc"))
    assert first.startswith("4097 ") and first == second


def test_leaps_converge():
    problem = PowerLaw(3, 1.5, 0.5)
    settings = {"model_size": 1000, "samples": 10**5, "step_size": 0.05, "init": 0.5}
    fine = mean_field_risk(problem, growth=0.002, **settings)
    errors = [abs(mean_field_risk(problem, growth=h, **settings) / fine - 1) for h in (0.2, 0.02)]
    assert errors[1] < 1e-3
    assert errors[1] < errors[0]


@pytest.mark.slow
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


@pytest.mark.parametrize("rho", [1e-9, 0.04])
def test_increments_of_one_step_are_those_of_a_gamma_law(rho):
    """``E u'`` and ``E log u'`` of one step against a million draws of a Gamma law and noise."""
    target, lam, eta, variance, mean = 0.6, 0.5, 0.2, 1.3, 0.45
    draw = np.random.default_rng(0)
    u = mean * rho * draw.gamma(1 / rho, size=10**6)
    z, xi = draw.standard_normal((2, 10**6))
    others = variance - lam * np.mean((u - target) ** 2)
    residual = (u - target) * np.sqrt(lam) * z + np.sqrt(others) * xi
    factor = (1 - eta * residual * np.sqrt(lam) * z) ** 2
    grown, logs = increments(mean, rho, lam, target, eta, variance)
    sampled = u * factor
    assert abs(mean * np.exp(grown) - sampled.mean()) < 4 * sampled.std() / 1e3
    assert abs(mean - sampled.mean()) > 20 * sampled.std() / 1e3  # control: nothing moved
    found = np.log(factor)
    neglected = 6 * (eta**2 * lam * variance) ** 2  # the fourth order, roughly
    assert abs(logs - found.mean()) < 4 * found.std() / 1e3 + neglected
    first_order = 2 * eta * lam * (target - mean)  # control: the noise left out
    assert abs(first_order - found.mean()) > 10 * found.std() / 1e3 + neglected


def test_the_gap_of_a_gamma_law_has_the_slope_that_the_closure_uses():
    rho = np.geomspace(1e-6, 1e4, 60)
    exact = polygamma(1, 1 / rho) / rho**2 - 1 / rho
    wide = rho > 1e-3  # the difference of large numbers is lost before
    slope = np.array([gap_slope(value) for value in rho])
    assert np.allclose(slope[wide], exact[wide], rtol=2e-5)
    assert np.allclose(slope[~wide], 0.5 + rho[~wide] / 6, rtol=1e-6)
    assert (np.diff(slope) > -1e-5).all() and slope[-1] == pytest.approx(1, abs=1e-3)


def test_a_start_that_makes_the_risk_explode_is_refused():
    settings = {"model_size": 8, "samples": 100, "step_size": 0.1, "init": 1e3}
    for method in ("closure", "accurate"):
        with pytest.raises(ValueError, match=r"step_size = 0.1: the risk diverges"):
            mean_field(PowerLaw(2, 2), method=method, **settings)


def test_no_number_is_missing_at_the_largest_sizes():
    settings = {"model_size": 10**8, "samples": 10**12, "step_size": 0.05, "init": 0.5}
    result = mean_field(PowerLaw(3, 1.5, 0.5), times=[0, 10**6, 10**12], **settings)
    assert np.isfinite(result.trajectory.to_numpy()).all()
    assert np.isfinite(result.coordinates.to_numpy()).all()
    assert (result.coordinates["variance"] >= 0).all()
    assert 10**4 < result.effective_dimension < 10**8


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


@pytest.mark.parametrize("method", ["closure", "accurate"])
def test_one_coordinate_two_samples_and_no_noise_have_a_risk(method):
    settings = {"step_size": 0.05, "init": 0.5, "method": method}
    for problem in (PowerLaw(2, 2, 0.0), PowerLaw(3, 1.2, 1.0)):
        for size, samples in ((1, 2), (1, 500), (40, 2)):
            risk = mean_field_risk(problem, model_size=size, samples=samples, **settings)
            assert problem.tail(size) < risk < 2 * problem.tail(0)


@pytest.mark.slow
def test_a_step_size_that_shrinks_to_nothing_leaves_the_risk_a_number():
    """With a halving at every step the step size underflows to zero."""
    settings = {"model_size": 16, "samples": 4096, "step_size": 0.1, "init": 0.5}
    halved = {"schedule": TwoPhase(stage_length=1)}
    closure = mean_field_risk(PowerLaw(2, 2), **settings, **halved)
    accurate = mean_field(PowerLaw(2, 2), method="accurate", **settings, **halved)
    assert closure == pytest.approx(accurate.risk, rel=0.02)


def test_particles_that_escape_are_replaced_by_ones_that_stay():
    v = np.array([9.0, 1.0, 2.0, 8.0])
    total, lost = _replace(v, 1.0, 4.5)
    assert v.tolist() == [2.0, 1.0, 2.0, 2.0] and lost == 2
    assert total == 3.0**2 + 0.0 + 2 * 3.0**2
    everything = np.array([9.0, 8.0])
    assert _replace(everything, 1.0, 4.0)[1] == 2


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"samples": 10**20}, "samples = 100000000000000000000: must be at most 1e"),
        ({"model_size": 10**20}, "model_size = 100000000000000000000: must be at most 1e"),
        ({"init": 1e200}, "init = 1e"),
        ({"init": 1e-170}, "init = 1e-170"),
        ({"samples": 10**12, "method": "accurate"}, "samples = 1000000000000: step by step"),
        ({"times": [101]}, "times = 101: lies beyond samples"),
        ({"times": []}, "times = "),
        ({"growth": 0}, "growth = 0"),
    ],
)
def test_sizes_beyond_reach_are_refused(change, reason):
    settings = {"model_size": 8, "samples": 100, "step_size": 0.1, "init": 0.5}
    with pytest.raises(ValueError, match=reason):
        mean_field(PowerLaw(2, 2), **(settings | change))
