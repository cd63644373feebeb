"""The theory at simulated settings: the mean field against many runs, and curves' exponents."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from quadlaw import PowerLaw, TwoPhase
from quadlaw.fit.comparison import (
    mean_field_check,
    mean_field_error,
    predicted_curves,
    predicted_exponents,
    predicted_front,
    predicted_weights,
)
from quadlaw.theory import linear_risk, mean_field_risk

CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config/config.yaml").read_text())
SETTINGS = CONFIG["mean_field"]["settings"]
CHECK = {"replicates": 400, "seed": CONFIG["seed"], "schedule": TwoPhase(), "dtype": "float32"}
SERIES = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "init_scale": 0.5}


def beyond_noise(row, risk):
    """How far a prediction is from the simulated mean beyond two standard errors, relatively."""
    return max(0.0, abs(row["simulated"] / risk - 1) - 2 * row["simulated_error"] / risk)


def test_the_settings_cover_what_they_should():
    signs = {np.sign(one["alpha"] - one["beta"]) for one in SETTINGS}
    assert len(SETTINGS) >= 12 and signs == {-1, 0, 1}
    assert {one["sigma"] for one in SETTINGS} >= {0.1, 1.0}
    assert {one["samples"] for one in SETTINGS} >= {2**10, 2**14}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_mean_field_agrees_with_400_runs_and_closure_with_mean_field(number):
    row = mean_field_check(SETTINGS[number], **CHECK)
    assert row["diverged_share"] < 0.01 and row["escaped_share"] < 0.01
    assert row["accurate_error"] < 0.005 * row["accurate"]
    assert beyond_noise(row, row["accurate"]) < 0.02
    assert row["closure"] == pytest.approx(row["accurate"], rel=0.02 + 0.005)
    # Control: the same runs are not explained by half of the step size.
    other = SETTINGS[number] | {"step_size": SETTINGS[number]["step_size"] / 2}
    problem = PowerLaw(other["alpha"], other["beta"], other["sigma"])
    rest = {key: other[key] for key in ("model_size", "samples", "step_size", "init")}
    assert beyond_noise(row, mean_field_risk(problem, method="closure", **rest)) > 0.02


def curves_at(samples):
    """Rows as of a table of curves, both models."""
    common = SERIES | {"model_size": 64, "step_size": 0.05, "init": 0.3}
    rows = [common | {"model": m, "samples": T} for m in ("linear", "quadratic") for T in samples]
    return pd.DataFrame(rows)


def test_predicted_curves_are_the_solvers_risks():
    table = predicted_curves(curves_at([256]), TwoPhase()).set_index("model")["risk"]
    rest = {"model_size": 64, "samples": 256, "step_size": 0.05, "init": 0.3}
    problem = PowerLaw(2.5, 1.5, 0.5)
    assert table["quadratic"] == mean_field_risk(problem, method="closure", **rest)
    assert table["linear"] == linear_risk(problem, method="leaps", **rest)


def test_a_step_beyond_the_edge_has_no_prediction():
    curves = curves_at([256]).assign(step_size=5.0)
    assert predicted_curves(curves, TwoPhase())["risk"].isna().all()


def planted(power):
    """Theory whose risk is an exact power law of the samples, steeper for the quadratic model."""
    theory = curves_at([2**k for k in range(8, 14)]).drop(columns="step_size")
    exponent = np.where(theory["model"] == "linear", power, power + 0.1)
    return theory.assign(risk=theory["samples"] ** -exponent)


def test_exponents_of_planted_power_laws_are_found():
    found = predicted_exponents("sample_exponent", planted(0.3), (256, 8192))
    against_T = found[found["against"] == "T"].set_index("model")["theory"]
    assert against_T["linear"] == pytest.approx(0.3) and against_T["quadratic"] == pytest.approx(
        0.4
    )
    ratio = predicted_exponents("ratio_exponent", planted(0.3), (256, 8192))
    assert ratio.set_index("against")["theory"]["T"] == pytest.approx(0.1)
    assert (ratio["model"] == "linear/quadratic").all()


@pytest.mark.slow
def test_the_predicted_front_moves_at_its_rate():
    """Growth times divided by their logarithm grow as ``i^((alpha + beta) / 2)``."""
    point = {
        "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "samples": 2**17, "model_size": 64, "times": 200,
        "coordinates": 24, "step_constant": 0.05, "init_scale": 0.05,
        "schedule": {"adaptation": 0.5, "stage_length": None},
    }  # fmt: skip
    weights = predicted_weights(point)
    assert (weights["quartile_low"] <= weights["ratio"]).all()
    assert (weights["ratio"] <= weights["quartile_high"]).all()
    last = weights[weights["time"] == weights["time"].max()].set_index("coordinate")["ratio"]
    assert last[1] == pytest.approx(1, abs=0.01) and last[64] < 0.5
    every = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5}
    window = {"window_low": 3, "window_high": 14}
    fits = pd.DataFrame([every | window | {"against": name} for name in ("eta t", "eta t / log")])
    slopes = predicted_front(weights, fits).set_index("against")["theory"]
    assert slopes["eta t / log"] == pytest.approx(2.0, abs=0.06)
    assert abs(slopes["eta t"] - slopes["eta t / log"]) > 0.02


def test_the_error_of_the_mean_field_weighs_settings_by_their_precision():
    """Two precise settings that agree outweigh one that is vague and far off."""
    settings = pd.DataFrame(
        {
            "simulated": [1.0, 2.0, 1.0],
            "simulated_error": [0.001, 0.002, 0.5],
            "accurate": [1.01, 2.02, 2.0],
            "accurate_error": [0.0, 0.0, 0.0],
        }
    )
    row = mean_field_error(settings).iloc[0]
    assert row["estimate"] == pytest.approx(np.log(1.01), abs=1e-4)
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * 1.96 * 0.001 / np.sqrt(2), rel=1e-3)
