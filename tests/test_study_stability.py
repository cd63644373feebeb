"""Step sizes: planted optima come out, what diverges is counted, the design spans the edge."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import stability, study
from quadlaw.theory import stability_edge

STUDY = study("stability")
SETTINGS = {
    "problems": [{"alpha": 1.5, "beta": 2.5, "replicates": 9}],
    "samples": [64, 256, 1024],
    "fractions": [0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0],
    "replicates": 8,
    "many": 20,
    "size_factor": 4,
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_design_is_in_units_of_each_models_own_edge(design):
    for row in design.itertuples():
        edge = stability_edge(PowerLaw(1.5, 2.5), row.model_size, row.model)
        assert row.step_size == pytest.approx(row.fraction * edge)
    quarter = design[design["part"] == "quarter"]
    assert set(quarter["samples"]) == {1024} and set(quarter["replicates"]) == {20}
    assert set(quarter["fraction"]) == {0.25} and set(quarter["model"]) == {"linear", "quadratic"}
    assert set(design.loc[design["part"] == "grid", "replicates"]) == {9}


@pytest.mark.parametrize("power", [-0.5, 0.0])
def test_planted_optimum(design, power):
    """``log R`` a parabola in ``log eta`` about ``D^power / 10``, with noise of 2 %."""
    grid = design[(design["part"] == "grid") & (design["model"] == "quadratic")]
    best = 0.1 * grid["samples"] ** (power / 2.5)
    risk = np.exp(np.log(grid["step_size"] / best) ** 2)
    draw = np.random.default_rng(0)
    runs = pd.concat(
        grid.assign(
            replicate=r, excess_risk=risk * draw.lognormal(0, 0.02, len(grid)), diverged=False
        )
        for r in range(9)
    )  # fmt: skip
    curves, row = stability.best_steps(runs, grid.assign(theory=risk))
    assert row["theory"] == pytest.approx(power, abs=1e-6)
    assert abs(row["estimate"] - power) < 0.05
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"]
    assert np.allclose(curves["step_size"], best.groupby(grid["samples"]).first(), rtol=0.05)


def test_a_parabola_needs_two_finite_neighbours():
    log_eta = np.log([1.0, 2.0, 4.0])
    assert stability.lowest(log_eta, (log_eta - 1) ** 2) == pytest.approx(1)
    assert stability.lowest(log_eta, np.array([3.0, 2.0, 1.0])) == log_eta[2]
    assert stability.lowest(log_eta, np.array([3.0, 2.0, np.inf])) == log_eta[1]


@pytest.mark.parametrize("power", [0.0, 1.5])
def test_planted_step_from_which_half_diverge(design, power):
    """At one step whatever ``D``; as a control ``D^alpha``, which the smallest eigenvalue has."""
    grid = design[(design["part"] == "grid") & (design["model"] == "quadratic")]
    limit = 0.05 * (grid["samples"] / 64) ** (power / 2.5)
    draw = np.random.default_rng(0)
    runs = pd.concat(
        grid.assign(
            replicate=r, diverged=grid["step_size"] > limit * draw.lognormal(0, 0.1, len(grid))
        )
        for r in range(9)
    )  # fmt: skip
    row = stability.half_steps(runs)
    assert abs(row["estimate"] - power) < 0.25
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"]


def test_half_of_the_runs_diverge_between_two_steps():
    log_eta = np.array([0.0, 1.0, 2.0])
    assert stability.half(log_eta, np.array([0.0, 0.25, 0.75])) == 1.5
    assert stability.half(log_eta, np.array([0.0, 1.0, 0.0])) == 0.5
    assert np.isnan(stability.half(log_eta, np.array([0.0, 0.1, 0.4])))
    assert np.isnan(stability.half(log_eta, np.array([0.6, 0.7, 1.0])))


def test_beyond_the_edge_runs_diverge_and_at_a_quarter_none_does(design):
    chosen = design[(design["samples"] == 1024) & (design["model"] == "quadratic")]
    runs = pd.concat(run_point(point, 0, "float32") for point in points(chosen))
    quarter = stability.diverged_share(runs.loc[runs["part"] == "quarter", "diverged"])
    assert quarter["estimate"] == 0 and quarter["ci_low"] == 0
    assert quarter["ci_high"] == pytest.approx(1 - 0.025 ** (1 / 20))  # Clopper and Pearson
    assert quarter["quantity"] == "diverged share at a quarter of the edge"
    assert runs.loc[runs["fraction"] == 2, "diverged"].mean() > 0.5
