"""The linear model at a fixed and at a tuned step: design and exponents."""

import pandas as pd
import pytest

from quadlaw.fit.designs import predicted, with_steps
from quadlaw.fit.estimates import far_exponents
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import saturated_linear, study
from quadlaw.studies.saturated_linear import FIXED, MORE, TUNED
from quadlaw.theory import rates, stability_edge

STUDY = study("saturated_linear")
SETTINGS = {
    "problems": [{"alpha": 1.5, "beta": 3.5}],
    "samples": [256, 1024, 4096],
    "step_factors": [0.4, 1.0],
    "size_factor": 4,
    "replicates": 3,
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_the_fixed_step_is_fixed_and_the_tuned_one_falls(design):
    main = design[design["step_factor"] == 1].set_index("setting")
    assert main.loc[FIXED, "step_size"].min() == main.loc[FIXED, "step_size"].max()
    assert main.loc[TUNED, "step_size"].is_monotonic_decreasing
    edge = stability_edge(PowerLaw(1.5, 3.5), 10**4)
    assert (design["step_size"] < edge / 2).all()


def test_models_hold_what_their_step_can_fit(design):
    main = design[design["step_factor"] == 1]
    fixed, tuned = (main[main["setting"] == name] for name in (FIXED, TUNED))
    fitted = (fixed["step_size"] * fixed["samples"]) ** (1 / 1.5)
    assert (fixed["model_size"] >= 4 * fitted).all()
    assert (tuned["model_size"] >= 4 * tuned["samples"] ** (1 / 3.5)).all()
    assert (tuned["replicates"] == MORE * 3).all()


@pytest.mark.slow
def test_theory_has_either_exponent_and_not_the_other_s():
    far = saturated_linear._rows(SETTINGS, [10**9, 10**10, 10**11, 10**12], [1.0])
    far = predicted(with_steps(far))
    rows = pd.DataFrame(far_exponents(far)).set_index("setting")
    fixed, tuned = rates.fixed_step_exponent(1.5, 3.5), rates.minimax_exponent(3.5)
    assert rows.loc[FIXED, "estimate"] == pytest.approx(fixed, abs=0.02)
    assert rows.loc[TUNED, "estimate"] == pytest.approx(tuned, abs=0.02)
    assert tuned - fixed > 0.3
    assert (rows["ci_low"] <= rows["estimate"]).all()
    assert (rows["estimate"] <= rows["ci_high"]).all()
