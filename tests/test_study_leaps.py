"""The study of leaps: both methods on one point, ratios of risks, costs that do not grow."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.models.leaps_loop import COLUMNS
from quadlaw.sgd.workload import stream_of
from quadlaw.studies import leaps, study

STUDY = study("leaps")
SETTINGS = leaps.SMOKE | {"size_factor": 4, "sigma": 0.5, "schedule": "two-phase 0.5"}


@pytest.fixture(scope="module")
def rows():
    return STUDY.rows(SETTINGS)


def test_both_methods_run_on_one_point_and_every_accuracy_on_another(rows):
    found = {
        (point["samples"], *sorted({lane["method"] for lane in point["lanes"]}))
        for point in points(rows)
    }
    assert found == {(512, "leaps 0.5", "steps"), (4096, "leaps 0.5", "leaps 1")}
    assert (rows["setting"] == rows["method"]).all()


def test_lanes_in_leaps_cost_no_coordinates_but_blocks_of_runs(rows):
    for point in points(rows):
        stream = stream_of(point)
        lanes = [lane for lane in point["lanes"] if lane["method"] == "steps"]
        assert stream.lanes == len(lanes)
        assert stream.total == sum(lane["model_size"] for lane in lanes)
        blocks = point["replicates"] // COLUMNS
        assert stream.leaps == blocks * COLUMNS * (len(point["lanes"]) - len(lanes)) > 0
        assert stream.seconds() > 0
        # Of a coordinate, the parameters of a block of runs and a normal for each are held.
        held = 2 * 4 * COLUMNS * stream.largest
        assert stream.memory() > stream._replace(leaps=0).memory() + held
    one_more = blocks * COLUMNS + 1
    more = stream_of(point | {"range": [0, one_more], "replicates": one_more})
    assert more.leaps * blocks == (blocks + 1) * stream.leaps


def test_ratios_are_one_for_the_same_runs_and_tell_others_apart(rows):
    draw = np.random.default_rng(0)
    law = rows[rows["part"] == "law"].loc[lambda frame: frame.index.repeat(200)]
    runs = law.assign(replicate=np.arange(len(law)) % 200, diverged=False, adapted=0, learned=0)
    runs["excess_risk"] = draw.normal(1, 0.1, len(runs))
    runs.loc[runs["method"] == "leaps 0.5", "excess_risk"] *= 1.2
    long = rows[rows["part"] == "accuracy"].loc[lambda frame: frame.index.repeat(9)]
    long = long.assign(replicate=np.arange(len(long)) % 9, diverged=False, adapted=0, learned=0)
    long["excess_risk"] = 1 + 0.01 * (long["replicate"] - 4)
    labels = {"step_size": 0.1}
    runs = pd.concat([runs, long], ignore_index=True).drop(columns="tuning").assign(**labels)
    theory = rows.drop(columns="tuning").assign(theory=0.8, **labels)
    curves, estimates = leaps.results({"runs": runs, "theory": theory}, SETTINGS)
    found = estimates.set_index("quantity")
    assert found.loc["mean ratio", "estimate"].to_numpy() == pytest.approx(1.2, abs=0.03)
    assert (found.loc["mean ratio", "ci_low"] > 1).all()
    assert found.loc["spread ratio", "estimate"].to_numpy() == pytest.approx(1.2, abs=0.2)
    assert found.loc["mean over theory", "estimate"].to_numpy() == pytest.approx(1.25)
    assert set(curves["part"]) == {"law", "accuracy", "cost"}


def test_a_step_in_leaps_updates_fewer_coordinates_the_longer_the_run():
    costs = pd.DataFrame(leaps._costs({"alpha": 3.0, "beta": 1.5}, SETTINGS))
    wide = costs.pivot(index="samples", columns="setting", values="updates")
    assert wide["steps"].is_monotonic_increasing and wide["leaps 0.5"].is_monotonic_decreasing
    assert wide["leaps 0.5"].iloc[-1] < 1 < wide["steps"].iloc[0]
