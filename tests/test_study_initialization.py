"""Initial values: the planted largest one is found, and the design varies nothing else."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import predicted
from quadlaw.studies import initialization, study

STUDY = study("initialization")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 4.0}],
    "samples": [256, 1024, 4096, 16384],
    "init_scales": [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0],
    "fixed": {"init": 0.5, "size_factor": 32},
    "decades": [3, 5],
    "replicates": 8,
    "size_factor": 4,
    "window": [256, 16384],
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def planted(design, power):
    """Runs whose risk is least at ``v_0^2 = D^power`` and grows from there as a parabola."""
    dimension = design["samples"] ** 0.25
    away = np.log(design["init"] ** 2 / dimension**power)
    risk = design["samples"] ** -0.6 * np.exp(0.1 * away**2)
    draw = np.random.default_rng(0)
    runs = [
        design.assign(
            replicate=r, excess_risk=risk * draw.lognormal(0, 0.02, len(design)), diverged=False,
            adapted=0, learned=0,
        )
        for r in range(SETTINGS["replicates"])
    ]  # fmt: skip
    return {"runs": pd.concat(runs, ignore_index=True), "theory": design.assign(theory=risk)}


def test_only_the_initial_value_varies(design):
    varied = design[design["part"] == "varied"]
    steps = varied.groupby(["alpha", "samples"])["step_size"].agg(np.ptp)
    assert (steps == 0).all()
    scales = varied.groupby(["alpha", "samples"])["init_scale"].agg(list)
    assert all(found == SETTINGS["init_scales"] for found in scales)


def test_the_fixed_value_is_there_for_targets_that_fall_alone(design):
    fixed = design[design["setting"] == "v_0 = 0.5"]
    assert set(fixed["alpha"]) == {2.0} and set(fixed["init"]) == {0.5}
    following = design[(design["part"] == "sized") & design["init_scale"].notna()]
    assert following["init"].is_monotonic_decreasing
    assert list(fixed["model_size"]) == list(following["model_size"])


def test_interpolates_the_largest_value_in_logarithms():
    v = np.geomspace(0.01, 10, 7)
    assert initialization.largest(v, np.maximum(1, v**2)) == pytest.approx(np.sqrt(1.1))
    assert np.isnan(initialization.largest(v, np.ones(7)))


@pytest.mark.slow
@pytest.mark.parametrize("power, expected", [(-1.0, 1.0), (0.0, 0.0)])
def test_planted_scaling_comes_out(design, power, expected):
    """``w*_D`` is ``1/D``: a largest value that follows it, and as a control one that does not."""
    curves, estimates = initialization.results(planted(design, power), SETTINGS)
    row = estimates[estimates["setting"] == "simulated"].iloc[0]
    assert row["quantity"] == "largest initial value exponent"
    assert abs(row["estimate"] - expected) < 0.2
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"]
    assert {"v_0 = 0.5", "v_0 scale 0.5", "theory"} <= set(estimates["setting"])
    assert curves.loc[curves["part"] != "largest", "theory"].notna().all()


def test_a_large_start_is_held_against_the_theory():
    """As bad as the theory says; as a control, not worse. A start without a theory is left out."""
    scales = [0.5, 4.0, 8.0]
    theory = pd.DataFrame({"init_scale": scales, "theory": [1.0, 5.0, np.nan], "samples": 64})
    for bad, expected in ((5.0, 1.0), (1.0, 0.0)):
        runs = theory.merge(pd.DataFrame({"replicate": range(12)}), how="cross")
        risk = runs["init_scale"].map({0.5: 1.0, 4.0: bad, 8.0: 99.0})
        row = initialization._large(runs.assign(excess_risk=risk, diverged=False), theory)
        assert row["estimate"] == pytest.approx(expected)
        assert row["quantity"] == initialization.LARGE


def test_by_theory_a_fixed_value_has_the_broken_exponent(design):
    """(1 - 1/2)(2 + 4)/8 = .375 against 1 - 1/4 = .75, over the two last T."""
    theory = predicted(design[design["part"] == "sized"])
    fall = {}
    for setting, some in theory.groupby("setting"):
        risk = some.sort_values("samples")["theory"].to_numpy()
        fall[setting] = np.log2(risk[-2] / risk[-1]) / 2
    assert fall["v_0 = 0.5"] == pytest.approx(0.375, abs=0.05)
    assert fall["v_0 scale 0.5"] == pytest.approx(0.75, abs=0.1)
