"""Adaptivity: the grid knows no exponent, held-out samples are fresh, the least error is taken."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.streams import chunks
from quadlaw.studies import adaptivity, study
from quadlaw.studies.adaptivity import FRESH, HELD_OUT, held_out_error

STUDY = study("adaptivity")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
    "samples": [200, 400, 800],
    "model_size": 30,
    "trace_shares": [0.5, 0.1, 0.02],
    "init_weights": [0.01, 0.1, 1.0],
    "replicates": 6,
    "many": 32,
    "window": [200, 800],
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_the_grid_is_the_same_for_all_problems_in_units_of_the_trace(design):
    grid = design[design["setting"] == HELD_OUT].copy()
    for (alpha, beta), some in grid.groupby(["alpha", "beta"]):
        trace = PowerLaw(alpha, beta).eigenvalues(30).sum()
        assert set((some["step_size"] * trace).round(12)) == {0.5, 0.1, 0.02}
    assert set(grid["samples"]) == {160, 320, 640}
    assert grid.groupby("model").size().to_dict() == {"linear": 18, "quadratic": 36, "signed": 36}


def test_held_out_error_is_the_risk_and_the_noise_on_samples_of_its_own():
    spectrum = PowerLaw(2, 2, 0.5).spectrum(20)
    weights = np.stack([np.zeros(20), spectrum.target])
    error = held_out_error(spectrum, weights, 20_000, 3, 0)
    expected = np.array([spectrum.tail[0], spectrum.tail[-1]]) + 0.25
    deviation = expected * np.sqrt(2 / 20_000)  # of a mean of squares of normals
    assert (np.abs(error - expected) < 4 * deviation).all()
    assert (np.abs(error[::-1] - expected) > 4 * deviation).all()  # control: the other's
    (_, x, _), *_ = chunks(spectrum, 50, 3, 0, [50], "float32")
    mine = x.copy()
    (_, x, _), *_ = chunks(spectrum, 50, 3 + FRESH, 0, [50], "float32")
    assert not np.isin(x[:, :20], mine[:, :20]).any()


@pytest.mark.slow
def test_the_chosen_run_has_the_least_held_out_error(design):
    grid = design[design["setting"] == HELD_OUT]
    one = grid[(grid["alpha"] == 2) & (grid["samples"] == 640) & (grid["model"] == "quadratic")]
    (point,) = points(one)
    chosen = STUDY.run_point(point, 1, "float32")
    assert len(chosen) == 6 and set(chosen["adapted"]) == {6}
    every = run_point(point, 1, "float32")
    best = every.groupby("replicate")["excess_risk"].min()
    mean = every.groupby(["step_size", "init"])["excess_risk"].mean()
    mine = chosen.set_index("replicate")["excess_risk"]
    assert (mine >= best).all()  # it cannot beat the best in hindsight,
    assert mine.mean() < mean.median()  # and does better than half of the grid


def test_the_held_out_error_decides_and_not_the_risk(design, monkeypatch):
    grid = design[(design["setting"] == HELD_OUT) & (design["samples"] == 160)]
    (point,) = points(grid[(grid["alpha"] == 2) & (grid["model"] == "quadratic")])
    lanes = point["lanes"]
    for best in (0, 3, 5):
        error = np.ones(6)
        error[best] = 0.5
        monkeypatch.setattr(adaptivity, "held_out_error", lambda *_, error=error: error)
        chosen = STUDY.run_point(point, 1, "float32")
        for key in ("step_size", "init"):
            assert set(chosen[key]) == {lanes[best][key]}


@pytest.mark.slow
def test_results_count_all_samples(design):
    runs = [STUDY.run_point(point, 0, "float32") for point in points(design)]
    theory = STUDY.predicted(design)
    assert theory["theory"].notna().sum() == 2 * 3 * 3  # known exponents alone
    from quadlaw.base.tables import stacked

    curves, estimates = adaptivity.results({"runs": stacked(runs), "theory": theory}, SETTINGS)
    assert set(curves["samples"]) == {200, 400, 800}
    assert len(curves) == 2 * 2 * 3 * 3
    exponent = ["model", "alpha", "against"]
    shown = estimates.set_index(exponent).groupby(["quantity", "setting"])["estimate"]
    held, known = (
        shown.get_group(("sample exponent", one)) for one in (HELD_OUT, "known exponents")
    )
    less = shown.get_group(("exponent less known exponents'", HELD_OUT))
    assert len(less) == 2 * 2 * 3
    pd.testing.assert_series_equal(less, (held - known).loc[less.index])
    prices = estimates[estimates["quantity"] == "risk over known exponents'"]
    assert len(prices) == 6 and (prices["estimate"] > 0).all()
