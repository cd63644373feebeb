import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.crossings import crossing
from quadlaw.studies import crossover as study

SAMPLES = np.array([2**k for k in range(8, 19)])


def test_the_crossing_is_the_last_one_upwards():
    x = np.arange(5.0)
    assert crossing(x, np.array([-3.0, -1, 1, 2, 3])) == 1.5
    assert crossing(x, np.array([-1.0, 1, -1, 3, 4])) == 2.25  # back below in between
    assert crossing(x, np.array([-1.0, 1, 2, 3, -1])) == np.inf
    assert crossing(x, np.ones(5)) == -np.inf


def risks(at, alpha=5.0, scale=0.7, replicates=None):
    """Both models' risks, whose ratio ``(T / at)^0.1`` passes one at ``at``."""
    rng, frames = np.random.default_rng(3), []
    for T in SAMPLES:
        for replicate in range(replicates or 1):
            ratio = (T / at) ** 0.1
            if replicates:
                ratio *= np.exp(0.02 * rng.standard_normal())
            frames.append({"model": "quadratic", "samples": T, "replicate": replicate, "risk": 1.0})
            frames.append({"model": "linear", "samples": T, "replicate": replicate, "risk": ratio})
    every = {"alpha": alpha, "beta": 2.5, "sigma": 0.5, "init_scale": scale, "model_size": 64}
    every |= {"setting": f"v_0 scale {scale:g}", "method": "leaps 0.5", "diverged": False}
    table = pd.DataFrame(frames).assign(**every)
    return table.assign(theory=table["risk"], excess_risk=table["risk"])


def found(simulated, predicted):
    tuned = predicted.drop(columns=["theory", "setting"])
    return study.results({"runs": simulated, "theory": predicted, "tuned": tuned}, {})


@pytest.mark.slow
def test_planted_crossovers_agree_and_a_shifted_theory_does_not():
    simulated = risks(8000, replicates=12)
    curves, estimates = found(simulated, risks(8000))
    row = estimates.iloc[0]
    assert len(estimates) == 1 and row["setting"] == "v_0 scale 0.7"
    assert row["ci_low"] < 0 < row["ci_high"] < 0.3
    assert set(curves["source"]) == {"grid", "theory", "simulation"}
    _, shifted = found(simulated, risks(80_000))
    assert shifted["estimate"].iloc[0] == pytest.approx(-1, abs=0.2)
    assert shifted["ci_high"].iloc[0] < -0.5


def test_no_crossing_leaves_a_row_without_a_number():
    far = 1e9
    curves, estimates = found(risks(far, replicates=12), risks(far))
    assert len(estimates) == 1
    assert estimates[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (curves["log_crossover"] == np.inf).all()


def test_a_crossing_of_the_theory_alone_is_not_passed_over():
    _, estimates = found(risks(1e9, replicates=12), risks(8000))
    assert len(estimates) == 1 and estimates["estimate"].isna().all()


def test_ratios_about_one_without_a_law_are_no_crossover():
    """For ``alpha <= beta`` nothing is predicted to cross."""
    both = [
        pd.concat(
            [risks(8000, replicates=n), risks(8000, alpha=1.5, replicates=n)], ignore_index=True
        )
        for n in (12, None)
    ]
    curves, estimates = found(*both)
    assert (curves["alpha"] == 5).all() and (estimates["alpha"] == 5).all()


@pytest.mark.parametrize("count", [10, 11])  # an even number: a median is a mean of two
def test_one_diverged_run_leaves_the_interval_finite(count):
    simulated = risks(8000, replicates=count)
    lost = (simulated["model"] == "quadratic") & (simulated["replicate"] == 3)
    simulated.loc[lost & (simulated["samples"] == 2**16), "diverged"] = True
    _, estimates = found(simulated, risks(8000))
    row = estimates.iloc[0]
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert abs(row["estimate"]) < 0.2 and row["ci_high"] - row["ci_low"] < 0.6
