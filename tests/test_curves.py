import numpy as np
import pytest

from quadlaw.fit.curves import choose_steps, curves, paired_ratio, ratio_curves, reported
from sweep_runs import SAMPLES, table


def rest_of(runs, pilots=4):
    return reported(runs, choose_steps(runs, pilots, "samples", (0, np.inf)), pilots)


def test_step_is_chosen_on_pilots_alone():
    runs = table()
    late = (runs["replicate"] >= 4) & (runs["step_constant"] == 0.4)
    runs.loc[late, "excess_risk"] *= 0.1  # better, but only where the choice must not look
    steps = choose_steps(runs, 4, "samples", (0, np.inf))
    chosen = steps[steps["chosen"]]
    assert (chosen["step_constant"] == 0.2).all() and len(chosen) == 2
    assert not chosen["at_edge"].any()
    assert set(rest_of(runs)["replicate"]) == set(range(4, 12))


def test_a_choice_at_the_end_of_the_grid_is_marked():
    runs = table()
    steps = choose_steps(runs[runs["step_constant"] < 0.4], 4, "samples", (0, np.inf))
    assert steps.loc[steps["chosen"], "at_edge"].all()


def test_a_step_size_beyond_the_stability_edge_is_never_chosen():
    """The linear model's edge at (2.5, 1.5), M = 8, is about .6."""
    runs = table()
    late = (runs["step_constant"] == 0.2) & (runs["samples"] == SAMPLES[-1])
    runs.loc[late & (runs["model"] == "linear"), "step_size"] = 0.7
    steps = choose_steps(runs, 4, "samples", (0, np.inf))
    chosen = steps[steps["chosen"]].set_index("model")["step_constant"]
    assert chosen["linear"] == 0.4 and chosen["quadratic"] == 0.2
    assert not steps[(steps["model"] == "linear") & (steps["step_constant"] == 0.2)][
        "admissible"
    ].any()


def test_a_constant_with_a_diverged_pilot_is_never_chosen():
    runs = table()
    bad = (runs["step_constant"] == 0.2) & (runs["replicate"] == 1) & (runs["samples"] == 1024)
    runs.loc[bad, "diverged"] = True
    steps = choose_steps(runs, 4, "samples", (0, np.inf))
    assert (steps.loc[steps["chosen"], "step_constant"] == 0.4).all()
    outside = choose_steps(runs, 4, "samples", (2048, np.inf))
    assert (outside.loc[outside["chosen"], "step_constant"] == 0.2).all()


def test_no_admissible_constant_is_an_error():
    runs = table().assign(diverged=True)
    with pytest.raises(ValueError, match=r"step_constants = .* none is stable"):
        choose_steps(runs, 4, "samples", (0, np.inf))


def test_diverged_runs_count_in_the_median_and_in_the_share():
    runs = table()
    bad = (runs["step_constant"] == 0.2) & (runs["replicate"] == 5)
    runs.loc[bad, ["diverged", "excess_risk"]] = [True, 1e-9]  # small, yet not a success
    curve = curves(rest_of(runs))
    assert (curve["diverged_share"] == 1 / 8).all() and (curve["replicates"] == 8).all()
    clean = curves(rest_of(table()))
    assert (curve["risk"] > clean["risk"]).all() and np.isinf(curve["ci_high"]).all()


def test_an_unstable_constant_is_not_chosen_however_well_its_pilots_do():
    runs = table()
    late = (runs["step_constant"] == 0.2) & (runs["replicate"] >= 10) & (runs["samples"] == 512)
    runs.loc[late, "diverged"] = True  # 2 of 12, none of them a pilot
    steps = choose_steps(runs, 4, "samples", (0, np.inf))
    assert (steps.loc[steps["chosen"], "step_constant"] == 0.4).all()


@pytest.mark.slow
def test_interval_of_the_median_has_its_coverage():
    draw = np.random.default_rng(0)
    rest = rest_of(table())
    runs = rest[rest["chosen"] & (rest["samples"] == 256) & (rest["model"] == "linear")]
    hits = []
    for _ in range(400):
        some = runs.assign(risk=np.exp(draw.standard_normal(len(runs))))
        low, high = curves(some)[["ci_low", "ci_high"]].iloc[0]
        hits.append(low <= 1.0 <= high)
    # exact binomial interval of 8 values: its smallest and largest, 1 - 2 / 2^8 = .992
    assert np.mean(hits) > 0.97


def test_paired_ratio_cancels_what_the_models_share():
    rest = rest_of(table())
    ratio = paired_ratio(rest)
    assert len(ratio) == 8 * len(SAMPLES)
    centred = np.log(ratio["ratio"]) - np.log(ratio.groupby("samples")["ratio"].transform("median"))
    risk = rest[rest["chosen"] & (rest["model"] == "linear")]
    spread = np.log(risk.groupby("samples")["risk"].transform("median")) - np.log(risk["risk"])
    assert centred.std() < 0.2 * spread.std()
    assert list(ratio_curves(rest)["ratio"] > 1) == [True] * len(SAMPLES)
