"""The plane's exponents and what is said of them, from tables with planted exponents."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from quadlaw.ledger.claims import REPRODUCED, verdict
from quadlaw.models import PAPER
from quadlaw.studies import phase_diagram, study
from quadlaw.theory import rates
from quadlaw.theory.rates import limiting_clock

ALPHAS, BETAS = [1.5, 3.0, 4.0, 5.0], [1.5, 2.5, 3.0]
APART = 7  # of these 12; at (3, 2.5) the laws differ by .045
SAMPLES = [16384, 65536, 262144, 1048576]
STUDY = study("phase_diagram")
SETTINGS = {
    "alphas": ALPHAS,
    "betas": BETAS,
    "samples": SAMPLES,
    "replicates": 12,
    "size_factor": 4,
    "sigma": 0.5,
    "window": [16384, 1048576],
}


def risk(model, alpha, beta, T, exponent):
    """A pure power of the variable of the model's limiting term."""
    clock = rates.clock(limiting_clock(model, alpha, beta), float(T), alpha, beta)
    return clock ** -exponent(model, alpha, beta)


def tuned_table(exponent):
    rows = [
        {"model": model, "alpha": alpha, "beta": beta, "sigma": 0.5, "samples": T,
         "init": 0.5, "risk": risk(model, alpha, beta, T, exponent)}
        for model, alpha, beta in product(PAPER, ALPHAS, BETAS)
        for T in (10**6, 10**7, 10**9)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def planted_runs(exponent, noise):
    """Runs and the theory at their settings."""
    rng, rows = np.random.default_rng(1), []
    for model, alpha, beta, T in product(PAPER, ALPHAS, BETAS, SAMPLES):
        theory = risk(model, alpha, beta, T, exponent)
        row = {"model": model, "alpha": alpha, "beta": beta, "sigma": 0.5, "samples": T,
               "step_factor": 1.0, "theory": theory, "setting": "", "init": 0.5,
               "method": "leaps 0.5"}  # fmt: skip
        rows += [
            row | {"replicate": r, "excess_risk": theory * np.exp(noise * rng.standard_normal()),
                   "diverged": False, "adapted": 0, "learned": 0, "replicates": 12}
            for r in range(12)
        ]  # fmt: skip
    runs = pd.DataFrame(rows)
    theory = runs[runs["replicate"] == 0].drop(columns=["replicate", "excess_risk", "diverged"])
    return runs.drop(columns="theory"), theory.drop(columns=["adapted", "learned"])


@pytest.fixture
def judged(monkeypatch):
    """Estimates of planted exponents; the stronger linear model's is larger by ``ahead``."""

    def strong(cell, settings):
        alpha, beta, sigma = cell[phase_diagram.PROBLEM].iloc[0]
        p = rates.sample_exponent("linear", alpha, beta) + judged.ahead
        known = [{"samples": T, "theory": float(T) ** -p} for T in SAMPLES]
        return pd.DataFrame(known).assign(alpha=alpha, beta=beta, sigma=sigma)

    def judged(exponent, ahead=0.0, noise=0.02):
        judged.ahead = ahead
        runs, theory = planted_runs(exponent, noise)
        tables = {"runs": runs, "theory": theory, "tuned": tuned_table(exponent)}
        curves, estimates = phase_diagram.results(tables, SETTINGS)
        assert len(curves) == 2 * 12 * len(SAMPLES)
        return estimates.set_index(["quantity", "model"])

    monkeypatch.setattr(phase_diagram, "stronger", strong)
    return judged


SUMMARIES = [f"{name} position" for name in ("median", "farthest")]
SUMMARIES += [f"{name} by theory" for name in SUMMARIES]
SHARE = "share with larger exponent"


@pytest.mark.slow
def test_each_model_is_found_on_its_own_law(judged):
    estimates = judged(rates.sample_exponent)
    for quantity, (model, own) in product(SUMMARIES, (("quadratic", 1), ("linear", 0))):
        row = estimates.loc[(quantity, model)]
        assert row["theory"] == pytest.approx(own, abs=1e-9)
        assert row["estimate"] == pytest.approx(own, abs=0.25)
        assert row["points"] == APART
        assert row["against"] == limiting_clock(model, 4, 2)
    shares = estimates.loc[SHARE]
    assert (shares[["estimate", "theory"]] == 1).all(axis=None)
    cells = estimates.loc["position"]
    assert len(cells) == 2 * APART
    assert (cells["ci_low"] < cells["estimate"]).all()


@pytest.mark.slow
def test_models_of_the_other_law_are_not_taken_for_it(judged):
    estimates = judged(lambda _, *pair: rates.sample_exponent("linear", *pair))
    for quantity in SUMMARIES:
        row = estimates.loc[(quantity, "quadratic")]
        assert verdict(1, row["ci_low"], row["ci_high"], 1 / 3, rival=0) != REPRODUCED
    assert estimates.loc[("median position", "quadratic"), "estimate"] < 0.2


@pytest.mark.slow
def test_each_linear_model_is_compared_with_the_quadratic_one(judged):
    rows = judged(rates.sample_exponent, ahead=1.0).loc[SHARE].set_index("setting")["estimate"]
    assert rows.to_dict() == {"": 1, phase_diagram.STRONGER: 0}


@pytest.mark.slow
def test_noisy_runs_make_wide_intervals(judged):
    widths = [
        np.subtract(*judged(rates.sample_exponent, noise=noise).loc[
            ("median position", "quadratic"), ["ci_high", "ci_low"]
        ])
        for noise in (0.02, 0.2)
    ]  # fmt: skip
    assert 5 < widths[1] / widths[0] < 20


def test_an_exponent_between_the_laws_has_its_place_there():
    for alpha, beta in ((3.0, 1.5), (5.0, 3.0)):
        laws = [rates.sample_exponent(model, alpha, beta) for model in ("linear", "quadratic")]
        found = phase_diagram.position(np.array([*laws, np.mean(laws)]), alpha, beta)
        assert_allclose(found, [0, 1, 0.5], atol=1e-12)
    assert phase_diagram.is_apart(2.5, 1.5)  # .05, but for rounding
    assert not phase_diagram.is_apart(3.0, 2.5)
    assert not phase_diagram.is_apart(2.0, 3.0)


def test_the_range_is_that_of_the_half_windows():
    tuned = tuned_table(rates.sample_exponent)
    tuned.loc[tuned["samples"] == 10**7, "risk"] *= 0.9  # early steeper, late flatter
    rows = pd.DataFrame(phase_diagram.theory_exponents(tuned))
    assert ((rows["ci_low"] < rows["estimate"]) & (rows["estimate"] < rows["ci_high"])).all()


def test_design_has_both_models_of_every_cell_in_leaps():
    design = STUDY.design(SETTINGS | {"samples": [64, 256, 1024]})
    assert len(design) == 2 * 12 * 3
    assert (design["method"] == "leaps 0.5").all()
    pairs = design.groupby(["alpha", "beta", "samples"])
    assert (pairs["model"].nunique() == 2).all()
    assert (pairs["model_size"].min() == pairs["model_size"].max()).all()


def test_the_stronger_linear_model_takes_larger_steps():
    cell = pd.DataFrame([{"alpha": 4.0, "beta": 2.0, "sigma": 0.5}])
    strong = phase_diagram.stronger(cell, SETTINGS)
    usual = STUDY.design(SETTINGS | {"alphas": [4.0], "betas": [2.0]})
    usual = usual[usual["model"] == "linear"].set_index("samples")["step_size"]
    assert (strong.set_index("samples")["step_size"] > 2 * usual).all()
    assert np.isfinite(strong["theory"]).all()
