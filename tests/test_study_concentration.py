"""Quantiles over runs: planted laws come out; runs are those of the other studies."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit import points as usual_points
from quadlaw.fit.designs import points
from quadlaw.studies import concentration, study
from quadlaw.studies.concentration import QUANTILE, SPREAD, USUAL

STUDY = study("concentration")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 1.5, "beta": 3.0}],
    "samples": [256, 1024, 4096],
    "replicates": 40,
    "size_factor": 4,
    "sigma": 0.5,
    "loud": 8.0,
    "window": [256, 4096],
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_loud_noise_is_at_the_same_step_and_below_the_line_alone(design):
    loud = design[design["setting"] == concentration.LOUD]
    assert set(loud["alpha"]) == {1.5} and set(loud["samples"]) == {4096}
    usual = design[(design["setting"] == USUAL) & (design["alpha"] == 1.5)]
    assert set(loud["sigma"]) == {8.0} and set(usual["sigma"]) == {0.5}
    assert loud["step_size"].item() == usual["step_size"].iloc[-1]


def test_runs_are_those_of_other_studies_and_say_what_coordinates_did(design):
    chosen = design[(design["samples"] == 1024) & (design["alpha"] == 1.5)]
    (point,) = points(chosen)
    runs = STUDY.run_point(point, 0, "float32")
    other = usual_points.run_point(point, 0, "float32")
    assert np.array_equal(runs["replicate"], np.arange(40))
    assert np.array_equal(runs["excess_risk"], other["excess_risk"])
    assert np.array_equal(runs["diverged"], other["diverged"])
    # Of more coordinates the farthest from its target is farther, and of fewer the most has grown.
    missed = runs[[f"missed {bound:g}" for bound in concentration.BOUNDS]].to_numpy()
    grown = runs[[f"grown {bound:g}" for bound in concentration.BOUNDS]].to_numpy()
    assert (np.diff(missed) >= 0).all() and (np.diff(grown) <= 0).all()
    assert (grown >= 1).all()  # the start is a look


def test_a_model_without_coordinates_beyond_a_boundary_has_kept_them_all():
    (one,) = points(STUDY.design(SETTINGS | {"size_factor": 1, "samples": [256]}))[:1]
    runs = STUDY.run_point(one, 0, "float32")
    assert (runs["grown 2"] == 0).all()
    assert (runs["grown 0.0625"].dropna() >= 1).all()  # the control


def planted(draw, slow_share=0.0):
    """Runs of median ``x^-.6`` in ``x = T / log2 T`` and a spread of ``x^-.2``, some slow ones."""
    rows = []
    for T in (2**14, 2**16, 2**18, 2**20):
        x = T / np.log2(T)
        risk = x**-0.6 * np.exp(x**-0.2 * draw.standard_normal(2000))
        slow = draw.random(2000) < slow_share
        risk[slow] = 10 * x**-0.3
        rows.append(pd.DataFrame({"samples": T, "excess_risk": risk, "replicate": range(2000)}))
    runs = pd.concat(rows, ignore_index=True)
    labels = {"model": "quadratic", "alpha": 1.5, "beta": 2.5, "sigma": 0.5, "setting": USUAL}
    for bound in concentration.BOUNDS:
        runs[f"missed {bound:g}"], runs[f"grown {bound:g}"] = bound, 3 - bound
    return runs.assign(diverged=False, method="leaps 0.5", **labels)


def estimated(runs):
    theory = runs.drop_duplicates("samples").assign(theory=1.0)
    window = {"window": [2**14, 2**20]}
    return concentration.results({"runs": runs, "theory": theory}, window)


def test_planted_exponents_come_out_and_a_slow_tenth_of_the_runs_is_seen():
    curves, found = estimated(planted(np.random.default_rng(0)))
    rows = found[found["against"] == "T/log2 T"].set_index("quantity")
    x = np.array([2**k / k for k in (14, 16, 18, 20)])
    high = x**-0.6 * np.exp(1.645 * x**-0.2)
    for quantity, value in ((QUANTILE, high), (SPREAD, np.expm1(1.645 * x**-0.2))):
        expected = -np.polyfit(np.log(x), np.log(value), 1)[0]
        row = rows.loc[quantity]
        assert row["ci_low"] <= expected <= row["ci_high"]
        assert row["ci_high"] - row["ci_low"] < 0.05
    assert set(curves["part"]) == {"sets", "quantiles"}
    _, found = estimated(planted(np.random.default_rng(0), slow_share=0.1))
    row = found[(found["quantity"] == QUANTILE) & (found["against"] == "T/log2 T")].iloc[0]
    assert row["estimate"] == pytest.approx(0.3, abs=1e-6)


def test_shares_are_those_of_the_planted_weights():
    curves, found = estimated(planted(np.random.default_rng(0)))
    shares = found.set_index("quantity")["estimate"]
    assert shares["share with both sets"] == 1  # missed 1/16 of the target, grown by 1
    assert shares["share that keeps all beyond D / 16"] == 0  # grown by 3 - 1/16
    assert shares["diverged share"] == 0
    sets = curves[curves["part"] == "sets"].set_index("bound")
    assert list(sets["learned"]) == [1, 1, 1, 0, 0, 0] and list(sets["kept"]) == [0, 0, 0, 0, 0, 1]
