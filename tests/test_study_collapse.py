import numpy as np
import pandas as pd
import pytest

from quadlaw.studies import collapse as study
from quadlaw.theory.rates import natural_clock

SERIES = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "setting": ""}
SIZES, SAMPLES = [4, 8, 16, 32, 64, 256, 1024], [1024, 4096, 16384, 65536]
ORDER, LITERAL = "up to constants", "literal form of the bound"


def planted(power=1.0, noise=0.02, variance=1.0):
    """Runs at ``(2 F)^power``, or with another constant of the second term."""
    rng, frames = np.random.default_rng(0), []
    for T in SAMPLES:
        size = np.array(SIZES, dtype=float)
        held = np.minimum(size, natural_clock(T) ** 0.5)  # s = (2.5 + 1.5) / 2
        form = held**-0.5 + variance * 0.25 * held / natural_clock(T)
        for replicate in range(16):
            level = np.exp(noise * rng.standard_normal())  # one stream for all sizes
            frames.append(
                pd.DataFrame({"model_size": SIZES, "risk": (2 * form) ** power * level}).assign(
                    samples=T, replicate=replicate, step_size=0.1, init=0.5, adapted=0, learned=0
                )
            )
    runs = pd.concat(frames, ignore_index=True)
    return runs.assign(diverged=False, excess_risk=runs.pop("risk"), **SERIES)


def estimates(runs):
    known = runs.drop_duplicates(["samples", "model_size"])
    known = known.assign(theory=known["excess_risk"])
    curves, found = study.results({"runs": runs, "theory": known}, {})
    return curves, found.set_index(["quantity", "setting"])


@pytest.mark.slow
def test_a_planted_risk_of_the_bound_s_order_is_found():
    curves, found = estimates(planted())
    slope = found.loc["collapse slope", ORDER]
    assert slope["estimate"] == pytest.approx(1, abs=0.02)
    assert slope["ci_low"] < 1 < slope["ci_high"]
    assert found.loc[("width of the band", ORDER), "ci_high"] < 0.1
    assert len(curves) == len(SIZES) * len(SAMPLES)
    assert np.allclose(curves["form"], curves["risk"], rtol=0.05)


@pytest.mark.slow
def test_the_literal_form_jumps_where_the_risk_does_not():
    _, found = estimates(planted())
    assert found.loc[("width of the band", LITERAL), "ci_low"] > 0.5


@pytest.mark.slow
def test_another_constant_of_one_term_widens_the_band_and_keeps_the_order():
    _, found = estimates(planted(variance=2.0))
    width = found.loc["width of the band", ORDER]
    assert 0.05 < width["estimate"] < 1


@pytest.mark.slow
def test_another_law_is_not_of_the_order():
    _, found = estimates(planted(power=0.7))
    assert found.loc[("collapse slope", ORDER), "ci_high"] < 0.8
    assert found.loc[("width of the band", ORDER), "ci_low"] > 0.3
