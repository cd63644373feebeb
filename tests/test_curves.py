"""Medians and their intervals; ratios of two models' risks, replicate by replicate."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.curves import measured_curves, paired_ratios, ratio_curves, ratios_of

SAMPLES = [2**k for k in range(8, 15)]
LABELS = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "setting": "", "method": "steps"}


def table(model, slope, replicates=12):
    """Made-up runs: a power law, noise that both models share, noise of their own."""
    draw, rows = np.random.default_rng(len(model)), []
    for T in SAMPLES:
        for r in range(replicates):
            shared = np.random.default_rng([T, r]).standard_normal()
            rows.append((T, r, T**-slope * np.exp(0.3 * shared + 0.02 * draw.standard_normal())))
    runs = pd.DataFrame(rows, columns=["samples", "replicate", "excess_risk"])
    return runs.assign(model=model, diverged=False, adapted=3, learned=4, **LABELS)


def both(**options):
    return table("quadratic", 0.25, **options), table("linear", 0.2, **options)


def test_diverged_runs_count_in_the_median_and_in_the_share():
    runs = table("linear", 0.2, replicates=8)
    bad = runs["replicate"] == 5
    clean = measured_curves(runs)
    runs.loc[bad, "diverged"] = True
    runs.loc[bad, "excess_risk"] = 1e-9  # small, yet not a success
    curve = measured_curves(runs)
    assert (curve["diverged_share"] == 1 / 8).all() and np.isfinite(curve["mean"]).all()
    assert (curve["risk"] >= clean["risk"]).all() and (curve["risk"] > clean["risk"]).any()
    assert np.isinf(curve["ci_high"]).all()


@pytest.mark.slow
def test_interval_of_the_median_has_its_coverage():
    draw = np.random.default_rng(0)
    runs = table("linear", 0.2, replicates=8)
    runs, hits = runs[runs["samples"] == 256], []
    for _ in range(400):
        some = runs.assign(excess_risk=np.exp(draw.standard_normal(len(runs))))
        low, high = measured_curves(some)[["ci_low", "ci_high"]].iloc[0]
        hits.append(low <= 1.0 <= high)
    # exact binomial interval of 8 values: its smallest and largest, 1 - 2 / 2^8 = .992
    assert np.mean(hits) > 0.97


def test_paired_ratios_cancel_what_the_models_share():
    quadratic, linear = both()
    pairs = paired_ratios(quadratic, linear)
    assert len(pairs) == 12 * len(SAMPLES) and set(pairs["model"]) == {"linear/quadratic"}
    centred = np.log(pairs["ratio"]) - np.log(pairs.groupby("samples")["ratio"].transform("median"))
    risk = linear["excess_risk"]
    spread = np.log(linear.groupby("samples")["excess_risk"].transform("median") / risk)
    assert centred.std() < 0.2 * spread.std()


@pytest.mark.parametrize(
    ("lost", "ratio"), [(["linear"], np.inf), (["quadratic"], 0), (["linear", "quadratic"], 1)]
)
def test_a_diverged_run_is_infinitely_bad_in_a_ratio(lost, ratio):
    runs = [one.assign(diverged=one["model"].isin(lost)) for one in both()]
    pairs = paired_ratios(*runs)
    assert (pairs["ratio"] == ratio).all() and pairs["diverged"].all()


def test_median_ratios_stand_beside_the_theorys():
    runs = both()
    theory = pd.concat([one[one["replicate"] == 0] for one in runs], ignore_index=True)
    power = theory["model"].map({"quadratic": 0.3, "linear": 0.1})
    known = ratios_of(theory.assign(theory=theory["samples"].astype(float) ** -power))
    curve = ratio_curves(paired_ratios(*runs), known)
    assert list(curve["samples"]) == SAMPLES and (curve["risk"] > 1).all()
    assert np.allclose(curve["theory"], curve["samples"] ** 0.2)
    assert (curve["ci_low"] <= curve["risk"]).all() and (curve["risk"] <= curve["ci_high"]).all()


def test_curves_say_how_many_runs_there_were_and_not_how_many_were_allowed():
    runs = table("linear", 0.2).assign(replicates=50)
    runs = runs[(runs["samples"] > 256) | (runs["replicate"] < 7)]
    theory = runs[runs["replicate"] == 0].assign(theory=1.0)
    for curve in (measured_curves(runs), measured_curves(runs, theory)):
        assert curve["replicates"].tolist() == [7] + [12] * (len(SAMPLES) - 1)
    assert (curve["theory"] == 1).all()
