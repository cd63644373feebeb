"""Risk against the model size: what runs with which steps, and planted exponents."""

import numpy as np
import pytest

from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import study
from quadlaw.theory import rates, stability_edge

STUDY = study("model_scaling")
SIZES, SAMPLES = [4, 8, 16, 32, 64, 128], [1024, 4096]
SETTINGS = {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 1.5, "beta": 2.0, "replicates": 12}],
    "samples": SAMPLES, "model_sizes": SIZES, "replicates": 8, "sigma": 0.5,
    "schedule": "two-phase 0.5", "window": [4, 64],
}  # fmt: skip


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_every_size_has_its_steps_and_starts_by_the_rules(design):
    assert len(design) == 2 * 2 * len(SIZES) * len(SAMPLES)
    assert set(design[design["alpha"] == 1.5]["replicates"]) == {12}
    for lane in design.to_dict("records"):
        alpha, beta, size = lane["alpha"], lane["beta"], lane["model_size"]
        learned = min(lane["samples"] ** (1 / max(beta, (alpha + beta) / 2)), size)
        assert lane["init"] == pytest.approx(0.5 * min(1, learned ** ((alpha - beta) / 4)))
        if lane["samples"] == max(SAMPLES):
            edge = stability_edge(PowerLaw(alpha, beta), size, lane["model"])
            assert lane["step_size"] <= 0.25 * edge * (1 + 1e-9)


def test_planted_exponents_are_those_of_the_longest_runs(design):
    draw, powers = np.random.default_rng(0), {"quadratic": 0.5, "linear": 0.4}
    runs = design.loc[design.index.repeat(design["replicates"])].reset_index(drop=True)
    runs["replicate"] = runs.groupby(["model", "alpha", "model_size", "samples"]).cumcount()
    power = runs["model"].map(powers) * np.where(runs["samples"] == 4096, 1, 0.5)
    noise = np.exp(0.02 * draw.standard_normal(len(runs)))
    risk = runs["model_size"].astype(float) ** -power * noise
    runs = runs.assign(excess_risk=risk, diverged=False, adapted=0, learned=0)
    theory = design.assign(
        theory=design["model_size"].astype(float) ** -design["model"].map(powers)
    )
    curves, found = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = found[found["against"] == "M"].set_index(["model", "alpha"])
    for (model, _), row in plain.iterrows():
        assert row["estimate"] == pytest.approx(powers[model], abs=0.02)
        assert row["theory"] == pytest.approx(powers[model]) and row["points"] == 5
        assert row["estimate"] != pytest.approx(rates.model_exponent(2.0), abs=0.1)
    assert len(plain) == 4 and len(curves) == len(design)
