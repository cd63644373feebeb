"""Designs: settings by the paper's rules, run on shared streams, measured and predicted."""

import json

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw, simulate
from quadlaw.base.provenance import modules_used
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import jobs, points, predicted, scaling_rows, with_steps
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.fit.points import point_key, run_point
from quadlaw.sgd.workload import stream_of
from quadlaw.theory import linear_risk, mean_field_risk, rates, stability_edge

PROBLEM = PowerLaw(2.0, 3.0)
SAMPLES = [128, 256, 512]


@pytest.fixture(scope="module")
def design():
    rows = [
        scaling_rows(PROBLEM, model, SAMPLES, replicates=8, step_factors=(0.5, 1.0))
        for model in ("quadratic", "linear")
    ]
    return with_steps(stacked(rows)).assign(setting="")


@pytest.fixture(scope="module")
def runs(design):
    return stacked(run_point(point, seed=3, dtype="float32") for point in points(design))


def test_a_scaling_curve_follows_the_papers_rules(design):
    for model in ("quadratic", "linear"):
        rows = design[(design["model"] == model) & (design["step_factor"] == 1)]
        dimension = rates.effective_dimension("quadratic", 2.0, 3.0, rows["samples"].to_numpy())
        assert list(rows["model_size"]) == list(np.ceil(4 * dimension))
        own = rates.effective_dimension(model, 2.0, 3.0, rows["samples"].to_numpy())
        constant = rows["step_size"] / rates.step_size(model, 2.0, 3.0, own)
        assert np.allclose(constant, constant.iloc[0])
        edge = stability_edge(PROBLEM, int(rows["model_size"].max()), model)
        assert rows["step_size"].max() < edge
    halves = design.pivot(index=["model", "samples"], columns="step_factor", values="step_size")
    assert np.allclose(halves[0.5] * 2, halves[1.0])


def test_points_share_their_stream_and_survive_json(design):
    found = points(design)
    assert len(found) == 3 and all(len(point["lanes"]) == 4 for point in found)
    assert found[0]["samples"] == 512  # the costly one first
    assert json.loads(json.dumps(found)) == found
    enough = sum(stream_of(point).seconds() for point in found[:2])
    parts = [found[part] for part in jobs(found, enough)]
    assert sorted(map(len, parts)) == [1, 2]
    assert {point["samples"] for part in parts for point in part} == set(SAMPLES)


def test_parts_of_a_point_are_the_runs_of_the_whole(design):
    (point,) = points(design[design["samples"] == 128])
    whole = run_point(point, 3, "float32")
    parts = [point | {"range": ends} for ends in ([0, 3], [3, 8])]
    split = stacked(run_point(part, 3, "float32") for part in parts)
    order = ["model", "step_factor", "replicate"]
    whole, split = (some.sort_values(order, ignore_index=True) for some in (whole, split))
    pd.testing.assert_frame_equal(whole, split)
    assert (whole["replicates"] == 8).all()


def test_the_key_of_a_point_changes_with_all_that_it_depends_on(design):
    (point, *_) = points(design)
    key = point_key(point, 1, "float32", "code")
    lanes = [dict(point["lanes"][0], step_size=0.123), *point["lanes"][1:]]
    others = [
        point_key(point, 2, "float32", "code"),
        point_key(point, 1, "float64", "code"),
        point_key(point, 1, "float32", "other"),
        point_key(point | {"replicates": 9}, 1, "float32", "code"),
        point_key(point | {"range": [0, 4]}, 1, "float32", "code"),
        point_key(point | {"lanes": lanes}, 1, "float32", "code"),
    ]
    assert key == point_key(point, 1, "float32", "code") and key not in others


@pytest.mark.slow
def test_runs_are_those_of_simulate(design, runs):
    """The same streams, whatever the other lanes."""
    row = design[(design["samples"] == 512) & (design["step_factor"] == 1)].iloc[0]
    alone = simulate(
        PROBLEM, model=row["model"], model_size=row["model_size"], samples=512,
        step_size=row["step_size"], init=row["init"], replicates=8, seed=3,
    )  # fmt: skip
    mine = runs[(runs["samples"] == 512) & (runs["step_factor"] == 1)]
    mine = mine[mine["model"] == row["model"]]
    assert np.allclose(mine["excess_risk"], alone["excess_risk"], rtol=1e-5)
    assert len(runs) == len(design) * 8


@pytest.mark.slow
def test_curves_put_the_theory_beside_the_median(design, runs):
    curves = measured_curves(runs, predicted(design))
    assert len(curves) == len(design)
    linear = curves[(curves["model"] == "linear") & (curves["samples"] == 512)].iloc[0]
    settings = {key: linear[key] for key in ("model_size", "step_size", "init")}
    assert linear["theory"] == pytest.approx(
        linear_risk(PROBLEM, samples=512, **settings), rel=1e-3
    )
    assert (curves["ci_low"] <= curves["risk"]).all() and (
        curves["risk"] <= curves["ci_high"]
    ).all()
    some = curves[curves["step_factor"] == 1]
    assert (
        np.abs(some["mean"] - some["theory"]) < 5 * some["mean_error"] + 0.05 * some["theory"]
    ).all()


def test_a_setting_that_the_theory_refuses_has_no_prediction(design):
    row = design.iloc[[0]].assign(step_size=50.0)
    assert np.isnan(predicted(row)["theory"].item())
    assert np.isnan(
        predicted(row.assign(step_size=0.01, schedule="constant averaged 0.5"))["theory"].item()
    )


def theory_at(step_size):
    """What is predicted of both models at one setting."""
    row = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": 256,
           "model_size": 64, "step_size": step_size, "init": 0.3}  # fmt: skip
    rows = pd.DataFrame([row | {"model": name} for name in ("linear", "quadratic")])
    return predicted(rows).set_index("model")["theory"]


def test_predictions_are_the_solvers_risks():
    found = theory_at(0.05)
    rest = {"model_size": 64, "samples": 256, "step_size": 0.05, "init": 0.3}
    problem = PowerLaw(2.5, 1.5, 0.5)
    assert found["quadratic"] == mean_field_risk(problem, method="closure", **rest)
    assert found["linear"] == linear_risk(problem, method="leaps", **rest)


def test_a_step_beyond_the_edge_has_no_prediction():
    assert theory_at(5.0).isna().all()


def planted(exponent, spread=0.1):
    draw = np.random.default_rng(4)
    index = pd.MultiIndex.from_product(
        [[2**k for k in range(8, 15)], range(16), [0.5, 1.0]],
        names=["samples", "replicate", "step_factor"],
    )
    runs = index.to_frame(index=False)
    power = exponent * np.where(runs["step_factor"] == 1, 1.0, 0.5)
    runs["excess_risk"] = runs["samples"] ** -power * np.exp(
        spread * draw.standard_normal(len(runs))
    )
    every = {"model": "linear", "alpha": 2.0, "beta": 3.0, "sigma": 0.5, "setting": ""}
    return runs.assign(**every, diverged=False)


def test_a_planted_exponent_comes_out_with_its_range_over_steps_and_the_theorys():
    runs = planted(0.6)
    power = np.where(runs["step_factor"] == 1, 0.55, 0.2)
    theory = runs.assign(theory=runs["samples"] ** -power)[runs["replicate"] == 0]
    found = table(exponents(runs, "sample exponent", window=(256, 16384), theory=theory))
    row = found[found["against"] == "T"].iloc[0]
    assert row["ci_low"] < 0.6 < row["ci_high"] and row["ci_high"] - row["ci_low"] < 0.05
    assert row["theory"] == pytest.approx(0.55)
    assert row["step_low"] == pytest.approx(0.3, abs=0.02) and row["step_high"] == row["estimate"]
    assert not row["ci_low"] < 0.55 < row["ci_high"]  # control: another exponent is excluded
    assert len(found) == 2 and found["against"].tolist() == ["T", "T/log2 T"]


def test_a_theory_with_gaps_is_fitted_where_it_speaks_or_not_at_all():
    runs = planted(0.6)
    theory = runs[runs["replicate"] == 0].assign(theory=lambda rows: rows["samples"] ** -0.55)
    for gaps, expected in ((2, 0.55), (5, np.nan)):
        some = theory.assign(theory=theory["theory"].where(theory["samples"] >= 2 ** (8 + gaps)))
        rows = list(exponents(runs, "sample exponent", window=(256, 16384), theory=some))
        assert rows[0]["theory"] == pytest.approx(expected, nan_ok=True)
        assert np.isfinite(rows[0]["estimate"])


def test_estimates_have_no_other_columns():
    with pytest.raises(ValueError, match=r"columns = \['verdict'\]: estimates have"):
        table([{"quantity": "a", "verdict": "reproduced"}])


@pytest.mark.slow
def test_an_interval_of_a_statistic_covers_it():
    draw = np.random.default_rng(0)
    covered = 0
    for seed in range(60):
        found = interval([draw.normal(1.0, 1.0, 30)], np.median, seed=seed)
        covered += found["ci_low"] <= 1.0 <= found["ci_high"]
    assert 52 <= covered <= 60


def test_points_are_keyed_by_the_code_that_runs_them():
    """Not by that of the theory, whose step sizes are in the key as numbers."""
    used = modules_used(run_point.__module__)
    assert {
        "quadlaw.fit.points",
        "quadlaw.sgd.run",
        "quadlaw.sgd.schedules",
        "quadlaw.sgd.problem",
    } <= set(used)
    assert not [name for name in used if name.startswith("quadlaw.theory")]
