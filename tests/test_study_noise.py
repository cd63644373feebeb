"""Label noise: exponents, and the coordinates that survive it."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import noise, study
from quadlaw.theory import stability_edge

STUDY = study("noise")
SETTINGS = {
    "problems": [{"alpha": 2.0, "beta": 3.0}],
    "samples": [64, 256, 1024],
    "sigmas": [0.1, 5.0],
    "replicates": 4,
    "size_factor": 4,
    "step_factors": [1.0],
    "sigma": 0.5,
    "window": (64, 1024),
    "survival": {
        "alpha": 1.1, "beta": 3.1, "sigmas": [0.5, 1.0, 2.0], "step_size": 0.04, "samples": 512,
        "model_size": 16, "init": 0.02, "replicates": 3,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_design_has_a_best_step_for_each_noise_and_one_step_for_all(design):
    tuned, constant = (design[design["part"] == part] for part in (noise.TUNED, noise.CONSTANT))
    assert len(tuned) == 6 and len(constant) == 3
    steps = tuned[tuned["samples"] == 1024].set_index("sigma")["step_size"]
    assert steps[5.0] < steps[0.1]
    assert set(constant["step_size"]) == {0.04} and set(constant["schedule"]) == {"constant"}
    assert set(constant["setting"]) == {"sigma = 0.5", "sigma = 1", "sigma = 2"}


def test_without_noise_steps_do_not_fall_and_more_is_learned(design):
    free = design[design["part"] == noise.FREE].sort_values("samples")
    assert set(free["sigma"]) == {0.0} and set(free["setting"]) == {noise.FREELY}
    assert np.ptp(free["step_size"]) < 0.01 * free["step_size"].mean()
    edge = stability_edge(PowerLaw(2.0, 3.0), free["model_size"].max(), "quadratic")
    assert free["step_size"].iloc[-1] == pytest.approx(noise.SHARE * edge)
    # T^(2/5) coordinates in place of T^(1/3), and starts to match, w*_D / 4 for the last one.
    assert free["model_size"].iloc[-1] == np.ceil(4 * 1024**0.4)
    assert free["init"].iloc[-1] ** 2 == pytest.approx(1024 ** (0.4 * -0.5) / 4)


def test_more_noise_is_held_against_the_theory():
    """Twice the theory's ratio, in logarithms; and as a control, no difference at all."""
    problem = {"alpha": 2.0, "beta": 3.0}
    labels = problem | {"part": noise.TUNED, "model": "quadratic", "method": "leaps 0.5"}
    labels |= {"samples": 64, "diverged": False}
    theory = pd.DataFrame({"sigma": [0.0, 1.0], "theory": [1.0, 3.0]}).assign(**labels)
    for ratio, expected in ((9.0, 2.0), (1.0, 0.0)):
        risks = {0.0: np.ones(20), 1.0: np.full(20, ratio)}
        runs = pd.concat(
            pd.DataFrame({"sigma": sigma, "excess_risk": risk}) for sigma, risk in risks.items()
        ).assign(**labels)
        row = noise._more_noise(problem, runs, theory)
        assert row["estimate"] == pytest.approx(expected)
        assert row["ci_low"] <= row["estimate"] <= row["ci_high"]


def test_expected_survivors_from_all_to_none_with_the_thresholds_exponent_between():
    problem = PowerLaw(1.1, 3.1)
    assert noise.expected_survivors(problem, 50, 1e-9) == pytest.approx(50)
    assert noise.expected_survivors(problem, 50, 10.0) == 0
    weak, strong = (noise.expected_survivors(problem, 10**5, x) for x in (1e-3, 1e-2))
    # A power of the scale of many coordinates: sums over i are integrals to 1 in their number.
    assert np.log(weak / strong) / np.log(10) == pytest.approx(1, abs=0.01)


def planted(counts):
    """Runs at a constant step, of next to no risk, with these numbers of survivors."""
    rows = [
        {"model": "quadratic", "alpha": 1.1, "beta": 3.1, "sigma": sigma, "step_size": 0.04,
         "model_size": 500, "excess_risk": 1e-6, "diverged": False, "replicate": replicate,
         "learned": count * (1.1 if replicate % 2 else 0.9)}
        for sigma, count in counts.items()
        for replicate in range(10)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_planted_survivors_come_out():
    row = noise._survival(planted({sigma: 80 / sigma**2 for sigma in (0.5, 1.0, 2.0)}))
    assert row["estimate"] == pytest.approx(-1, abs=1e-5)  # but for the risk in S
    assert row["ci_low"] <= -1 <= row["ci_high"] and row["ci_high"] < -0.8
    assert row["theory"] == pytest.approx(-1, abs=0.1)
    all_survive = noise._survival(planted(dict.fromkeys((0.5, 1.0, 2.0), 80)))
    assert all_survive["estimate"] == pytest.approx(0, abs=1e-6)
