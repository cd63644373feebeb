"""Optimal sizes and exponents of the frontier, planted and from the theory."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from quadlaw.fit.designs import with_steps
from quadlaw.studies import compute_frontier, study
from quadlaw.studies.compute_frontier import frontier, optimum, resampled, slopes
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

STUDY = study("compute_frontier")
SETTINGS = {
    "problems": [{"alpha": 2.5, "beta": 1.5}],
    "compute": [2**12, 2**14, 2**16],
    "theory_compute": [1e6, 1e7],
    "replicates": 6,
    "sigma": 0.5,
}
SIZES = 2.0 ** np.arange(0, 12, 0.5)
COMPUTE = np.array([2.0**14, 2.0**17, 2.0**20])


def planted(noise=0.0, replicates=8):
    """Risk ``C'^-.2`` at ``M = C'^.3``, with ``C' = C / log2 C``, and a parabola about it.

    Runs of one replicate and as many samples have the same noise.
    """
    rows = []
    for C in COMPUTE:
        clock = natural_clock(C)
        best = -0.2 * np.log(clock) + 0.3 * (np.log(SIZES) - 0.3 * np.log(clock)) ** 2
        for size, log_risk in zip(SIZES, best, strict=True):
            samples = round(C / size)
            shared = np.random.default_rng([2, samples]).standard_normal(replicates)
            risks = np.exp(log_risk + noise * shared)
            rows += [
                {"compute": C, "model_size": size, "samples": samples, "replicate": r,
                 "excess_risk": risk, "diverged": False, "risk": risk}
                for r, risk in enumerate(risks)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_parabola_has_its_minimum_where_it_was_planted():
    risks = np.exp(0.3 * (np.log(SIZES) - np.log(20)) ** 2 - 1)
    assert_allclose(optimum(SIZES, risks), [np.log(20), -1], atol=1e-9)


def test_points_that_only_fall_have_their_optimum_at_the_end():
    assert optimum(SIZES, SIZES**-0.5)[0] == pytest.approx(np.log(SIZES[-1]))


def test_planted_exponents_come_out():
    runs = planted()
    compute, best = frontier(runs[runs["replicate"] == 0], "risk")
    assert_allclose(slopes(compute, best), [0.3, 0.2], atol=1e-9)


def test_intervals_hold_planted_exponents_and_not_others():
    compute, best = resampled(planted(noise=0.1))
    drawn = np.array([slopes(compute, one) for one in best])
    low, high = np.quantile(drawn[1:], [0.025, 0.975], axis=0)
    assert (low < [0.3, 0.2]).all()
    assert (high > [0.3, 0.2]).all()
    assert not low[1] < 0.1 < high[1]


def test_runs_on_the_same_samples_are_resampled_together():
    """Sizes at ``C`` and at ``2 C`` on the same samples, where risks are half as large."""
    rng, rows = np.random.default_rng(0), []
    for samples, bend in ((32, 1.0), (64, 0.0), (128, 1.0)):
        for r, noise in enumerate(0.2 * rng.standard_normal(8)):
            rows += [
                {"compute": C, "model_size": C // samples, "samples": samples, "replicate": r,
                 "excess_risk": risk, "diverged": False, "risk": risk}
                for C, scale in ((4096, 1.0), (8192, 0.5))
                for risk in [scale * np.exp(3 * bend + noise)]
            ]  # fmt: skip
    _, best = resampled(pd.DataFrame(rows))
    assert_allclose(best[:, 0, 1] - best[:, 1, 1], np.log(2), atol=1e-9)
    assert best[:, 0, 1].std() > 0.02  # control: the risks themselves vary


def test_theory_s_exponents_are_near_the_paper_s():
    rows = with_steps(compute_frontier._rows(SETTINGS, [1e6, 1e8]))
    far = STUDY.predicted(rows[rows["model"] == "quadratic"])
    _, risk = slopes(*frontier(far, "theory"))
    assert risk == pytest.approx(rates.compute_exponent("quadratic", 2.5, 1.5), abs=0.02)
    assert abs(risk - rates.compute_exponent("quadratic", 1.5, 2.5)) > 0.1


def test_design_spends_the_same_compute_and_brackets_the_optimum():
    design = STUDY.design(SETTINGS)
    assert_allclose(design["model_size"] * design["samples"], design["compute"], rtol=0.05)
    both = design.groupby(["compute", "model_size"])["model"].nunique()
    assert (both == 2).any()  # shared samples
    best = frontier(STUDY.predicted(design), "theory")[1][:, 0]
    ends = design.groupby("compute")["model_size"].agg(["min", "max"])
    assert (np.log(ends["min"]) < best).all()
    assert (best < np.log(ends["max"])).all()
