"""Depth: the design's rules, what an escape is, planted exponents."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import depth, study
from quadlaw.theory import rates
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE

STUDY = study("depth")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0, "replicates": 7}],
    "depths": [1, 2, 4],
    "samples": [128, 256, 512, 1024],
    "decades": [4, 8],
    "replicates": 6,
    "size_factor": 2,
    "window": [128, 1024],
    "sigma": 0.5,
    "escape": {
        "alpha": 2.0, "beta": 2.0, "weights": [0.01, 0.03, 0.1], "step_size": 0.04,
        "samples": 4096, "model_size": 8, "replicates": 6,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_starts_sizes_and_steps(design):
    risks = design[design["part"] == "risk"]
    assert len(risks) == 2 * 3 * 2 * 4 and len(design) - len(risks) == 3 * 3
    assert set(risks.loc[risks["alpha"] == 2, "replicates"]) == {7}
    sizes = risks.groupby(["alpha", "samples"])["model_size"].nunique()
    assert (sizes == 1).all()  # all depths and starts see the same coordinates
    for row in risks.itertuples():
        edge = stability_edge(PowerLaw(row.alpha, row.beta), row.model_size, row.model)
        assert row.step_size <= 1.001 * SAFE * edge * (4 if row.alpha < row.beta else 1)
    steps = risks[risks["alpha"] == 3].groupby(["model", "start"])["step_size"].nunique()
    assert (steps == 1).all()  # for alpha > beta it does not depend on T
    four = risks[(risks["alpha"] == 2) & (risks["model"] == "depth 4")]
    for _, some in four.groupby("start"):
        slope = np.polyfit(np.log(some["samples"]), np.log(some["step_size"]), 1)[0]
        assert slope == pytest.approx(-(3 - 2) / 4 / 3)  # D^((alpha - beta)/L), D = T^(1/beta)


@pytest.mark.slow
def test_escapes_take_as_long_as_the_noiseless_theory_says(design):
    escapes = design[design["part"] == "escape"]
    theory = STUDY.predicted(escapes)
    (point,) = points(escapes)
    runs = STUDY.run_point(point, 0, "float32")
    median = runs.groupby(["model", "init"])["excess_risk"].median()
    expected = theory.set_index(["model", "init"])["theory"]
    long = expected > 50  # the linear model takes but a dozen noisy steps
    assert long.sum() == 6
    assert (median / expected)[long].between(0.8, 1.25).all()
    other = expected.groupby("model").transform(lambda one: one.iloc[::-1].to_numpy())
    assert not (median / other)[long].between(0.8, 1.25).all()  # control: another start's


@pytest.mark.slow
def test_planted_exponents_come_out(design):
    draw = np.random.default_rng(0)
    theory = design.assign(theory=_planted(design))
    runs = [
        row | {"replicate": r, "excess_risk": row["theory"] * draw.lognormal(0, 0.05),
               "diverged": False, "adapted": 0, "learned": 0}
        for row in theory.to_dict("records")
        for r in range(row["replicates"])
    ]  # fmt: skip
    runs = pd.DataFrame(runs).drop(columns="theory")
    curves, estimates = depth.results({"runs": runs, "theory": theory}, SETTINGS)
    found = estimates[estimates["quantity"] == "sample exponent"]
    found = found[found["against"] == "T"]
    planted = found["model"].map(rates.depth_of) / 10
    assert len(found) == 12 and np.allclose(found["estimate"], planted, atol=0.05)
    assert np.allclose(found["theory"], planted)
    escape = estimates[estimates["quantity"] == "escape exponent"]
    assert escape["model"].tolist() == ["depth 4"]
    assert escape["estimate"].iloc[0] == pytest.approx(0.4, abs=0.03)
    far = estimates[estimates["quantity"] == "local exponent"]
    assert len(far) == 25 and far["window_high"].eq(1e8).all()
    assert curves["risk"].isna().sum() == 2 * 3 * 2 * 5  # the theory's, beyond what is simulated


def _planted(design):
    """Risk ``T^-(L/10)``; an escape takes ``w_0^-(L/10)`` steps."""
    power = design["model"].map(rates.depth_of) / 10
    x = design["samples"].where(design["part"] == "risk", design["init"] ** 2)
    return x**-power
