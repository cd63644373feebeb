"""Ratios of risks from several initial values: what runs, and planted exponents."""

import numpy as np
import pytest

from quadlaw.studies import study
from quadlaw.studies.spectral_mismatch import setting_of

STUDY = study("spectral_mismatch")
SAMPLES = [2**k for k in range(8, 15)]
SETTINGS = {
    "problems": [{"alpha": 3.5, "beta": 2.5}, {"alpha": 1.5, "beta": 2.5}], "samples": SAMPLES,
    "init_scales": [0.7, 0.1], "size_factor": 4, "replicates": 24, "sigma": 0.5,
    "schedule": "two-phase 0.5", "window": [256, 2**14],
}  # fmt: skip


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_both_models_have_the_same_sizes_and_starts(design):
    keys = ["alpha", "setting", "samples"]
    wide = design.pivot(index=keys, columns="model", values=["model_size", "init"])
    assert len(wide) == 2 * 2 * len(SAMPLES)
    for name in ("model_size", "init"):
        assert (wide[name, "linear"] == wide[name, "quadratic"]).all()
    assert (design["method"] == "leaps 0.5").all()


def test_planted_exponents_of_the_ratio_come_out_beside_the_theorys(design):
    draw, powers = np.random.default_rng(0), {"quadratic": 0.4, "linear": 0.3}
    runs = design.loc[design.index.repeat(24)].reset_index(drop=True)
    noise = np.exp(0.05 * draw.standard_normal(len(runs)))
    risk = runs["samples"].astype(float) ** -runs["model"].map(powers) * noise
    runs = runs.assign(
        replicate=np.arange(len(runs)) % 24, excess_risk=risk, diverged=False, adapted=0, learned=0
    )
    theory = design.assign(theory=design["samples"].astype(float) ** -design["model"].map(powers))
    curves, found = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = found[found["against"] == "T"]
    assert len(plain) == 2 * 2 and set(plain["model"]) == {"linear/quadratic"}
    assert set(plain["setting"]) == {setting_of(0.7), setting_of(0.1)}
    assert plain["theory"].to_numpy() == pytest.approx(0.1)
    assert ((plain["ci_low"] < 0.1) & (plain["ci_high"] > 0.1)).sum() >= 3
    assert (plain["ci_high"] - plain["ci_low"] < 0.04).all()
    ratio = curves[curves["part"] == "ratio"]
    assert len(ratio) == len(curves) / 3 and np.allclose(ratio["theory"], ratio["samples"] ** 0.1)
