import numpy as np
import pandas as pd
import pytest
from scipy.special import zeta

from quadlaw import PowerLaw, simulate
from quadlaw.studies import effective_dimension as study
from quadlaw.studies.sample_scaling import USUAL
from quadlaw.theory import rates

SAMPLES = [2**k for k in range(8, 15)]


def planted(model, scale=1.0):
    """Runs whose three dimensions are ``scale D(T / log2 T)``."""
    rng, frames = np.random.default_rng(1), []
    for T in SAMPLES:
        clock = T / np.log2(T)
        D = scale * rates.effective_dimension(model, 2.5, 1.5, clock)
        frames.append(
            pd.DataFrame(
                {"replicate": range(16), "adapted": np.round(D), "learned": np.round(D)}
            ).assign(
                risk=zeta(1.5, D + 1) * np.exp(0.01 * rng.standard_normal(16)), samples=T,
                model_size=int(4 * D), step_size=0.05, init=0.5, schedule="two-phase 0.5",
            )
        )  # fmt: skip
    runs = pd.concat(frames, ignore_index=True)
    every = {"model": model, "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "setting": USUAL}
    return runs.assign(excess_risk=runs["risk"], diverged=False, **every)


@pytest.mark.slow
def test_planted_dimensions_come_out_and_differ_between_the_models():
    runs = pd.concat([planted("quadratic", 3), planted("linear", 3)], ignore_index=True)
    known = runs.drop_duplicates(["model", "samples"]).assign(theory=lambda some: some["risk"])
    tables = {"runs": runs, "theory": known}
    curves, estimates = study.results(tables, {"window": [256, 16384]})
    assert set(curves["dimension"]) == set(study.DIMENSIONS.values())
    found = estimates[estimates["against"] == "T/log2 T"].set_index(["quantity", "model"])
    for name in study.DIMENSIONS.values():
        for model, exponent in (("quadratic", 0.5), ("linear", 0.4)):
            row = found.loc[(f"{name} exponent", model)]
            assert row["estimate"] == pytest.approx(exponent, abs=0.03)
            assert 0 < row["ci_high"] - row["ci_low"] < 0.1  # also of counts without any spread
    low = found.loc[("risk dimension exponent", "quadratic"), "ci_low"]
    assert low > found.loc[("risk dimension exponent", "linear"), "ci_high"]


@pytest.mark.parametrize("beta", [1.5, 3.0])
def test_the_risk_dimension_is_the_size_with_that_tail(beta):
    sizes = np.array([1.0, 7.3, 500.0])
    assert np.allclose(study.risk_dimension(zeta(beta, sizes + 1), beta), sizes, rtol=1e-5)
    assert study.risk_dimension(np.array([np.inf]), beta) == study.LEAST


@pytest.mark.slow
@pytest.mark.parametrize("model, step", [("quadratic", 0.1), ("linear", 0.2)])
def test_the_theory_counts_what_grows(model, step):
    """Within four standard errors of the mean, and 3 % for the closure and the leaps."""
    setting = {"model": model, "model_size": 64, "samples": 2048, "step_size": step, "init": 0.3}
    runs = simulate(PowerLaw(2.5, 1.5), replicates=200, **setting)
    row = runs.iloc[0].to_dict()
    for name, counted in zip(("adapted", "learned"), study._counts(row), strict=True):
        error = runs[name].sem()
        assert counted == pytest.approx(runs[name].mean(), abs=4 * error + 0.03 * counted)
