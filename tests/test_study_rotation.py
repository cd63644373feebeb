"""Rotation: every direction turns by the angle, what is invariant stays, planted rates come out."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.curves import with_divergence
from quadlaw.fit.designs import points
from quadlaw.fit.points import run_point
from quadlaw.sgd.bases import basis, blockwise, rotation
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import study
from quadlaw.studies.rotation import setting
from quadlaw.theory import linear_risk
from quadlaw.theory.flow import signed_flow, turned

QUARTER = np.pi / 2
STUDY = study("rotation")
SETTINGS = {
    "problems": [{"alpha": 4.0, "beta": 2.0}],
    "samples": [64, 256, 1024],
    "theory_samples": [4096, 8192, 16384],
    "blocks": [4],
    "angles": [0.0, 0.4, QUARTER],
    "init": 0.5,
    "fractions": [0.125, 0.25],
    "draws": 3,
    "replicates": 8,
    "pilots": 2,
    "window": [64, 1024],
    "size_factor": 4,
    "sigma": 0.5,
}


@pytest.mark.parametrize("block", [2, 4, 16, 0])
@pytest.mark.parametrize("angle", [0.0, 0.3, QUARTER])
def test_every_direction_turns_by_the_angle(block, angle):
    draw, size = np.random.default_rng(0), 32
    blocks = rotation(size, angle, block, draw=1)
    assert np.allclose(blocks @ blocks.swapaxes(1, 2), np.eye(blocks.shape[1]), atol=1e-12)
    x = draw.standard_normal((10, size))
    z = blockwise(x, blocks, size)
    cosines = np.sum(x * z, axis=1) / np.sum(x**2, axis=1)
    assert np.allclose(cosines, np.cos(angle))
    assert np.allclose(blockwise(z, blocks.swapaxes(1, 2), size), x)  # and back
    if angle == 0:
        assert np.array_equal(z, x)


def test_blocks_of_a_smaller_model_are_the_first():
    assert np.array_equal(rotation(64, 0.3, 8, 5)[:4], rotation(32, 0.3, 8, 5))
    assert not np.allclose(rotation(32, 0.3, 8, 5), rotation(32, 0.3, 8, 6))
    for block in (3, 12):
        with pytest.raises(ValueError, match="block"):
            rotation(32, 0.3, block)


def lane(name, model, step_size=0.1, size=32):
    return {
        "model": model, "model_size": size, "step_size": step_size, "init": 0.5, "basis": name,
    }  # fmt: skip


def point(lanes, replicates, samples=256):
    return {
        "alpha": 3.0, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": samples,
        "replicates": replicates, "lanes": lanes,
    }  # fmt: skip


@pytest.mark.slow
def test_linear_is_the_same_in_any_basis_and_signed_is_not():
    names = ["eigenbasis", f"rotated {QUARTER} 0 3", "rotated 0.4 4 1"]
    models = ("linear from zero", "signed")
    runs = run_point(point([lane(n, m) for m in models for n in names], 4), 0, "float64")
    for model, same in zip(models, (True, False), strict=True):
        risks = runs[runs["model"] == model].pivot(
            index="replicate", columns="basis", values="excess_risk"
        )
        for name in names[1:]:
            assert np.allclose(risks[name], risks["eigenbasis"], rtol=1e-6) is same


@pytest.mark.slow
def test_linear_on_a_full_rotation_has_the_exact_mean_risk():
    runs = run_point(point([lane(f"rotated {QUARTER} 0 0", "linear from zero")], 400), 1, "float32")
    risk, law = runs["excess_risk"], PowerLaw(3.0, 1.5, 0.5)
    common = {"model_size": 32, "samples": 256, "init": 0.0}
    exact = linear_risk(law, step_size=0.1, method="steps", **common)
    other = linear_risk(law, step_size=0.12, method="steps", **common)
    assert abs(risk.mean() - exact) < 4 * risk.sem()
    assert abs(risk.mean() - other) > 4 * risk.sem()  # a control that must fail


def test_flow_is_that_of_small_steps_without_noise():
    law, size, steps = PowerLaw(3.0, 1.5), 16, 20000
    blocks = rotation(size, 0.7, 4, 2)
    covariance = turned(blocks, law.eigenvalues(size))
    sought = blockwise(law.target(size)[None], blocks, size)
    correlation = blockwise(sought, covariance, size)[0]
    plus = minus = np.full(size, 0.5)
    for _ in range(steps):
        slope = blockwise((plus**2 - minus**2)[None], covariance, size)[0] - correlation
        plus, minus = plus * (1 - 0.01 * slope), minus * (1 + 0.01 * slope)
    weights = signed_flow(covariance, correlation, 0.5, np.array([1.0, 0.01 * steps]))[-1]
    assert np.allclose(weights, plus**2 - minus**2, rtol=2e-2, atol=2e-2)
    dense = np.zeros((1, size, size))
    for k, one in enumerate(covariance):
        dense[0, 4 * k : 4 * k + 4, 4 * k : 4 * k + 4] = one
    again = signed_flow(dense, correlation, 0.5, np.array([1.0, 0.01 * steps]))[-1]
    assert np.allclose(weights, again, rtol=1e-2, atol=1e-2)


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


@pytest.mark.slow
def test_flow_is_near_the_median_of_runs_at_small_steps(design):
    some = design[(design["samples"] == 1024) & (design["fraction"] == 0.125)]
    theory = STUDY.predicted(some)
    runs = STUDY.run_point(points(some)[0], 0, "float32")
    assert (runs["replicate"] % 3 == runs["draw"]).all()
    keys = ["model", "setting", "draw"]
    risk = with_divergence(runs).groupby(keys)["risk"].mean()
    known = theory.set_index(keys)["theory"]
    assert np.allclose(risk / known[risk.index], 1, atol=0.15)


def test_bases_are_those_of_the_learners(design):
    row = design[(design["block"] == 4) & (design["angle"] == 0.4)].iloc[0]
    ours = rotation(row["model_size"], 0.4, 4, row["draw"])
    assert np.array_equal(basis(row["basis"], row["model_size"], row["model_size"]), ours)


@pytest.mark.slow
def test_planted_exponents(design):
    rate = {setting(4, QUARTER): 0.34, setting(0, QUARTER): 0.25}
    theory = design.assign(theory=0.0)
    planted = theory["setting"].map(rate).fillna(0.3).mask(theory["model"] != "signed", 0.25)
    best = 1 + (theory["fraction"] != 0.25)
    theory["theory"] = best * theory["samples"] ** -planted
    noise = np.random.default_rng(0).lognormal(0, 0.05, SETTINGS["replicates"])
    runs = pd.concat(
        [
            theory[theory["draw"] == r % 3].assign(
                replicate=r, excess_risk=noise[r] * theory["theory"], diverged=False, adapted=0,
                learned=0,
            )
            for r in range(SETTINGS["replicates"])
        ],
        ignore_index=True,
    ).drop(columns="theory")  # fmt: skip
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    assert set(curves.loc[curves["part"] == "risk", "fraction"]) == {0.25}
    ratio = estimates[
        (estimates["quantity"] == "ratio exponent") & (estimates["against"] == "T")
    ].set_index("setting")
    expected = pd.Series({name: p - 0.25 for name, p in rate.items()} | {"eigenbasis": 0.05})
    for name, value in expected.items():
        row = ratio.loc[name]
        assert row["estimate"] == pytest.approx(value, abs=1e-6)
        assert row["theory"] == pytest.approx(value, abs=1e-6)
    far = curves[curves["part"] == "far"]
    assert set(far["samples"]) == set(SETTINGS["theory_samples"]) and far["theory"].notna().all()
