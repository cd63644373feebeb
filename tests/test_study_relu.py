"""ReLU units: four parameters a coordinate, the kink's risk, half of the samples."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.base.tables import select, stacked
from quadlaw.fit.designs import points
from quadlaw.fit.points import trained
from quadlaw.sgd.inputs import kink_risk
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import named
from quadlaw.sgd.streams import chunks
from quadlaw.studies import relu, study

STUDY = study("relu")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5, "replicates": 6}, {"alpha": 2.0, "beta": 3.0}],
    "samples": [256, 512, 1024],
    "step_factors": [0.5, 1.0],
    "replicates": 8,
    "size_factor": 4,
    "window": [256, 1024],
    "sigma": 0.5,
    "growth": {
        "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 1.5, "beta": 2.5}],
        "samples": 8192,
        "model_size": 16,
        "step_constant": 0.1,
        "init_scale": 0.1,
        "coordinates": 16,
        "times": 60,
        "replicates": 6,
        "window": [1, 6],
    },
}

PROBLEM = {"alpha": 2.0, "beta": 3.0, "sigma": 0.5}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def four_parameters(x, y, etas, start):
    """SGD on ``a, b, a', b'``, with nothing known of their balance."""
    a, b, c, d = start
    for row, label, eta in zip(x, y, etas, strict=True):
        right, left = b * row > 0, -d * row > 0
        f = np.sum(a * right * b * row - c * left * (-d * row))
        g = eta * (f - label)
        a, b = a - g * right * b * row, b - g * right * a * row
        c, d = c + g * left * (-d * row), d + g * left * c * (-row)
    return a, b, c, d


def test_balanced_units_stay_so_and_are_the_learner():
    M, T, eta, init = 10, 300, 0.1, 0.3
    spectrum = PowerLaw(2.0, 3.0).spectrum(M)
    lanes = [{"model": "relu", "model_size": M, "step_size": eta, "init": init}]
    point = PROBLEM | {"schedule": "two-phase 0.5", "samples": T, "lanes": lanes}
    ((_, (group,)),) = trained(point, 0, "float64", 0, [T])
    stream = chunks(spectrum, T, 0, 0, [T], "float64")
    x, y = map(np.concatenate, zip(*((x[:, :M].copy(), y) for _, x, y in stream), strict=True))
    etas = eta * named("two-phase 0.5").factor(np.arange(T), T)
    a, b, c, d = four_parameters(x, y, etas, [np.full(M, init)] * 4)
    assert np.allclose(a, b, rtol=1e-9) and np.allclose(c, d, rtol=1e-9)
    plus, minus = (part[0] for part in group.parts())
    assert np.allclose(plus, a * b, rtol=1e-9) and np.allclose(minus, c * d, rtol=1e-9)
    tilted = four_parameters(x, y, etas, [np.full(M, init * s) for s in (2, 0.5, 2, 0.5)])
    assert not np.allclose(tilted[0] * tilted[1], plus, rtol=1e-2)


def test_risk_in_closed_form_is_that_of_fresh_samples():
    M, draw = 8, np.random.default_rng(0)
    spectrum = PowerLaw(2.0, 3.0).spectrum(M)
    lanes = [{"model": "relu", "model_size": M, "step_size": 0.0, "init": 0.3}]
    point = PROBLEM | {"schedule": "constant", "samples": 1, "lanes": lanes}
    ((_, (group,)),) = trained(point, 0, "float64", 0, [0])
    group.parameters[:, : 2 * M] = draw.uniform(0.3, 1.2, 2 * M)
    plus, minus = (part[0] for part in group.parts())
    x = draw.standard_normal((400_000, M)) * np.sqrt(spectrum.eigenvalues)
    f = np.maximum(x, 0) @ plus + np.minimum(x, 0) @ minus
    losses = (f - x @ spectrum.target) ** 2 + spectrum.tail[-1]
    error = 4 * losses.std() / np.sqrt(len(losses))
    exact = group.excess_risk()[0]
    kink = kink_risk((plus - minus)[None] / 2, spectrum.eigenvalues)[0]
    assert abs(losses.mean() - exact) < error
    assert abs(losses.mean() - (exact - kink)) > error


@pytest.mark.slow
def test_risk_is_the_quadratic_models_after_half_of_the_samples(design):
    rows = select(design, part="risk", alpha=3.0, samples=1024, step_factor=1.0)
    runs = STUDY.run_point(points(rows.assign(replicates=60))[0], 0, "float32")
    known = select(STUDY.predicted(rows), part="risk").set_index("model")["theory"]
    risks = select(runs, part="risk").groupby("model")["excess_risk"]
    error = 0.02 * known + 4 * risks.sem()
    assert ((risks.mean() - known).abs() < error).all()
    assert abs(risks.mean()["relu"] - known["quadratic"]) > error["relu"]


def test_kinks_in_common_are_the_modes_of_a_matrix_recursion(design):
    """``C <- (1 - eta P K) C (1 - eta K P) + eta^2 S P K P``, step by step."""
    row = select(design, part="risk", model="relu", alpha=2.0, samples=1024, step_factor=0.5)
    row = row.iloc[0].to_dict() | {"model_size": 8}
    field = relu._solved(row, [256, 512])
    weights = field.coordinates["mean"].to_numpy()[:8]
    q = np.arange(1, 9) ** (-row["alpha"] / 2)
    alone = np.diag(q**2)
    together = (1 - 2 / np.pi) * alone + 2 / np.pi * np.outer(q, q)
    found = []
    for K in (together, alone):
        C, PK = np.zeros((8, 8)), weights[:, None] * K
        for step, factor in enumerate(named(row["schedule"]).factor(np.arange(1024), 1024)):
            eta, clock = row["step_size"] * factor, field.trajectory
            S = np.interp(step / 2, clock["time"], clock["excess_risk"]) + 0.25
            left = np.eye(8) - eta * PK
            C = left @ C @ left.T + eta**2 * S * PK * weights
        found.append(np.sum(K * C))
    assert relu.common_kink(row) == pytest.approx(found[0], rel=0.05)
    assert relu.common_kink(row) != pytest.approx(found[1], rel=0.15)


@pytest.mark.slow
def test_planted_values(design):
    """The theory as runs, but for kinks that are three quarters of it."""
    theory = STUDY.predicted(design)
    assert set(theory["part"]) == {"risk", "kink", "growth", "risk over time", "kink over time"}
    factor = theory["part"].map({"kink": 0.75}).fillna(1.0) * theory["theory"].fillna(np.inf)
    draw = np.random.default_rng(0)
    runs = stacked(
        theory.drop(columns=["theory", "common"]).assign(
            replicate=r, excess_risk=factor * draw.lognormal(0, 0.01, len(theory)),
            diverged=False, adapted=0, learned=0,
        )
        for r in range(8)
    )  # fmt: skip
    curves, estimates = relu.results({"runs": runs, "theory": theory}, SETTINGS)
    assert len(curves) == len(theory)
    rates = select(estimates, quantity="sample exponent", against="T")
    assert len(rates) == 4 and np.allclose(rates["estimate"], rates["theory"], atol=0.02)
    front = select(estimates, quantity="growth time exponent", against="eta t / log")
    assert len(front) == 4 and np.allclose(front["estimate"], 2, atol=0.02)
    numbers = estimates.groupby("quantity")["estimate"].mean()
    assert numbers["log of risk over theory"] == pytest.approx(0, abs=0.01)
    assert numbers["log of kink over theory"] == pytest.approx(np.log(0.75), abs=0.01)
    slower = numbers["log of growth time over the quadratic model's"]
    assert slower == pytest.approx(np.log(2), abs=0.01)


@pytest.mark.slow
def test_growth_takes_twice_as_long(design):
    rows = select(design, part="growth", alpha=2.5)
    runs = STUDY.run_point(points(rows)[0], 0, "float32")
    assert set(runs["part"]) == {"growth", "risk over time", "kink over time"}
    early = select(runs, part="growth")
    early = early[early["place"].between(2, 6)]
    times = pd.pivot_table(early, index="place", columns="model", values="excess_risk")
    assert (times["relu"] / times["quadratic"]).between(1.5, 2.6).all()
