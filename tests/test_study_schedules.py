"""Schedules: planted rates come out, all share steps and samples, the theory knows its limits."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.studies import schedules, study

STUDY = study("schedules")
SETTINGS = {
    "problems": [{"alpha": 5.0, "beta": 4.0}, {"alpha": 2.0, "beta": 3.0}],
    "samples": [128, 256, 512, 1024],
    "schedules": ["two-phase 0.5", "cosine", "constant averaged 0.5", "constant"],
    "step_factors": [0.5, 1.0],
    "replicates": 8,
    "many": 20,
    "size_factor": 4,
    "window": [128, 1024],
    "sigma": 0.5,
}
RATES = {"two-phase 0.5": 0.6, "cosine": 0.5, "constant averaged 0.5": 0.4, "constant": 0.0}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_nothing_but_the_schedule_varies(design):
    keys = ["model", "alpha", "samples", "step_factor"]
    for column in ("step_size", "init", "model_size"):
        spread = design.groupby(keys)[column].agg(np.ptp)
        assert (spread == 0).all()
    floor = (design["schedule"] == "constant") & (design["alpha"] > design["beta"])
    floor &= (design["model"] == "quadratic") & (design["step_factor"] == 1)
    assert set(design.loc[floor, "replicates"]) == {20}
    assert set(design.loc[~floor, "replicates"]) == {8}


def test_theory_of_the_last_iterate_at_the_reported_step_alone(design):
    theory = STUDY.predicted(design)
    asked = (theory["step_factor"] == 1) & (theory["schedule"] != "constant averaged 0.5")
    assert theory.loc[asked, "theory"].notna().all()
    assert theory.loc[~asked, "theory"].isna().all()


@pytest.mark.slow
def test_planted_exponents_and_final_ratios(design):
    rate = design["schedule"].map(RATES)
    risk = design["samples"] ** -rate
    draw = np.random.default_rng(0)
    common = draw.lognormal(0, 0.5, 20)  # noise that all schedules share, as they do their samples
    runs = [
        some.assign(
            replicate=r, excess_risk=some["planted"] * common[r], diverged=False,
            adapted=0, learned=0,
        )
        for number, some in design.assign(planted=risk).groupby("replicates")
        for r in range(number)
    ]  # fmt: skip
    theory = design.assign(theory=risk)
    runs = pd.concat(runs, ignore_index=True).drop(columns="planted")
    curves, estimates = schedules.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = estimates[estimates["against"] == "T"]
    assert len(plain) == 4 * 4  # models, problems, schedules
    inside = plain["setting"].map(RATES).between(plain["ci_low"], plain["ci_high"])
    assert inside.all()
    predicted = plain[plain["setting"] != "constant averaged 0.5"]
    assert np.allclose(predicted["theory"], predicted["setting"].map(RATES))
    last = curves[(curves["part"] == "final") & (curves["step_factor"] == 1)]
    ratio = last["schedule"].map({name: 1024 ** (0.6 - rate) for name, rate in RATES.items()})
    assert np.allclose(last["risk"], ratio) and np.allclose(last["ci_low"], last["ci_high"])


def test_schedules_see_the_same_samples(design):
    """The constant part of a schedule that is constant to the end is the constant one."""
    one = design[(design["alpha"] == 2) & (design["samples"] == 256) & (design["step_factor"] == 1)]
    constant = one[one["schedule"] == "constant"]
    late, early = (constant.assign(schedule=f"two-phase {f}") for f in (1, 0.5))
    risks = [
        run_point(points(rows)[0], 0, "float32")["excess_risk"] for rows in (constant, late, early)
    ]
    assert np.allclose(risks[0], risks[1]) and not np.allclose(risks[0], risks[2])
