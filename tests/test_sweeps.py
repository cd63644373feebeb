"""Sweeps: their points and jobs, the rules of their lanes, and planted exponents."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadlaw import PowerLaw
from quadlaw.fit.designs import POINT_SECONDS, jobs, points
from quadlaw.ledger.config import for_study, read
from quadlaw.sgd.workload import stream_of
from quadlaw.studies import study
from quadlaw.theory import rates
from reference import linear_risk
from sweep_runs import SAMPLES, SIZES, sizes_table, table

CONFIG = read([])


def settings_of(name, **changes):
    return for_study(CONFIG, name) | changes


@cache
def points_of(name):
    return points(study(name).design(settings_of(name)))


def cost(point):
    return stream_of(point).seconds()


def test_points_are_the_grid():
    costly = {"alpha": 2.0, "beta": 2.0, "replicates": 400}
    sweep = settings_of("sample_scaling", problems=[{"alpha": 3.0, "beta": 1.5}, costly])
    found = points(study("sample_scaling").design(sweep))
    runs = [
        (point["alpha"], point["beta"], point["samples"], replicate)
        for point in found
        for replicate in range(*point["range"])
    ]
    assert len(runs) == len(set(runs))  # every replicate once, also of points that were split
    replicates = [one.get("replicates", sweep["replicates"]) for one in sweep["problems"]]
    assert len(runs) == sum(replicates) * len(sweep["samples"])
    assert len(found) > len(sweep["problems"]) * len(sweep["samples"])
    assert max(map(cost, found)) <= POINT_SECONDS


def test_an_extended_grid_keeps_its_old_points():
    before, sweep = points_of("sample_scaling"), settings_of("sample_scaling")
    other = {"window": [3, 4], "pilots": 7}  # neither concerns a run
    longer = sweep | {"samples": [*sweep["samples"], 3000]} | other
    after = points(study("sample_scaling").design(longer))
    assert [point for point in after if point in before] == before
    assert len(after) - len(before) == len(sweep["problems"])


@given(seconds=st.floats(0.1, 1e4))
def test_jobs_hold_every_point_once_in_order(seconds):
    every = points_of("sample_scaling")
    batches = [every[part] for part in jobs(every, seconds)]
    assert [point for batch in batches for point in batch] == every
    for batch in batches:
        assert len(batch) == 1 or sum(map(cost, batch)) <= seconds


@pytest.mark.parametrize("name", ["sample_scaling", "spectral_mismatch"])
def test_models_hold_four_times_the_effective_dimension(name):
    for point in points_of(name):
        for model in ("quadratic", "linear"):
            dimension = rates.effective_dimension(
                model, point["alpha"], point["beta"], point["samples"]
            )
            assert min(lane["model_size"] for lane in point["lanes"]) >= 4 * dimension


def test_a_larger_model_has_a_lower_risk_by_the_same_factor_at_every_sample_size():
    """Four times ``D(T)`` in place of many times: a matter of the level, not of the exponent."""
    problem, factors = PowerLaw(2.0, 2.0), []
    for samples in (1024, 4096):
        dimension = rates.effective_dimension("linear", 2.0, 2.0, samples)
        near, far = (
            linear_risk(problem, int(factor * dimension), samples, 0.2, 0.5) for factor in (4, 64)
        )
        factors.append(far / near)
    assert 0.9 < factors[0] < 0.97
    assert factors[1] == pytest.approx(factors[0], rel=0.01)


@pytest.mark.parametrize(("alpha", "beta"), [(2.5, 1.5), (1.5, 2.0)])
def test_lanes_follow_the_rules_of_the_theory(alpha, beta):
    every, sweep = points_of("model_scaling"), settings_of("model_scaling")
    point = next(one for one in every if (one["alpha"], one["beta"]) == (alpha, beta))
    constants = sum(map(len, sweep["step_constants"].values()))
    assert len(point["lanes"]) == len(sweep["model_sizes"]) * constants
    for lane in point["lanes"]:
        samples, size = point["samples"], lane["model_size"]
        learned = min(samples ** (1 / max(beta, (alpha + beta) / 2)), size)
        assert lane["init"] == pytest.approx(0.5 * min(1, learned ** ((alpha - beta) / 4)))
        power = min(0, (alpha - beta) / (2 if lane["model"] == "quadratic" else 1))
        assert lane["step_size"] == pytest.approx(lane["step_constant"] * learned**power)


def results(name, runs, axis, theory, window):
    """A sweep's results on made-up runs, whose theory is a power of the axis for each model.

    Away from the constant that is chosen the theory is another power: it must not be read there.
    """
    known = runs[runs["replicate"] == 0].drop(columns=["replicate", "excess_risk", "diverged"])
    power = known["model"].map(theory).where(known["step_constant"] == 0.2, 2.0)
    tables = {"runs": runs, "theory": known.assign(theory=known[axis].astype(float) ** -power)}
    curves, found = study(name).results(tables, {"pilots": 4, "window": window})
    return curves, found.set_index(["against", "model"])


THEORY = {"quadratic": 0.4, "linear": 0.3}


def test_exponents_of_samples_stand_beside_their_predictions_and_the_theorys():
    curves, found = results("sample_scaling", table(40), "samples", THEORY, (256, 2**14))
    for model, slope in (("quadratic", 0.25), ("linear", 0.2)):
        row = found.loc["T/log2 T", model]
        assert row["predicted"] == pytest.approx(rates.sample_exponent(model, 2.5, 1.5))
        assert row["ci_low"] < slope < row["ci_high"] and row["ci_high"] - row["ci_low"] < 0.15
        assert row["step_low"] <= row["estimate"] <= row["step_high"]
        assert row["step_constant"] == 0.2 and not row["step_at_edge"]
        assert found.loc[("T", model), "theory"] == pytest.approx(THEORY[model])
    assert len(curves) == 2 * len(SAMPLES) and (curves["step_constant"] == 0.2).all()
    power = curves["model"].map(THEORY)
    assert np.allclose(curves["theory"], curves["samples"] ** -power)


def test_exponents_of_the_ratio_stand_beside_their_predictions_and_the_theorys():
    curves, found = results("spectral_mismatch", table(40), "samples", THEORY, (256, 2**14))
    assert set(found.index.get_level_values("model")) == {"linear/quadratic"}
    row = found.loc["T/log2 T", "linear/quadratic"]
    assert row["predicted"] == pytest.approx(0.05)
    assert row["ci_low"] < 0.05 < row["ci_high"] and row["ci_high"] - row["ci_low"] < 0.02
    assert found.loc[("T", "linear/quadratic"), "theory"] == pytest.approx(0.1)
    ratio = curves[curves["part"] == "ratio"]
    assert len(ratio) == len(SAMPLES) and len(curves) == 3 * len(SAMPLES)
    assert np.allclose(ratio["theory"], ratio["samples"] ** 0.1)


def test_exponents_of_sizes_are_those_of_the_longest_runs():
    curves, found = results("model_scaling", sizes_table(), "model_size", THEORY, (4, 64))
    for model, theory in THEORY.items():
        row = found.loc["M", model]
        assert row["ci_low"] < 0.5 < row["ci_high"] and row["ci_high"] - row["ci_low"] < 0.05
        assert row["predicted"] == pytest.approx(0.5) and row["theory"] == pytest.approx(theory)
        assert row["points"] == 5
    assert len(curves) == 2 * 2 * len(SIZES)
