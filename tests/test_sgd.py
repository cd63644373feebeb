import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quadlaw
from quadlaw import PowerLaw
from quadlaw.sgd import streams
from quadlaw.sgd.run import LANE_COLUMNS, run_lanes
from quadlaw.sgd.schedules import Constant
from quadlaw.sgd.train import DIVERGED, diverged
from reference import excess_risk, linear_risk, samples_of, sgd, step_sizes

PROBLEM = PowerLaw(2.0, 2.5, 0.5)


def slow_risks(problem, runs, seed=0):
    """The risk of each row of a table of runs, by the slow loop on the same stream."""
    size = runs["model_size"].max()
    risks = []
    for run in runs.itertuples():
        x, y = samples_of(problem.spectrum(size), run.samples, run.replicate, seed)
        weights = sgd(run.model, x, y, run.step_size, run.init, run.model_size)
        risks.append(excess_risk(problem, weights))
    return np.array(risks)


@pytest.mark.parametrize("lanes", [1, 3, 17, 64, 100])
@pytest.mark.parametrize("model", ["quadratic", "linear"])
def test_kernel_is_the_slow_loop(model, lanes):
    steps = np.linspace(0.02, 0.2, lanes)
    runs = quadlaw.simulate(
        PROBLEM, model=model, model_size=9, samples=[33, 200], step_size=steps, init=0.4,
        replicates=2, dtype="float64",
    )  # fmt: skip
    np.testing.assert_allclose(runs["excess_risk"], slow_risks(PROBLEM, runs), rtol=1e-10)


@settings(max_examples=15, deadline=None)
@given(
    alpha=st.floats(1.1, 4), beta=st.floats(1.1, 4), samples=st.integers(1, 40),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True),
    init=st.floats(0.05, 1),
)  # fmt: skip
def test_any_mixture_of_lanes_is_the_slow_loop(alpha, beta, samples, sizes, init):
    problem = PowerLaw(alpha, beta, 0.3)
    runs = quadlaw.simulate(
        problem, model=["linear", "quadratic"], model_size=sizes, samples=samples,
        step_size=[0.1, 0.03], init=[init, 0.7 * init], replicates=1, seed=5, dtype="float64",
    )  # fmt: skip
    np.testing.assert_allclose(runs["excess_risk"], slow_risks(problem, runs, seed=5), rtol=1e-9)


def test_chunks_do_not_change_the_result(monkeypatch):
    arguments = {"model_size": 6, "samples": 50, "step_size": 0.1, "init": 0.5, "dtype": "float64"}
    whole = quadlaw.simulate(PROBLEM, **arguments)
    monkeypatch.setattr(streams, "CHUNK_BYTES", 64)
    pieces = quadlaw.simulate(PROBLEM, **arguments)
    np.testing.assert_allclose(whole["excess_risk"], pieces["excess_risk"], rtol=1e-10)


def test_single_precision_is_close_to_double_on_the_same_stream():
    runs = {
        dtype: quadlaw.simulate(
            PROBLEM, model=["quadratic", "linear"], model_size=256, samples=4096,
            step_size=[0.05, 0.1], init=0.3, replicates=2, dtype=dtype,
        )
        for dtype in ("float32", "float64")
    }  # fmt: skip
    single, double = runs["float32"]["excess_risk"], runs["float64"]["excess_risk"]
    assert not np.array_equal(single, double)
    np.testing.assert_allclose(single, double, rtol=1e-3)


def test_linear_risk_is_the_exact_expectation():
    size, samples, eta, init = 64, 1024, 0.125, 0.3
    problem = PowerLaw(2.0, 3.0, 0.5)
    risk = quadlaw.simulate(
        problem, model="linear", model_size=size, samples=samples, step_size=eta, init=init,
        replicates=400, seed=11,
    )["excess_risk"]  # fmt: skip
    exact = linear_risk(problem, size, samples, eta, init)
    assert abs(risk.mean() - exact) < 4 * risk.sem()
    wrong = linear_risk(problem, size, samples, eta, init, noise=False)
    assert abs(risk.mean() - wrong) > 4 * risk.sem()  # the control: it would notice


def test_model_of_one_coordinate_and_of_many_share_their_labels():
    """The risk of M = 1 cannot fall below its tail, however long it runs."""
    runs = quadlaw.simulate(
        PROBLEM, model_size=[1, 50], samples=20_000, step_size=0.1, init=0.5, replicates=4
    )
    one, many = (runs.loc[runs["model_size"] == size, "excess_risk"] for size in (1, 50))
    assert (one > PROBLEM.tail(1)).all() and (one < 1.1 * PROBLEM.tail(1)).all()
    assert (many < 0.2 * PROBLEM.tail(1)).all()


def test_table_is_tidy_and_repeatable():
    arguments = {
        "model": ["quadratic", "linear"], "model_size": [4, 8], "samples": [16, 32],
        "step_size": [0.05, 0.1], "init": [0.5, 0.1], "replicates": 3, "seed": 2,
    }  # fmt: skip
    runs = quadlaw.simulate(PROBLEM, **arguments)
    assert list(runs) == [
        *LANE_COLUMNS, "alpha", "beta", "sigma", "samples", "schedule", "replicate",
        "excess_risk", "diverged", "adapted", "learned",
    ]  # fmt: skip
    assert len(runs) == 2 * 2 * 2 * 2 * 2 * 3
    assert not runs.duplicated([*LANE_COLUMNS, "samples", "replicate"]).any()
    assert runs.equals(quadlaw.simulate(PROBLEM, **arguments))


def test_diverged_runs_are_marked_and_kept():
    runs = quadlaw.simulate(
        PROBLEM, model=["quadratic", "linear"], model_size=8, samples=2000,
        step_size=[0.05, 3.0], init=0.5, replicates=5,
    )  # fmt: skip
    assert len(runs) == 20
    assert runs.loc[runs["step_size"] == 3.0, "diverged"].all()
    assert not runs.loc[runs["step_size"] == 0.05, "diverged"].any()


def test_a_run_has_diverged_far_above_its_start_or_where_it_is_no_number():
    risks = np.array([0.5, 2 * DIVERGED, 2.1 * DIVERGED, np.inf, np.nan])
    assert list(diverged(risks, 2.0)) == [False, False, True, True, True]


def test_trajectory_ends_where_simulate_ends():
    arguments = {"model_size": 6, "samples": 100, "step_size": 0.1, "init": 0.4, "replicates": 3}
    risk, weights = quadlaw.trajectory(
        PROBLEM, **arguments, coordinates=[1, 4], times=[0, 1, 37, 100], dtype="float64"
    )
    final = quadlaw.simulate(PROBLEM, **arguments, dtype="float64")
    last = risk[risk["time"] == 100]
    np.testing.assert_allclose(last["excess_risk"], final["excess_risk"], rtol=1e-10)
    start = weights[weights["time"] == 0]
    np.testing.assert_allclose(start["weight"], 0.4**2)
    assert len(weights) == 3 * 4 * 2 and set(weights["coordinate"]) == {1, 4}
    early = quadlaw.trajectory(PROBLEM, **arguments, coordinates=[1], dtype="float64")[1]
    x, y = samples_of(PROBLEM.spectrum(6), 100, 0, 0)
    v = 0.4 - 0.1 * (np.sum(x[0]) * 0.4**2 - y[0]) * x[0, 0] * 0.4
    one = early[(early["time"] == 1) & (early["replicate"] == 0)]
    np.testing.assert_allclose(one["weight"], v**2, rtol=1e-12)


GOOD = {"model_size": 4, "samples": 8, "step_size": 0.1, "init": 0.5, "replicates": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "cubic"}, "model = 'cubic': must be one of quadratic, linear"),
        ({"model": []}, "model = []: must hold at least one value"),
        ({"model_size": 0}, "model_size = 0: must be at least 1"),
        ({"model_size": 2.5}, "model_size = 2.5: must be a whole number"),
        ({"model_size": [4, 4]}, "model_size = [4, 4]: must not hold a value twice"),
        ({"samples": 0}, "samples = 0: must be at least 1"),
        ({"samples": []}, "samples = []: must hold at least one value"),
        ({"samples": float("nan")}, "samples = nan: must be a whole number"),
        ({"step_size": 0}, "step_size = 0: must be positive"),
        ({"step_size": float("inf")}, "step_size = inf: must be finite"),
        ({"init": 0}, "init = 0: must be positive: zero is a fixed point"),
        ({"init": -1.0}, "init = -1.0: must be positive"),
        ({"replicates": 0}, "replicates = 0: must be at least 1"),
        ({"dtype": "float16"}, "dtype = 'float16': must be float32 or float64"),
        ({"schedule": None}, "schedule = None: must be a schedule"),
        ({"accuracy": -3}, "accuracy = -3: lies above 0"),
    ],
)
def test_bad_settings_are_refused_in_one_line(change, message):
    with pytest.raises(ValueError) as caught:
        quadlaw.simulate(PROBLEM, **(GOOD | change))
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_whole_numbers_may_be_written_as_others():
    other = {key: float(GOOD[key]) for key in ("replicates", "model_size", "samples")}
    other |= {"seed": 0.0, "step_size": np.array(0.1)}
    assert quadlaw.simulate(PROBLEM, **(GOOD | other)).equals(quadlaw.simulate(PROBLEM, **GOOD))
    for one, same in zip(*(quadlaw.trajectory(PROBLEM, **(GOOD | some), coordinates=[4])
                           for some in (other, {})), strict=True):  # fmt: skip
        assert one.equals(same)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coordinates": [5]}, "coordinates = "),
        ({"coordinates": [0]}, "coordinates = 0"),
        ({"times": [9]}, "times = "),
        ({"init": [0.1, 0.2]}, "trajectory = 2"),
    ],
)
def test_bad_trajectories_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        quadlaw.trajectory(PROBLEM, **(GOOD | {"coordinates": [1]} | change))


@pytest.mark.parametrize("init", [0.3, 0.6])  # at the second, most start beyond half of the target
def test_adapted_and_learned_count_what_a_slow_loop_counts(init):
    spectrum = PROBLEM.spectrum(12)
    lanes = pd.DataFrame(
        {"model": ["quadratic", "linear"], "model_size": [12, 7], "step_size": 0.2, "init": init}
    )
    runs = run_lanes(spectrum, lanes, 400, replicates=[2], seed=5, dtype="float64")
    x, y = samples_of(spectrum, 400, 2, 5)
    for row in runs.to_dict("records"):
        size, model = row["model_size"], row["model"]
        steps = step_sizes(0.2, 400)
        v = np.full(size, init if model == "quadratic" else init**2)
        for t in range(400):
            weight = v**2 if model == "quadratic" else v
            if t == 200:
                grown = weight > spectrum.target[:size] / 2
            residual = x[t, :size] @ weight - y[t]
            v = v - steps[t] * residual * x[t, :size] * (v if model == "quadratic" else 1)
        end = v**2 if model == "quadratic" else v
        started = spectrum.target[:size] / 2 < init**2
        assert row["adapted"] == np.sum(grown & ~started) > 0
        assert row["learned"] == np.sum((end > spectrum.target[:size] / 2) & ~started) > 0


def test_an_averaging_schedule_returns_the_risk_of_the_averaged_weights():
    spectrum = PROBLEM.spectrum(6)
    lanes = pd.DataFrame({"model": ["linear"], "model_size": 6, "step_size": 0.2, "init": 0.3})
    options = {"replicates": [0], "seed": 1, "dtype": "float64"}
    averaged = run_lanes(spectrum, lanes, 300, schedule=Constant(0.5), **options)
    last = run_lanes(spectrum, lanes, 300, schedule=Constant(), **options)
    x, y = samples_of(spectrum, 300, 0, 1)
    w, tail = np.full(6, 0.09), []
    for x_t, y_t in zip(x, y, strict=True):
        w = w - 0.2 * (x_t @ w - y_t) * x_t
        tail.append(w)
    mean = np.mean(tail[150:], axis=0)
    assert averaged["excess_risk"].item() == pytest.approx(excess_risk(PROBLEM, mean))
    assert last["excess_risk"].item() == pytest.approx(excess_risk(PROBLEM, w))
    assert last["excess_risk"].item() > 1.03 * averaged["excess_risk"].item()
