import numpy as np
import pandas as pd
import pytest

from quadlaw.studies import collapse as study
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SERIES = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "init_scale": 0.5}
SIZES, SAMPLES = [4, 8, 16, 32, 64, 256, 1024], [1024, 4096, 16384, 65536]


def planted(power=1.0, noise=0.02):
    """Runs at ``formula^power``, with constants 2 and 1/2."""
    rng, frames = np.random.default_rng(0), []
    for T in SAMPLES:
        size, clock = np.array(SIZES, dtype=float), natural_clock(T)
        approximation = size**-0.5
        rest = rates.risk_form("quadratic", 2.5, 1.5, 0.5, clock, size) - approximation
        for replicate in range(16):
            level = np.exp(noise * rng.standard_normal())  # one stream for all sizes
            risk = (2 * approximation + 0.5 * rest) ** power * level
            frames.append(
                pd.DataFrame({"model_size": SIZES, "risk": risk}).assign(
                    samples=T, replicate=replicate, step_size=0.1, init=0.5, step_constant=0.1
                )
            )
    runs = pd.concat(frames, ignore_index=True)
    return runs.assign(chosen=True, diverged=False, excess_risk=runs["risk"], **SERIES)


def estimates(runs):
    known = runs.drop_duplicates(["samples", "model_size"])
    curves, found = study.results({"reported": runs, "predicted": known}, {})
    return curves, found.set_index("quantity")


@pytest.mark.slow
def test_a_planted_formula_collapses():
    curves, found = estimates(planted())
    slope = found.loc["collapse slope"]
    assert slope["estimate"] == pytest.approx(1, abs=0.02)
    assert slope["ci_low"] < 1 < slope["ci_high"]
    assert found.loc["largest residual", "ci_high"] < 0.05
    assert len(curves) == len(SIZES) * len(SAMPLES)
    assert np.allclose(curves["formula"], curves["risk"], rtol=0.05)
    assert (found["setting"] == "").all()


@pytest.mark.slow
def test_another_law_does_not():
    _, found = estimates(planted(power=0.7))
    assert found.loc["largest residual", "ci_low"] > 0.1


def test_the_slope_sees_what_two_constants_cannot_take_up():
    terms = study.formula_terms(
        pd.DataFrame([{"samples": T, "model_size": M} for T in SAMPLES for M in SIZES]), SERIES
    )
    truth = study.log_formula(np.log([2, 0.5]), terms)
    assert study.slope(terms, truth) == pytest.approx(1, abs=1e-6)
    assert study.largest_residual(terms, truth) < 1e-6
    assert abs(study.slope(terms, 0.7 * truth) - 1) > 0.05
