"""Parameterizations: SGD on (u, v), planted rates, a theory that knows which half grows."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.base.tables import select
from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point, trained
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import named
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.views import with_signs
from quadlaw.studies import study
from quadlaw.studies.parameterizations import HALVES, LINEAR, SIGNS

STUDY = study("parameterizations")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5, "replicates": 6}, {"alpha": 2.0, "beta": 3.0}],
    "samples": [256, 512, 1024],
    "replicates": 8,
    "size_factor": 4,
    "window": [256, 1024],
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_all_that_are_made_of_squares_share_their_settings(design):
    squares = design[design["model"] != LINEAR]
    spread = squares.groupby(["alpha", "samples"])[["step_size", "init", "model_size"]].agg(np.ptp)
    assert (spread == 0).all(axis=None)
    assert all(len(point["lanes"]) == 2 * 4 for point in points(design))
    assert set(design.groupby("alpha")["replicates"].first()) == {8, 6}


@pytest.mark.slow
@pytest.mark.parametrize("signs", SIGNS)
def test_two_layer_is_sgd_on_u_and_v(signs):
    spectrum, T, eta, init = PowerLaw(2.0, 3.0).spectrum(12), 300, 0.1, 0.3
    lanes = [
        {"model": name, "model_size": 12, "step_size": eta, "init": init, "signs": signs}
        for name in HALVES
    ]
    point = {"alpha": 2.0, "beta": 3.0, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": T}
    ((_, groups),) = trained(point | {"lanes": lanes}, 0, "float64", 0, [T])
    found = {group.model.name: group.weights()[0] for group in groups}

    stream = chunks(spectrum, T, 0, 0, [T], "float64")
    x, y = map(np.concatenate, zip(*((x[:, :12].copy(), y) for _, x, y in stream), strict=True))
    y = y + x @ (with_signs(spectrum, signs).target - spectrum.target)
    u, v = np.full(12, 2 * init), np.full(12, init / 2)
    for row, label, factor in zip(
        x, y, named("two-phase 0.5").factor(np.arange(T), T), strict=True
    ):
        step = eta * factor * (row @ (u * v) - label) * row
        u, v = u - step * v, v - step * u
    assert np.allclose(found["two-layer"], u * v, rtol=1e-9, atol=1e-12)
    assert not np.allclose(found["signed"], u * v, rtol=1e-2)


@pytest.mark.slow
def test_theory_knows_which_half_grows():
    """Within a fifth, where the two kinds of target differ by two fifths."""
    settings = SETTINGS | {"problems": [{"alpha": 2.0, "beta": 3.0}], "samples": [256, 512, 1024]}
    design = STUDY.design(settings | {"replicates": 120})
    design = select(design, model="two-layer", samples=1024)
    theory = STUDY.predicted(design).set_index("setting")["theory"]
    runs = run_point(points(design)[0], 0, "float32")
    risks = runs.groupby("setting")["excess_risk"]
    error = 0.2 * theory + 4 * risks.sem()
    assert ((risks.mean() - theory).abs() < error).all()
    assert abs(risks.mean()["alternating"] - theory["positive"]) > error["positive"]


def test_signs_make_no_difference_to_a_linear_model_and_the_control_has_no_theory(design):
    theory = STUDY.predicted(design)
    wide = select(theory, model=LINEAR).pivot(
        index=["alpha", "samples"], columns="signs", values="theory"
    )
    assert np.allclose(wide["positive"], wide["alternating"])
    missing = theory[theory["theory"].isna()]
    assert set(zip(missing["model"], missing["signs"], strict=True)) == {
        ("quadratic", "alternating")
    }


def test_planted_exponents(design):
    rate = design["model"].map({"quadratic": 0.3, "signed": 0.4, "two-layer": 0.5})
    risk = design["samples"] ** -rate.fillna(0.6)
    draw = np.random.default_rng(0)
    runs = [
        design.assign(
            replicate=r, excess_risk=risk * draw.lognormal(0, 0.02, len(risk)), diverged=False,
            adapted=0, learned=0,
        )
        for r in range(8)
    ]  # fmt: skip
    tables = {"runs": pd.concat(runs, ignore_index=True), "theory": design.assign(theory=risk)}
    curves, estimates = STUDY.results(tables, SETTINGS)
    assert len(curves) == len(design)
    found = select(estimates, against="T").set_index(["model", "alpha", "setting"])
    assert len(found) == 4 * 2 * 2
    assert np.allclose(found["estimate"], found["theory"], atol=0.05)
    assert np.allclose(found.loc["signed", "theory"], 0.4)
