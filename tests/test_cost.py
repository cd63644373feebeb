"""The cost model beside the designs that it does not compute, and beside what jobs took."""

import pandas as pd
import pytest

from configurations import CONFIG, changed, checked
from project import OUTPUT
from quadlaw.fit.designs import STREAM
from quadlaw.ledger import cost
from quadlaw.ledger.config import read
from quadlaw.ledger.workload import STREAMS, Stream, study_streams
from quadlaw.models import MODELS

SWEEP = ("sweeps", "sample_scaling")
REPLICATES = CONFIG["sweeps"]["sample_scaling"]["replicates"]


def seconds(config):
    return cost.estimate(checked(config)).set_index("rule")["core_seconds"]


def test_twice_the_replicates_take_twice_the_time_of_the_runs_alone():
    more = seconds(changed((*SWEEP, "replicates"), 2 * REPLICATES))
    before = seconds(CONFIG)
    assert more["runs"] > 1.1 * before["runs"]
    others = more.index.difference(["runs"])
    pd.testing.assert_series_equal(more[others], before[others])


@pytest.mark.slow
def test_slower_machines_take_longer_and_more_cores_less():
    config = checked(CONFIG)
    table, slow = cost.estimate(config), cost.estimate(config, 3.0)
    assert slow["core_seconds"].sum() == pytest.approx(3 * table["core_seconds"].sum())
    two, eight = cost.totals(table, 2), cost.totals(table, 8)
    assert eight["wall_seconds"] < two["wall_seconds"] / 2 and eight["memory_mb"] > two["memory_mb"]
    assert cost.totals(table, 10**4)["wall_seconds"] > table["longest_seconds"].max()
    assert 0.1 < cost.slowness() < 10


def test_memory_is_that_of_the_parameters_where_they_are_many():
    few, many = Stream(64, 2, 1, 10, 10), Stream(64, 2, 1000, 10**6, 10**9)
    assert cost.memory(many) / 4e9 > 1 > cost.memory(few) / 1e9  # 10^9 parameters of four bytes


@pytest.mark.workflow
@pytest.mark.parametrize("name", STREAMS)
def test_what_a_study_simulates_is_counted_exactly(finished, name):
    config = read([str(finished / "config/smoke.yaml")])
    streams = study_streams(name, config["studies"][name])
    design = pd.read_parquet(finished / OUTPUT / f"results/{name}/design.parquet")
    features = design["model"].map(lambda model: MODELS[model].width)
    lanes = design["replicates"] * features  # a feature costs as much as a lane
    work = (lanes * design["samples"] * design["model_size"]).sum()
    counted = sum(one.samples * one.replicates * one.total for one in streams)
    if "draw" in design:  # each replicate meets one of the matrices, whose products count too
        number = design["draw"].nunique()
        lanes, work = design["replicates"] / number, work / number
        assert work < counted < 5 * work
    else:
        assert counted == work
    assert sum(one.replicates * one.lanes for one in streams) == lanes.sum()
    each = 3 if name == "uniform_spectrum" else 1  # targets that are run one by one
    assert len(streams) == each * design.groupby(STREAM).ngroups


@pytest.mark.workflow
def test_the_estimate_is_that_of_the_run_to_a_factor(finished):
    """Of CPU time, which other work on the machine changes little."""
    took = pd.read_csv(finished / OUTPUT / "results/benchmark.csv").set_index("rule")
    table = cost.estimate(read([str(finished / "config/smoke.yaml")]), cost.slowness())
    table = table.set_index("rule").drop("figure")  # whose kernels alone say how long they took
    assert set(table.index) == set(took.index) - {"figure"}
    assert 1 / 3 < table["core_seconds"].sum() / took.loc[table.index, "cpu_seconds"].sum() < 3
    memory = (table["memory_mb"] / took["peak_memory_mb"]).dropna()
    assert memory.between(1 / 3, 3).all()
