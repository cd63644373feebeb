"""Averaged linear SGD: exact second moments against a plain loop, rates, and the design."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import _averaged_steps
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.inverse_power import InversePower
from quadlaw.studies import anytime, study
from quadlaw.theory import linear_risk
from quadlaw.theory.rivals.averages import averaged_risks

STUDY = study("anytime")
SETTINGS = {
    "problems": [{"alpha": 2.0, "beta": 4.0, "replicates": 9}, {"alpha": 3.0, "beta": 2.0}],
    "samples": [256, 1024, 4096],
    "replicates": 5,
    "size_factor": 4,
    "window": [256, 4096],
    "sigma": 0.5,
}
PROBLEM, SETTING = PowerLaw(2, 3, 0.5), {"model_size": 8, "step_size": 0.15, "init": 0.5}


def plain_loop(power, averaged, samples=64, replicates=20_000):
    """Risks of the averages of simulated iterates."""
    spectrum, draw = PROBLEM.spectrum(8), np.random.default_rng(5)
    w = np.full((replicates, 8), 0.25)
    total = np.zeros_like(w)
    noise = np.sqrt(spectrum.tail[-1] + PROBLEM.sigma**2)
    for t in range(samples):
        x = draw.standard_normal(w.shape) * np.sqrt(spectrum.eigenvalues)
        r = np.sum(x * (w - spectrum.target), axis=1) + noise * draw.standard_normal(replicates)
        w -= 0.15 * (1 + t) ** -power * r[:, None] * x
        total += w * (t + 1 in averaged)
    far = total / len(averaged) - spectrum.target
    return far**2 @ spectrum.eigenvalues + spectrum.tail[-1]


@pytest.mark.parametrize("power", [0.0, 0.4])
@pytest.mark.parametrize("averaged", [range(1, 65), (7, 20, 33, 64)])
def test_moments_of_averages_are_a_plain_loops(power, averaged):
    risks = plain_loop(power, averaged)
    error = risks.std() / np.sqrt(len(risks))
    known = averaged_risks(PROBLEM, times=[64], power=power, averaged=averaged, **SETTING)
    assert abs(known["average"].iloc[0] - risks.mean()) < 4 * error
    assert abs(known["last"].iloc[0] - risks.mean()) > 10 * error  # control: no average


def test_last_iterates_and_averages_of_one_are_the_known_theory():
    known = averaged_risks(PROBLEM, times=[10, 50], power=0.3, averaged=[10], **SETTING)
    exact = [
        linear_risk(PROBLEM, samples=T, schedule=InversePower(0.3), method="steps", **SETTING)
        for T in (10, 50)
    ]
    assert known["last"].to_numpy() == pytest.approx(exact, rel=1e-10)
    assert known["average"].to_numpy() == pytest.approx([exact[0]] * 2, rel=1e-10)


@pytest.mark.parametrize(
    ("key", "value"),
    [("times", [5, 3]), ("times", [10**8]), ("power", 1.0), ("averaged", [40]),
     ("averaged", [5, 51]), ("averaged", []), ("step_size", 9)],
)  # fmt: skip
def test_bad_settings_are_refused(key, value):
    with pytest.raises(ValueError, match=f"{key} = "):
        averaged_risks(PROBLEM, **({"times": [10, 50], "power": 0.3} | SETTING | {key: value}))


@pytest.mark.parametrize("arguments", [(-0.1,), (1.0,), (0.5, 1.5), (0.5, -1)])
def test_bad_decays_are_refused(arguments):
    with pytest.raises(ValueError, match=r"(power|averaging) = "):
        InversePower(*arguments)


def test_names_come_back():
    for one in (InversePower(0.5), InversePower(0.25, 1.0), InversePower(0.0, 0.5)):
        assert named(one.name) == one
    assert InversePower(0.5).factor(np.arange(4), 9) == pytest.approx([1, 2**-0.5, 3**-0.5, 0.5])


def test_one_step_size_for_all_horizons_and_the_powers_of_the_source():
    design = STUDY.design(SETTINGS)
    assert len(design[["alpha", "step_size"]].drop_duplicates()) == 2
    assert set(design.loc[design["alpha"] == 2, "schedule"]) == {
        "inverse-power averaged 0.5 1", "inverse-power averaged 0 1", "inverse-power 0.5",
    }  # fmt: skip
    assert set(design.loc[design["alpha"] == 3, "setting"]) == {anytime.AVERAGED, anytime.LAST}
    for T in (300, 512, 4096):
        assert set(anytime.snapshots(T)) == _averaged_steps(T, InversePower(0.5, 1.0))


def test_planted_exponents_come_out():
    design = STUDY.design(SETTINGS)
    theory = STUDY.predicted(design)
    powers = {anytime.AVERAGED: 0.7, anytime.CONSTANT: 0.5, anytime.LAST: 0.2}
    runs = theory.loc[theory.index.repeat(12)].reset_index(drop=True)
    runs["replicate"] = np.arange(len(runs)) % 12
    scatter = np.random.default_rng(0).lognormal(0, 0.02, len(runs))
    risk = runs["samples"] ** -runs["setting"].map(powers) * scatter
    runs = runs.drop(columns="theory").assign(excess_risk=risk, adapted=0, learned=0)
    tables = {"runs": runs.assign(diverged=False), "theory": theory}
    curves, estimates = STUDY.results(tables, SETTINGS)
    found = estimates[(estimates["quantity"] == "sample exponent") & (estimates["against"] == "T")]
    assert found["estimate"].to_numpy() == pytest.approx(found["setting"].map(powers), abs=0.02)
    full = estimates[estimates["quantity"] == "local exponent"]
    assert set(full["setting"]) == {anytime.AVERAGED, anytime.CONSTANT}
    assert pd.notna(full["estimate"]).all() and set(curves["part"]) == {"runs", "all iterates"}
