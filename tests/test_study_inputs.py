"""Inputs of other laws: moments, what the fourth one does in a step, planted values."""

import numpy as np
import pytest
from scipy.special import log_ndtr

from quadlaw.base.tables import select, stacked
from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.sgd.inputs import INPUTS, KURTOSIS, laplace, transformed
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import inputs, study

STUDY = study("inputs")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
    "laws": ["hypercube", "gaussian", "laplace", "sinh"],
    "samples": [256, 512, 1024],
    "step_factors": [1.0, 2.0],
    "replicates": 8,
    "size_factor": 4,
    "window": [256, 1024],
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


@pytest.mark.parametrize("law", INPUTS)
def test_laws_are_standardized_and_have_their_kurtosis(law):
    z = np.linspace(-7, 7, 200_000)
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    x = INPUTS[law](z)
    mean, variance, fourth = (weight @ x**power for power in (1, 2, 4))
    assert abs(mean) < 1e-9 and variance == pytest.approx(1, abs=1e-4)
    assert fourth == pytest.approx(KURTOSIS[law], rel=1e-3)
    assert law == "gaussian" or fourth != pytest.approx(KURTOSIS["gaussian"], rel=0.1)


def test_laplace_numbers_are_exact_to_the_precision_of_runs():
    z = np.linspace(-6.5, 6.5, 10_001, dtype="float32")
    exact = -np.sign(z) * (np.log(2) + log_ndtr(-np.abs(z.astype(float)))) / np.sqrt(2)
    assert laplace(z).dtype == z.dtype
    assert np.abs(laplace(z) - exact).max() < 2e-5


@pytest.mark.parametrize("law", ["hypercube", "laplace", "sinh"])
def test_the_kurtosis_is_what_a_step_of_linear_sgd_sees(law):
    spectrum, eta, noise = PowerLaw(2.0, 3.0).spectrum(3), 0.3, 0.5
    draw, count, lam = np.random.default_rng(0), 1_000_000, spectrum.eigenvalues
    normals = draw.standard_normal((count, 3)) * np.sqrt(lam)
    x = transformed(normals, spectrum, law)
    d = np.array([0.5, -0.3, 0.2])
    r = x @ d + noise * draw.standard_normal(count)
    moved = (d - eta * r[:, None] * x) ** 2
    S = lam @ d**2 + noise**2
    error = 4 * moved.std(axis=0) / np.sqrt(count)

    def expected(k):
        return (1 - 2 * eta * lam + (k - 1) * (eta * lam) ** 2) * d**2 + eta**2 * lam * S

    assert (np.abs(moved.mean(axis=0) - expected(KURTOSIS[law])) < error).all()
    assert np.abs(moved.mean(axis=0) - expected(KURTOSIS["gaussian"]))[0] > error[0]


@pytest.mark.slow
def test_gaussian_inputs_are_those_of_other_studies(design):
    rows = select(design, inputs="gaussian", alpha=2.0, samples=512)
    (point,) = points(rows)
    keys = ["model", "step_factor", "replicate"]
    lanes = [{key: lane[key] for key in lane if key != "inputs"} for lane in point["lanes"]]
    ours, usual = (
        run_point(one, 3, "float64").sort_values(keys)["excess_risk"].to_numpy()
        for one in (point, point | {"lanes": lanes})
    )
    assert np.allclose(ours, usual, rtol=1e-5)
    other = select(design, inputs="laplace", alpha=2.0, samples=512)
    heavy = run_point(points(other)[0], 3, "float64").sort_values(keys)
    assert not np.allclose(heavy["excess_risk"], usual, rtol=1e-2)


def test_nothing_but_the_law_varies_and_theory_is_the_gaussian_one(design):
    theory = STUDY.predicted(design)
    groups = theory.groupby(inputs.KEYS)
    spread = groups[["step_size", "init", "model_size", "theory"]].agg(np.ptp)
    assert (spread == 0).all(axis=None) and (groups.size() == 4).all()
    assert all(len(point["lanes"]) == 4 * 2 * 2 for point in points(design))


@pytest.mark.slow
def test_planted_exponents_and_ratios(design):
    factors = {"hypercube": 0.8, "gaussian": 1.0, "laplace": 1.25, "sinh": 1.5}
    risk = design["samples"] ** -0.4 * design["inputs"].map(factors)
    common = np.random.default_rng(0).lognormal(0, 0.5, 8)  # noise that all laws share
    runs = stacked(
        design.assign(
            replicate=r, excess_risk=risk * common[r], diverged=False, adapted=0, learned=0
        )
        for r in range(8)
    )
    theory = design.assign(theory=design["samples"] ** -0.4)
    curves, estimates = inputs.results({"runs": runs, "theory": theory}, SETTINGS)
    assert len(select(curves, part="risk")) == len(design)
    rates = select(estimates, quantity="sample exponent", against="T")
    assert len(rates) == 2 * 2 * 4 and np.allclose(rates["estimate"], 0.4, atol=0.02)
    ratios = select(estimates, quantity="log of risk over the gaussian one's")
    assert len(ratios) == 2 * 2 * 3
    assert np.allclose(ratios["estimate"], np.log(ratios["setting"].map(factors)))
    assert np.allclose(ratios["ci_low"], ratios["ci_high"])
