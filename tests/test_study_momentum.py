"""Momentum: moments and runs against plain loops, a planted exponent, what settings refuse."""

import numpy as np
import pytest

from quadlaw.base.tables import stacked
from quadlaw.fit.designs import points
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.momentum import Coefficients, adapted, heavy_ball, last_risks
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.studies import momentum, study
from quadlaw.theory import linear_risk
from quadlaw.theory.rivals.momentum import momentum_risk

STUDY, T, M = study("momentum"), 512, 24
PROBLEM = PowerLaw(2.5, 1.5, 0.5)
FACTORS = TwoPhase().factor(np.arange(T), T)
LANES = {
    "heavy ball": heavy_ball(FACTORS, 0.15, 0.9),
    "adapted": adapted(FACTORS, 0.15, 0.3, PROBLEM.alpha),
}
SETTINGS = {
    "problems": [{"alpha": 4.0, "beta": 2.0}, {"alpha": 4.0, "beta": 3.0, "replicates": 16}],
    "samples": [256, 1024, 4096],
    "theory_samples": [8192],
    "replicates": 8,
    "size_factor": 1,
    "sigma": 0.5,
    "momentum": 0.9,
    "window": [256, 4096],
}


def plain_loop(one: Coefficients, replicates=600):
    """Risks of the scheme as it is written, from ``w_0 = .09``."""
    spectrum, draw = PROBLEM.spectrum(M), np.random.default_rng(0)
    w = np.full((replicates, M), 0.3**2)
    m, noise = np.zeros_like(w), np.sqrt(spectrum.tail[-1] + PROBLEM.sigma**2)
    for k, a, b in zip(one.keep, one.direct, one.drive, strict=True):
        x = draw.standard_normal(w.shape) * np.sqrt(spectrum.eigenvalues)
        r = np.sum(x * (w - spectrum.target), axis=1) + noise * draw.standard_normal(replicates)
        g = r[:, None] * x
        m = k * m + g
        w = w - a * g - b * m
    return (w - spectrum.target) ** 2 @ spectrum.eigenvalues + spectrum.tail[-1]


@pytest.mark.parametrize("name", LANES)
def test_moments_are_exact_and_runs_have_them(name):
    known = momentum_risk(PROBLEM, LANES[name], model_size=M, init=0.3, exact=True)
    loop = plain_loop(LANES[name])
    runs = np.array([last_risks(PROBLEM.spectrum(M), [LANES[name]], 0.3, r, 1) for r in range(300)])
    for risks in (loop, runs.ravel()):
        error = risks.std() / np.sqrt(len(risks))
        assert risks.mean() == pytest.approx(known, abs=4 * error)
        # Control: the other learner's moments are not these.
        other = LANES["adapted" if name == "heavy ball" else "heavy ball"]
        wrong = momentum_risk(PROBLEM, other, model_size=M, init=0.3, exact=True)
        assert abs(risks.mean() - wrong) > 4 * error


def test_no_momentum_is_sgd():
    setting = {"model_size": M, "init": 0.3}
    known = linear_risk(PROBLEM, samples=T, step_size=0.1, method="steps", **setting)
    for one in (heavy_ball(FACTORS, 0.1, 0.0), adapted(FACTORS, 0.1, 0.0, 2.5)):
        assert momentum_risk(PROBLEM, one, exact=True, **setting) == pytest.approx(known, rel=1e-12)
    assert momentum_risk(PROBLEM, LANES["heavy ball"], exact=True, **setting) != known


def test_grouped_coordinates_are_as_good_as_all():
    lane = LANES["adapted"]
    exact, grouped = (
        momentum_risk(PROBLEM, lane, model_size=2000, init=0.0, exact=exact)
        for exact in (True, False)
    )
    assert grouped == pytest.approx(exact, rel=1e-3)


def test_a_risk_that_diverges_is_refused():
    with pytest.raises(ValueError, match="the risk diverges"):
        momentum_risk(PROBLEM, heavy_ball(FACTORS, 60.0, 0.5), model_size=M, init=0.3)


def test_design_runs_and_theory_agree_and_exponents_come_out():
    design = STUDY.design(SETTINGS)
    assert set(design["learner"]) == set(momentum.LEARNERS)
    assert (design.loc[design["learner"] != momentum.ADAPTED, "speed"] == 0).all()
    noisy = design[(design["learner"] == momentum.ADAPTED) & (design["beta"] == 3)]
    assert noisy["speed"].is_monotonic_decreasing and noisy["speed"].iloc[-1] < momentum.FASTEST
    runs = stacked(STUDY.run_point(point, 1, "float32") for point in points(design))
    theory = STUDY.predicted(design)
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    measured = curves.dropna(subset="risk")
    linear = measured[measured["model"] != momentum.QUADRATIC]
    ratio = linear["mean"] / linear["theory"]
    assert (abs(ratio - 1) < 5 * linear["mean_error"] / linear["theory"] + 0.005).all()
    assert set(curves.loc[curves["risk"].isna(), "samples"]) == {8192}
    rows = estimates[(estimates["beta"] == 2) & (estimates["against"] == "T")].set_index("model")
    assert rows.loc["heavy ball", "theory"] == pytest.approx(0.25, abs=0.01)
    assert rows.loc["adapted momentum", "theory"] > 0.35  # the quadratic model's law is .333
