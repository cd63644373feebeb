"""Survival at a constant step size: both sides of the threshold, and its dependence on noise."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.base.tables import stacked
from quadlaw.fit.designs import points
from quadlaw.studies import study
from quadlaw.studies.extinction import half_survival, shares, with_variance
from quadlaw.theory.stationary import ALIVE, surviving_share

STUDY = study("extinction")
SETTINGS = {
    "alpha": 1.1, "beta": 3.1, "sigma": 2.0, "model_size": 48, "samples": 240_000, "init": 0.02,
    "coordinates": 12, "replicates": 24, "step_sizes": [0.04],
}  # fmt: skip


def survival(settings):
    """Which coordinates of each run are alive, and their scaled targets."""
    parts = points(STUDY.design(settings))
    return with_variance(stacked(STUDY.run_point(part, 1, "float32") for part in parts))


@pytest.mark.slow
def test_coordinates_survive_above_the_threshold_and_die_below_it():
    table = shares(survival(SETTINGS))
    assert (table["diverged_share"] == 0).all()
    assert np.allclose(table["scaled_target"], table["target"] / (0.04 * table["variance"]))
    assert SETTINGS["init"] ** 2 < ALIVE * table["target"].min()  # none is alive at the start
    above = table[table["scaled_target"] > 2]
    below = table[table["scaled_target"] < 0.35]
    assert len(above) >= 2 and len(below) >= 2
    assert above["share"].mean() > 0.85 and below["share"].mean() < 0.15
    clear = table[table["scaled_target"] > 0.6]
    error = np.sqrt(clear["predicted"] * (1 - clear["predicted"]) / clear["replicates"])
    assert len(clear) >= 4
    assert (np.abs(clear["share"] - clear["predicted"]) < 3.5 * error + 0.05).all()
    wrong = surviving_share(clear["target"], 0.04, table["variance"].iloc[0] / 3)  # control
    assert (np.abs(clear["share"] - wrong) > 3.5 * error + 0.05).any()


@pytest.mark.slow
def test_without_label_noise_the_same_coordinates_live():
    """Control: the threshold is the noise's doing."""
    quiet = shares(survival(SETTINGS | {"sigma": 0.05}))
    noisy = shares(survival(SETTINGS))
    dying = noisy[noisy["scaled_target"] < 0.35]["coordinate"]
    assert quiet[quiet["coordinate"].isin(dying)]["share"].min() > 0.9


def test_the_predicted_share_depends_on_the_scaled_target_alone():
    scaled = np.array([0.3, 0.5, 0.75, 1.0, 2.0, 50.0])
    one = surviving_share(scaled * 0.02, 0.1, 0.2)
    assert np.allclose(one, surviving_share(scaled * 3.0, 1.0, 3.0))
    assert one[0] == one[1] == 0 and one[-1] == pytest.approx(1)
    assert (np.diff(one[1:]) > 0).all()
    draws = np.random.default_rng(0).gamma(0.25, size=10**5)  # shape 3/4 - 1/2
    assert one[2] == pytest.approx(np.mean(draws > 0.1 * 0.75), abs=0.01)


def test_step_sizes_share_samples_and_diverged_runs_are_counted():
    short = SETTINGS | {"samples": 2000, "replicates": 4}
    three = survival(short | {"step_sizes": [0.02, 0.04, 3.0]})
    one = survival(short)
    again = three[three["step_size"] == 0.04].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, one)
    table = shares(three)
    assert set(table["step_size"]) == {0.02, 0.04}  # all runs of the third diverged
    assert (table["replicates"] == 4).all()
    lost = three.assign(diverged=three["diverged"] | (three["replicate"] == 0))
    table = shares(lost[lost["step_size"] < 1])
    assert (table["replicates"] == 3).all() and (table["diverged_share"] == 0.25).all()


def _planted(scaled, share, replicates, alike):
    """Runs with given shares; with ``alike``, a run's coordinates live and die together."""
    draw = np.random.default_rng(1)
    luck = draw.uniform(size=(replicates, 1 if alike else len(scaled)))
    lives = (luck < share).ravel()
    number = np.repeat(np.arange(replicates), len(scaled))
    columns = {"scaled_target": np.tile(scaled, replicates), "replicate": number, "alive": lives}
    return pd.DataFrame(columns | {"diverged": False})


def test_the_half_survival_target_of_planted_shares():
    """Shares of the Gamma law itself: they pass one half at .8124; at another law, elsewhere."""
    scaled = np.geomspace(0.3, 3, 24)
    for stretch in (1.0, 1.4):
        share = surviving_share(scaled / stretch, 1.0, 1.0)
        row = half_survival(_planted(scaled, share, 100, alike=False)).iloc[0]
        assert row["estimate"] == pytest.approx(0.8124 * stretch, rel=0.08)
        assert row["ci_low"] < 0.8124 * stretch < row["ci_high"] < 1.2 * row["ci_low"]


def test_coordinates_that_live_and_die_together_widen_the_interval():
    scaled = np.geomspace(0.3, 3, 24)
    share = surviving_share(scaled, 1.0, 1.0)
    rows = [half_survival(_planted(scaled, share, 100, alike)).iloc[0] for alike in (False, True)]
    apart, together = (np.log(row["ci_high"] / row["ci_low"]) for row in rows)
    assert together > 1.5 * apart
