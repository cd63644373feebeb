"""Weights over time: what is looked at, and the theory's front."""

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw
from quadlaw.fit.designs import points
from quadlaw.ledger.config import for_study, read
from quadlaw.studies import study
from quadlaw.studies.phase_transition import predicted_front

STUDY = study("phase_transition")
SETTINGS = for_study(read([]), "phase_transition")


def test_trajectory_follows_log_spaced_coordinates():
    small = {"samples": 500, "model_size": 30, "coordinates": 8, "times": 10, "replicates": 2}
    settings = SETTINGS | {"problems": SETTINGS["problems"][:1]} | small
    (point,) = points(STUDY.design(settings))
    longer = PowerLaw(**settings["problems"][0], sigma=settings["sigma"]).spectrum(50)
    table = STUDY.run_point(point, 0, "float32", listed=longer)
    coordinates = np.sort(table["coordinate"].unique())
    assert coordinates[0] == 1 and coordinates[-1] == 30 and len(coordinates) <= 8
    assert (table["adaptation_steps"] == 250).all()
    assert table["time"].min() == 0 and table["time"].max() == 500
    assert set(table["replicate"]) == {0, 1}
    pd.testing.assert_frame_equal(table, STUDY.run_point(point, 0, "float32"))


@pytest.mark.slow
def test_the_predicted_front_moves_at_its_rate():
    """Growth times divided by their logarithm grow as ``i^((alpha + beta) / 2)``."""
    settings = SETTINGS | {
        "problems": [{"alpha": 2.5, "beta": 1.5}], "sigma": 0.5, "samples": 2**17,
        "model_size": 64, "times": 200, "coordinates": 24, "step_constant": 0.05,
        "init_scale": 0.05, "schedule": "two-phase 0.5",
    }  # fmt: skip
    weights = STUDY.predicted(STUDY.design(settings))
    assert (weights["quartile_low"] <= weights["ratio"]).all()
    assert (weights["ratio"] <= weights["quartile_high"]).all()
    last = weights[weights["time"] == weights["time"].max()].set_index("coordinate")["ratio"]
    assert last[1] == pytest.approx(1, abs=0.01) and last[64] < 0.5
    every = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5}
    window = {"window_low": 3, "window_high": 14}
    fits = pd.DataFrame([every | window | {"against": name} for name in ("eta t", "eta t / log")])
    slopes = predicted_front(weights, fits).set_index("against")["theory"]
    assert slopes["eta t / log"] == pytest.approx(2.0, abs=0.06)
    assert abs(slopes["eta t"] - slopes["eta t / log"]) > 0.02
