"""The theory at simulated settings: the mean field against many runs, and every setting's error."""

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw
from quadlaw.base.tables import stacked
from quadlaw.fit.designs import points
from quadlaw.ledger.config import for_study, read
from quadlaw.studies import study
from quadlaw.studies.theory_vs_sgd import compared, mean_field_error
from quadlaw.theory import mean_field_risk

STUDY = study("theory_vs_sgd")
CONFIG = read([])
SETTINGS = CONFIG["studies"]["theory_vs_sgd"]["settings"]


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
    settings = for_study(CONFIG, "theory_vs_sgd") | {"settings": [SETTINGS[number]]}
    design = STUDY.design(settings | {"replicates": 400})
    runs = stacked(STUDY.run_point(part, CONFIG["seed"], "float32") for part in points(design))
    assert len(runs) == 400
    (row,) = compared(runs, STUDY.predicted(design)).to_dict("records")
    assert row["diverged_share"] < 0.01 and row["escaped_share"] < 0.01
    assert row["accurate_error"] < 0.005 * row["accurate"]
    assert beyond_noise(row, row["accurate"]) < 0.02
    assert row["closure"] == pytest.approx(row["accurate"], rel=0.02 + 0.005)
    # Control: the same runs are not explained by half of the step size.
    other = SETTINGS[number] | {"step_size": SETTINGS[number]["step_size"] / 2}
    problem = PowerLaw(other["alpha"], other["beta"], other["sigma"])
    rest = {key: other[key] for key in ("model_size", "samples", "step_size", "init")}
    assert beyond_noise(row, mean_field_risk(problem, method="closure", **rest)) > 0.02


def test_diverged_runs_are_left_out_of_the_mean_and_counted():
    runs = pd.DataFrame(
        {"place": [1, 1, 1, 0, 0], "excess_risk": [1.0, 3.0, 1e9, 5.0, 5.0],
         "diverged": [False, False, True, False, False]}
    )  # fmt: skip
    table = compared(runs, pd.DataFrame({"place": [0, 1], "closure": [5.0, 2.0]}))
    assert table["simulated"].tolist() == [5.0, 2.0] and table["closure"].tolist() == [5.0, 2.0]
    assert table["simulated_error"].tolist() == [0.0, pytest.approx(1.0)]
    assert table["diverged_share"].tolist() == [0.0, pytest.approx(1 / 3)]


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
