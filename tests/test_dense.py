"""A trained dense layer: its closed equation beside full matrices, its flow, its study."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from quadlaw.fit.designs import points
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.dense import grown, train_dense
from quadlaw.studies import study
from quadlaw.studies.dense_features import DENSE, FIXED, SHARE, SMALL
from quadlaw.theory import stability_edge
from quadlaw.theory.rivals.dense import at_time, dense_flow, dense_step

HARD, EASY = PowerLaw(2.5, 1.5, 0.0), PowerLaw(3.0, 5.0, 0.0)
STUDY = study("dense_features")
SETTINGS = {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 3.0, "beta": 5.0}],
    "samples": [64, 256, 1024], "window": [64, 1024], "replicates": 8, "many": 6,
    "size_factor": 4, "richness": 4.0, "sigma": 0.5,
}  # fmt: skip


def risk(problem, weights):
    spectrum = problem.spectrum(len(weights))
    return spectrum.eigenvalues @ (weights - spectrum.target) ** 2 + spectrum.tail[-1]


def samples_of(problem, size, samples, seed):
    spectrum, draw = problem.spectrum(size), np.random.default_rng(seed)
    x = draw.standard_normal((samples, size)) * np.sqrt(spectrum.eigenvalues)
    return x, x @ spectrum.target + np.sqrt(spectrum.tail[-1]) * draw.standard_normal(samples)


def full_matrices(x, y, step, richness):
    """SGD on ``A`` and ``v`` themselves."""
    A, v = np.eye(x.shape[1]), np.zeros(x.shape[1])
    for one, label in zip(x, y, strict=True):
        hidden = A @ one
        move = step * richness * (label - v @ hidden / richness)
        A, v = A + move * np.outer(v, one), v + move * hidden
    return A, v


@pytest.mark.parametrize("problem", [HARD, EASY])
def test_a_closed_run_is_a_run_of_the_full_matrices_up_to_the_step_size(problem):
    """Their distance falls with the step; with another richness (control) it does not."""
    distances = []
    for share, steps in ((1 / 8, 1024), (1 / 64, 4096)):
        eta = dense_step(problem, model_size=16, samples=steps, share=share, richness=4.0)
        x, y = samples_of(problem, 16, steps, seed=1)
        A, v = full_matrices(x, y, eta, 4.0)
        weights = np.zeros((2, 16))
        for lane, richness in enumerate((4.0, 5.0)):
            train_dense(weights[lane : lane + 1], x, y, np.array([eta]), richness)
        matrix = A.T @ v / 4
        distances.append(np.abs(weights - matrix).max(axis=1) / np.abs(matrix).max())
        n = grown(matrix @ matrix, 4.0)
        balance = A @ A.T - np.eye(16) - np.outer(v, v)
        assert np.linalg.norm(balance, 2) < 4 * share * n and v @ v == pytest.approx(n, rel=share)
    (large, _), (small, wrong) = distances
    assert large < 0.05 and small < 0.01 and small < large / 2
    assert wrong > 5 * small


def test_the_flow_is_the_flow_of_the_full_matrices():
    """From the equations of ``A`` and ``v``, by another integrator."""
    size, times, richness = 5, [0.2, 2.0, 20.0], 3.0
    spectrum = HARD.spectrum(size)

    def change(_, state):
        A, v = state[:-size].reshape(size, size), state[-size:]
        push = richness * spectrum.eigenvalues * (spectrum.target - A.T @ v / richness)
        return np.concatenate([np.outer(v, push).ravel(), A @ push])

    start = np.concatenate([np.eye(size).ravel(), np.zeros(size)])
    found = solve_ivp(change, (0, 20), start, t_eval=times, rtol=1e-9, atol=1e-11)
    flow = dense_flow(HARD, model_size=size, time=20.0, richness=richness)
    for time, state in zip(times, found.y.T, strict=True):
        A, v = state[:-size].reshape(size, size), state[-size:]
        assert at_time(flow, time) == pytest.approx(risk(HARD, A.T @ v / richness), rel=2e-3)
        assert at_time(flow, time, "growth") == pytest.approx(v @ v, rel=5e-3)


def test_without_richness_the_flow_is_the_linear_models():
    spectrum, times = HARD.spectrum(50), (0.5, 5.0, 50.0)
    lazy, rich = (dense_flow(HARD, model_size=50, time=50.0, richness=g) for g in (1e-4, 1.0))
    for time in times:
        linear = risk(HARD, spectrum.target * -np.expm1(-spectrum.eigenvalues * time))
        assert at_time(lazy, time) == pytest.approx(linear, rel=1e-3)
        assert at_time(rich, time) < 0.98 * linear


@pytest.mark.parametrize("problem", [HARD, PowerLaw(2.0, 2.0), EASY, PowerLaw(2.0, 4.0)])
def test_the_flow_has_the_sources_exponents(problem):
    """And none of the rivals, at any one time."""
    s = (problem.beta - 1) / problem.alpha
    law, other = (2 * s / (1 + s), s)[:: 1 if s < 1 else -1]
    flow = dense_flow(problem, model_size=10**6, time=2.0**12, richness=4.0)
    ends = [at_time(flow, time) for time in (2.0**8, 2.0**12)]
    slope = np.log(ends[0] / ends[1]) / np.log(16)
    assert slope == pytest.approx(law, abs=0.012)
    diagonal = 2 * (problem.beta - 1) / (problem.alpha + problem.beta)
    assert min(abs(slope - other), abs(slope - diagonal)) > 0.05


def test_few_nodes_are_all_coordinates():
    few, all_of = (
        dense_flow(HARD, model_size=2000, time=100.0, richness=4.0, exact=exact)
        for exact in (False, True)
    )
    assert at_time(few, 100.0) == pytest.approx(at_time(all_of, 100.0), rel=3e-3)


def test_a_step_is_its_share_of_the_edge_at_the_end():
    for samples in (2**10, 2**16):
        eta = dense_step(HARD, model_size=300, samples=samples, share=0.1, richness=4.0)
        flow = dense_flow(HARD, model_size=300, time=eta * samples, richness=4.0)
        n = at_time(flow, eta * samples, "growth")
        assert eta * (1 + n) == pytest.approx(0.1 * stability_edge(HARD, 300), rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"richness": 0.0}, "richness = 0.0: positive"),
        ({"time": -1.0}, "time = -1.0: positive"),
        ({"time": float("inf")}, "time = inf: "),
        ({"model_size": 0}, "model_size = 0: "),
    ],
)
def test_flows_out_of_range_are_refused(wrong, line):
    with pytest.raises(ValueError, match=re.escape(line)):
        dense_flow(HARD, **{"model_size": 10, "time": 1.0, "richness": 1.0} | wrong)
    with pytest.raises(ValueError, match=r"share = 1\.5: "):
        dense_step(HARD, model_size=10, samples=100, share=1.5, richness=1.0)


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_one_step_size_is_the_largest_runs(design):
    dense = (
        design[design["learner"] == DENSE].set_index(["setting", "alpha", "samples"]).sort_index()
    )
    for alpha in (2.5, 3.0):
        fixed, largest = (dense.loc[setting, alpha]["step_size"] for setting in (FIXED, SHARE))
        assert (fixed == largest[1024]).all()
        assert (np.diff(largest) < 0).all()
    assert set(design["sigma"]) == {0.0} and set(design["schedule"]) == {"constant"}
    assert len(design) == 2 * 3 * 4


def test_a_points_runs_are_a_plain_loops(design):
    """By full matrices; runs at twice the step size (control) are others."""
    some = design[(design["alpha"] == 2.5) & (design["samples"] == 256)]
    (point,) = points(some[some["learner"] == DENSE])
    runs = STUDY.run_point(point, 3, "float32")
    assert set(runs["model"]) == {DENSE} and sorted(set(runs["replicate"])) == list(range(8))
    mine = runs[runs["setting"] == FIXED]["excess_risk"]
    row = some.iloc[0]
    for factor in (1, 2):
        plain = []
        for seed in range(60):
            x, y = samples_of(HARD, int(row["model_size"]), 256, seed)
            A, v = full_matrices(x, y, factor * row["step_size"], 4.0)
            plain.append(risk(HARD, A.T @ v / 4))
        error = np.hypot(mine.sem(), np.std(plain) / np.sqrt(60))
        allowed = 4 * error + SMALL * np.mean(plain) / 5
        assert (abs(mine.mean() - np.mean(plain)) < allowed) == (factor == 1)


def test_planted_exponents_come_out(design):
    draw, theory = np.random.default_rng(0), design[design["alpha"] == 2.5]
    theory = STUDY.predicted(theory)
    power = theory["model"].map({"dense": 0.4, "linear": 0.2, "quadratic": 0.3})
    theory = theory.assign(theory=theory["samples"] ** -power)
    runs = theory.loc[theory.index.repeat(24)].reset_index(drop=True)
    runs["replicate"] = np.arange(len(runs)) % 24
    noisy = runs["theory"] * pd.Series(draw.lognormal(0, 0.1, size=len(runs)))
    counts = {"adapted": 0, "learned": 0, "diverged": False}
    runs = runs.drop(columns="theory").assign(excess_risk=noisy, **counts)
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    for model, expected in (("dense", 0.4), ("linear", 0.2), ("quadratic", 0.3)):
        rows = estimates[(estimates["against"] == "T") & (estimates["model"] == model)]
        assert rows["estimate"].to_numpy() == pytest.approx(expected, abs=0.05)
        assert rows["theory"].to_numpy() == pytest.approx(expected)
    assert len(curves) == len(theory)
