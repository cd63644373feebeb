"""The second phase beside linear SGD on rescaled features."""

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw
from quadlaw.fit.designs import points
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.studies import rescaling, study
from quadlaw.studies.linearized import PLAIN, QUADRATIC, RESCALED, Handover, looks, second_phase
from quadlaw.theory import stability_edge
from quadlaw.theory.tuning import SAFE
from reference import samples_of, step_sizes

STUDY = study("rescaling")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0, "replicates": 3}],
    "samples": [256, 512, 1024],
    "replicates": 2,
    "size_factor": 4,
    "sigma": 0.5,
    "window": (256, 1024),
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def slow(problem, lane, samples, replicate, speed):
    """Weights at the end, step by step in float64: quadratic, then linear at ``speed`` times decay.

    ``speed`` is a function of the target: the step size of each coordinate.
    """
    spectrum = problem.spectrum(lane["model_size"])
    x, y = samples_of(spectrum, samples, replicate, seed=1)
    v, eta = np.full(spectrum.size, lane["init"]), step_sizes(lane["step_size"], samples)
    for t in range(samples // 2):
        v = v - eta[t] * (x[t] @ v**2 - y[t]) * x[t] * v
    w, learned = v**2, v**2 > spectrum.target / 2
    for t in range(samples // 2, samples):
        decay = eta[t] / lane["step_size"]
        w = w - learned * speed(spectrum.target) * decay * (x[t] @ w - y[t]) * x[t]
    return w


@pytest.mark.slow
def test_linear_models_are_a_slow_loops(design):
    (point,) = points(design[(design["samples"] == 512) & (design["alpha"] == 3)])
    lane, problem = point["lanes"][0], PowerLaw(3, 1.5, 0.5)
    spectrum, eta = problem.spectrum(lane["model_size"]), lane["step_size"]
    *_, (time, learned, weights) = second_phase(spectrum, point, 0, 1, "float64")
    assert time == 512 and 0 < learned.sum() < spectrum.size
    rescaled = slow(problem, lane, 512, 0, lambda target: 2 * eta * target)
    plain = slow(problem, lane, 512, 0, lambda target: lane["plain_step"])
    # All is float64: only the order of sums differs.
    assert np.allclose(weights[RESCALED], rescaled, rtol=1e-7, atol=1e-9)
    assert np.allclose(weights[PLAIN], plain, rtol=1e-7, atol=1e-9)
    without_the_two = slow(problem, lane, 512, 0, lambda target: eta * target)
    assert not np.allclose(weights[RESCALED], without_the_two, rtol=1e-3)


def test_design_has_the_best_admissible_plain_step(design):
    assert design["replicates"].tolist() == [2] * 3 + [3] * 3
    for row in design[design["samples"] == 1024].to_dict("records"):
        state, problem = Handover.of(row), PowerLaw(row["alpha"], row["beta"], 0.5)
        largest = SAFE * stability_edge(problem, row["model_size"], "linear")
        best = state.path(PLAIN, row["plain_step"])["excess_risk"].iloc[-1]
        assert row["plain_step"] <= largest * (1 + 1e-9)
        for factor in (0.5, 0.8, 1.25):
            if factor * row["plain_step"] <= largest:
                other = state.path(PLAIN, factor * row["plain_step"])["excess_risk"].iloc[-1]
                assert other > best * 0.9999


def test_frozen_risk_stays_and_no_step_is_no_change(design):
    row = design.to_dict("records")[2]
    state = Handover.of(row)
    path = state.path(RESCALED, 1e-12)["excess_risk"]
    assert path.iloc[-1] == pytest.approx(path.iloc[0], rel=1e-6)
    assert path.iloc[0] > state.frozen > PowerLaw(3, 1.5).tail(row["model_size"])


def test_theory_of_the_quadratic_model_covers_its_runs(design):
    some = design[(design["samples"] == 512) & (design["alpha"] == 3)].assign(replicates=24)
    (point,) = points(some)
    runs, theory = STUDY.run_point(point, 3, "float32"), STUDY.predicted(some)
    assert sorted(runs["time"].unique()) == looks(TwoPhase(), 512)
    end = runs[(runs["time"] == 512) & (runs["part"] == rescaling.RISK)].groupby("model")
    known = theory[theory["time"] == 512].set_index("model")["theory"]
    for model, risk in end["excess_risk"]:
        # The closure errs by a per cent or two, the typical run's theory by some more.
        assert risk.median() == pytest.approx(known[model], rel=0.06), model


def planted(exponent):
    """Runs at their end in which the rescaled model's risk is the quadratic's times ``T^-p``."""
    draw, rows = np.random.default_rng(0), []
    labels = {"alpha": 3.0, "beta": 1.5, "sigma": 0.5, "setting": "from T1 on", "part": "risk"}
    for T in (256, 512, 1024):
        for replicate in range(12):
            risk = T**-0.3 * np.exp(0.5 * draw.standard_normal())
            values = {QUADRATIC: risk, RESCALED: risk * T**-exponent, PLAIN: risk * 2}
            rows += [
                labels | {"samples": T, "time": T, "replicate": replicate, "model": model,
                          "excess_risk": value, "diverged": False, "adapted": 1, "learned": 1}
                for model, value in values.items()
            ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("exponent", [0.0, 0.1])
def test_planted_ratio_comes_out(exponent):
    runs = planted(exponent)
    theory = runs[runs["replicate"] == 0].rename(columns={"excess_risk": "theory"})
    theory = theory.drop(columns=["replicate", "diverged", "adapted", "learned"])
    curves, estimates = rescaling.results({"runs": runs, "theory": theory}, SETTINGS)
    found = estimates[estimates["against"].isna() | (estimates["against"] == "T")].set_index(
        "quantity"
    )["estimate"]
    # The scatter is common to the models, and so cancels.
    assert found["rescaled ratio exponent"] == pytest.approx(exponent, abs=1e-9)
    assert found["plain ratio exponent"] == pytest.approx(0, abs=1e-9)
    assert found["risk over rescaled"] == pytest.approx(1024**exponent)
    assert set(curves["part"]) == {"risk", "ratio"}


def test_diverged_runs_count_in_paired_ratios():
    """As infinitely bad, of either model; where both diverged, neither won."""
    rows = [
        {
            "replicate": r,
            "model": model,
            "excess_risk": 1.0 + (model == QUADRATIC),
            "diverged": lost,
        }
        for r, losers in enumerate([(), (QUADRATIC,), (RESCALED,), (QUADRATIC, RESCALED)])
        for model in (QUADRATIC, RESCALED, PLAIN)
        for lost in [model in losers]
    ]
    every = {"alpha": 3.0, "beta": 1.5, "sigma": 0.5, "setting": "", "samples": 256}
    frame = pd.DataFrame(rows).assign(part=rescaling.RISK, **every)
    found = rescaling.ratios(frame, QUADRATIC, RESCALED)
    assert list(found["ratio"]) == [2.0, np.inf, 0.0, 1.0]
    assert list(found["diverged"]) == [False, True, True, True]
