"""Sketch: the exact theory beside runs, what it must not forget, planted rates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.sgd.bases import sketch
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import study
from quadlaw.studies.random_bases import LINEAR, SIGNED, Seen
from quadlaw.studies.sketch import SKETCHED, TOP
from quadlaw.theory import linear_risk

STUDY = study("sketch")
SETTINGS = {
    "problems": [{"alpha": 2.5, "beta": 1.5}],
    "inputs": 64,
    "samples": [64, 256, 1024],
    "theory_samples": [16, 24, 32],
    "model_size": 16,
    "long": 1024,
    "model_sizes": [2, 4, 8],
    "size_draws": 6,
    "init": 0.5,
    "fractions": [0.125, 0.25],
    "draws": 3,
    "replicates": 8,
    "pilots": 2,
    "window": [64, 1024],
    "size_window": [2, 8],
    "sigma": 0.5,
}
LAW = PowerLaw(2.5, 1.5, 0.5)


def test_sketch_has_the_stated_variance_and_smaller_ones_are_its_rows():
    entries = 32**0.5 * sketch(32, 4096, 0)[0]
    assert abs(entries.var() - 1) < 4 * np.sqrt(2 / entries.size)
    assert abs(entries.mean()) < 4 / np.sqrt(entries.size)
    assert np.allclose(8**0.5 * sketch(8, 4096, 0)[0], entries[:8])
    assert not np.allclose(sketch(32, 4096, 1)[0], entries / 32**0.5)


@pytest.mark.slow
def test_exact_theory_of_a_sketch_and_one_that_forgets_the_residual():
    view = Seen.sketched(LAW, 4, "sketch 1", 64)
    lane = {"model": LINEAR, "model_size": 4, "step_size": 0.15, "init": 0.5, "basis": "sketch 1"}
    point = {
        "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": 64,
        "replicates": 1500, "lanes": [lane],
    }  # fmt: skip
    risk = run_point(point, 0, "float32", inputs=64)["excess_risk"]
    exact = view.linear_risk(samples=64, step_size=0.15)
    assert abs(risk.mean() - exact) < 4 * risk.sem()
    quiet = replace(view, problem=replace(view.problem, sigma=0.5), beyond=0.0)
    quiet = quiet.linear_risk(samples=64, step_size=0.15)
    assert (
        abs(risk.mean() - (quiet + view.least)) > 4 * risk.sem()
    )  # it forgets the residual's noise


def test_first_coordinates_are_the_power_law():
    view = Seen.sketched(LAW, 16, "eigenbasis", 64)
    assert view.least == pytest.approx(LAW.tail(16))
    settings = {"samples": 256, "step_size": 0.1}
    own = linear_risk(LAW, model_size=16, init=0.0, method="leaps", **settings)
    assert view.linear_risk(**settings) == pytest.approx(own, rel=1e-9)


def test_best_predictor_is_that_of_least_squares():
    draw, size, inputs = np.random.default_rng(0), 4, 16
    view, matrix = Seen.sketched(LAW, size, "sketch 2", inputs), sketch(size, inputs, 2)[0]
    x = draw.standard_normal((200000, inputs)) * np.sqrt(LAW.eigenvalues(inputs))
    z, y = x @ matrix.T, x @ LAW.target(inputs)
    fitted, *_ = np.linalg.lstsq(z, y, rcond=None)
    assert np.allclose(fitted, view.along(view.best), atol=0.02)
    left = np.mean((y - z @ fitted) ** 2) + LAW.tail(inputs)
    assert view.least == pytest.approx(left, rel=0.02)


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_small_sketches_have_draws_of_their_own(design):
    drawn = design.groupby("part")[["draw", "replicates"]].agg(["nunique", "max"])
    assert drawn["draw", "nunique"].to_dict() == {"samples": 3, "sizes": 6}
    assert drawn["replicates", "max"].to_dict() == {"samples": 8, "sizes": 6 + 2}


@pytest.mark.slow
def test_runs_are_near_their_theory(design):
    some = design[(design["part"] == "sizes") & (design["fraction"] == 0.125)]
    runs = STUDY.run_point(points(some)[0], 0, "float32")
    known = [column for column in some if column in runs]
    both = runs.merge(STUDY.predicted(some), on=known)
    away = np.log(both["excess_risk"] / both["theory"])
    assert away.groupby(both["model"]).median().abs().max() < 0.1


def test_a_run_of_both_parts_has_the_same_theory_in_either():
    both = SETTINGS | {"long": 64, "model_sizes": [4, 8, 16], "size_draws": 3}
    design = STUDY.design(both)
    design = design[(design["samples"] == 64) & (design["model_size"] == 16)]
    keys = ["model", "setting", "draw", "fraction"]
    known = STUDY.predicted(design).pivot(index=keys, columns="part", values="theory")
    assert len(known) == 2 * 2 * 3 * 2
    assert (known["samples"] == known["sizes"]).all()


@pytest.mark.slow
def test_planted_exponents(design):
    rate = {
        (LINEAR, SKETCHED): 0.2,
        (SIGNED, SKETCHED): 0.2,
        (LINEAR, TOP): 0.2,
        (SIGNED, TOP): 0.3,
    }
    power = [rate[key] for key in zip(design["model"], design["setting"], strict=True)]
    sized = design["part"] == "sizes"
    best = 1 + (design["fraction"] != 0.25)
    risk = np.where(sized, design["model_size"] ** -0.5, design["samples"] ** -np.array(power))
    theory = design.assign(theory=best * risk)
    noise = np.random.default_rng(0).lognormal(0, 0.05, SETTINGS["replicates"])
    runs = pd.concat(
        [
            theory[theory["draw"] == r % 3].assign(
                replicate=r, excess_risk=noise[r] * theory["theory"], diverged=False, adapted=0,
                learned=0,
            )
            for r in range(SETTINGS["replicates"])
        ],
        ignore_index=True,
    ).drop(columns="theory")  # fmt: skip
    _, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = estimates[
        estimates["against"].isin(["T", "M"]) & ~estimates["quantity"].str.contains("far")
    ]
    assert len(estimates[estimates["quantity"] == "far ratio exponent"]) == 2
    expected = {"model exponent": 0.5}
    for row in plain.to_dict("records"):
        own = rate.get((row["model"], row["setting"]))
        ratio = 0.1 if row["setting"] == TOP else 0.0
        value = expected.get(row["quantity"], own if "sample" in row["quantity"] else ratio)
        assert row["estimate"] == pytest.approx(value, abs=1e-6)
        assert row["theory"] == pytest.approx(value, abs=1e-6)
    assert len(plain) == 4 + 4 + 2
