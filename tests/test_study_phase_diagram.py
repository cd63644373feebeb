"""The plane's exponents and what is said of them, from tables with planted exponents."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from quadlaw.studies import phase_diagram, study
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

PLANE = [1.5, 2.5, 3.5]
SAMPLES = [1024, 4096, 16384, 65536]
STUDY = study("phase_diagram")
SETTINGS = {
    "alphas": PLANE,
    "betas": PLANE,
    "samples": [64, 256, 1024],
    "replicates": 6,
    "size_factor": 4,
    "step_factors": [1.0],
    "sigma": 0.5,
    "window": [1024, 65536],
}


def tuned_table(off=0.0):
    """Risks of exactly the paper's exponents, or off by a constant."""
    rows = []
    for model, alpha, beta in product(phase_diagram.MODELS, PLANE, PLANE):
        p = rates.sample_exponent(model, alpha, beta) + off
        rows += [
            {"model": model, "alpha": alpha, "beta": beta, "sigma": 0.5, "samples": T,
             "risk": natural_clock(T) ** -p}
            for T in (10**6, 10**7, 10**9)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def planted_runs(exponent, ahead):
    """Runs and the theory at their settings, with risks ``(T / log2 T)^-exponent(...)``.

    The stronger linear model's exponent is larger by ``ahead``.
    """
    rng, rows = np.random.default_rng(1), []
    cells = product(phase_diagram.SERIES, PLANE, PLANE, SAMPLES)
    for (model, _, setting), alpha, beta, T in cells:
        p = exponent(model, alpha, beta) + (ahead if setting else 0)
        theory = natural_clock(T) ** -p
        row = {"model": model, "alpha": alpha, "beta": beta, "sigma": 0.5, "samples": T,
               "step_factor": 1.0, "theory": theory, "setting": setting}  # fmt: skip
        rows += [
            row | {"replicate": r, "excess_risk": theory * np.exp(0.02 * rng.standard_normal()),
                   "diverged": False, "adapted": 0, "learned": 0, "replicates": 12}
            for r in range(12)
        ]  # fmt: skip
    runs = pd.DataFrame(rows)
    theory = runs[runs["replicate"] == 0].drop(columns=["replicate", "excess_risk", "diverged"])
    return runs.drop(columns="theory"), theory.drop(columns=["adapted", "learned"])


def judged(exponent, off=0.0, ahead=0.0):
    runs, theory = planted_runs(exponent, ahead)
    tables = {"runs": runs, "theory": theory, "tuned": tuned_table(off)}
    curves, estimates = phase_diagram.results(tables, SETTINGS)
    assert len(curves) == 3 * 9 * len(SAMPLES)
    return estimates.set_index(["quantity", "model"])


@pytest.mark.slow
def test_the_paper_s_own_exponents_are_found_again():
    estimates = judged(rates.sample_exponent)
    assert_allclose(estimates.loc["median difference by theory", "estimate"], 0, atol=1e-12)
    slope = estimates.loc["slope of measured on predicted"]
    assert_allclose(slope["estimate"], 1, atol=0.03)
    assert (slope["ci_low"] < slope["estimate"]).all()
    share = estimates.loc["share with larger exponent above the line"].iloc[0]
    assert share["estimate"] == share["theory"] == 1
    assert share["points"] == 3  # cells with alpha > beta
    assert share["ci_low"] == pytest.approx(0.025 ** (1 / 3))


@pytest.mark.slow
def test_each_linear_model_is_compared_with_the_quadratic_one():
    share = "share with larger exponent above the line"
    rows = judged(rates.sample_exponent, ahead=1.0).loc[share].set_index("setting")["estimate"]
    assert rows.to_dict() == {"": 1, phase_diagram.STRONGER: 0}
    slope = judged(rates.sample_exponent, ahead=1.0).loc["slope of measured on predicted"]
    assert_allclose(slope["estimate"], 1, atol=0.03)  # of the models that are treated alike


@pytest.mark.slow
def test_half_the_exponents_have_half_the_slope():
    estimates = judged(lambda *key: 0.5 * rates.sample_exponent(*key))
    assert_allclose(estimates.loc["slope of measured on predicted", "estimate"], 0.5, atol=0.03)


@pytest.mark.slow
def test_a_quadratic_model_worse_than_the_linear_one_wins_nowhere():
    less = {"quadratic": 0.1, "linear": 0.0}
    estimates = judged(lambda model, *pair: rates.sample_exponent("linear", *pair) - less[model])
    share = estimates.loc["share with larger exponent above the line"].iloc[0]
    assert share["estimate"] == 0


@pytest.mark.slow
def test_exponents_that_are_off_show_as_differences():
    distance = judged(rates.sample_exponent, off=0.04)
    for name in ("median", "largest"):
        assert_allclose(distance.loc[f"{name} difference by theory", "estimate"], 0.04)


def test_the_range_is_that_of_the_half_windows():
    tuned = tuned_table()
    tuned.loc[tuned["samples"] == 10**7, "risk"] *= 0.9  # early steeper, late flatter
    rows = pd.DataFrame(phase_diagram.theory_exponents(tuned))
    assert ((rows["ci_low"] < rows["estimate"]) & (rows["estimate"] < rows["ci_high"])).all()


def test_design_has_both_models_of_every_cell_on_the_same_samples():
    design = STUDY.design(SETTINGS)
    assert len(design) == 3 * 9 * 3
    pairs = design.groupby(["alpha", "beta", "samples"])
    assert (pairs["model"].nunique() == 2).all()
    assert (pairs["model_size"].min() == pairs["model_size"].max()).all()
    linear = design[design["model"] == "linear"]
    steps = linear.pivot(index=["alpha", "beta", "samples"], columns="setting", values="step_size")
    assert (steps[phase_diagram.STRONGER] >= 0.999 * steps[""]).all()
    above = steps.query("alpha > beta")
    assert (above[phase_diagram.STRONGER] > 2 * above[""]).all()
