"""The cost model beside the designs that it does not compute, and beside what jobs took."""

from functools import cache

import pandas as pd
import pytest

from configurations import CONFIG, changed, checked
from project import OUTPUT, ROOT
from quadlaw.fit.designs import STREAM, points
from quadlaw.ledger import cost
from quadlaw.ledger.config import for_study, read
from quadlaw.ledger.plans import plans
from quadlaw.models import MODELS
from quadlaw.sgd.workload import Stream, stream_of
from quadlaw.studies import names, study
from quadlaw.studies.data_reuse import CLOSED
from quadlaw.studies.robustness import NOISES
from quadlaw.studies.uniform_spectrum import DENSE, POWER_LAW, SPARSE
from quadlaw.theory.asymptotics import grid_cells

SIGNS = ("studies", "parameterizations")
REPLICATES = CONFIG["studies"]["parameterizations"]["replicates"]
SMOKE = ROOT / "config/smoke.yaml"
SIMULATED = [name for name in names() if study(name).simulates]
# Of the others: the theory alone, real data, and what draws on other studies' runs alone.
GRIDS, DATA, READERS = (
    ["asymptotics", "crossover", "tightness"],
    ["real_data"],
    ["collapse", "effective_dimension", "emergence"],
)


def seconds(config):
    return cost.estimate(plans(checked(config))).set_index("rule")["core_seconds"]


def simulated(config, name):
    """The loads of one study, but for its figure."""
    one = config | {"studies": {name: config["studies"][name]}}
    return [load for load in cost.loads(plans(one)) if load.rule != "figure"]


def test_studies_simulate_or_have_other_work():
    """One without rows that costs nothing would pass unnoticed else."""
    assert sorted([*SIMULATED, *GRIDS, *DATA, *READERS]) == names()
    config = checked(CONFIG)
    for name in names():
        costs = {load.rule: load.seconds() for load in simulated(config, name)}
        works = {rule for rule, seconds in costs.items() if seconds > 0}
        expected = {"sgd_runs", "theory"} if name in SIMULATED else set()
        expected |= {"tuned"} if "grid" in CONFIG["studies"][name] else set()
        expected |= {"rate_fits"} if name in DATA else set()
        assert works - {"design"} == expected, name
        assert bool(expected) == (name not in READERS)


@pytest.mark.parametrize("batch_seconds", [2, 30])
def test_the_tuned_jobs_of_a_study_share_the_cells_of_its_grid(batch_seconds):
    config = checked(changed(("batch_seconds",), batch_seconds))
    for name, plan in plans(config).items():
        grid = plan.settings.get("grid")
        cells = [cell for part in plan.tuned for cell in part]
        assert cells == (grid_cells(grid) if grid else []), name
    assert any(len(plan.tuned) > 1 for plan in plans(config).values())


def test_twice_the_replicates_take_twice_the_time_of_the_runs_alone():
    more = seconds(changed((*SIGNS, "replicates"), 2 * REPLICATES))
    before, name = seconds(CONFIG), SIGNS[1]
    loads = {load.rule: load.seconds() for load in simulated(checked(CONFIG), name)}
    added = more["sgd_runs"] - before["sgd_runs"]
    assert 0.5 * loads["sgd_runs"] < added <= 1.01 * loads["sgd_runs"]  # one problem keeps its own
    others = more.index.difference(["sgd_runs"])
    pd.testing.assert_series_equal(more[others], before[others])


@pytest.mark.slow
def test_slower_machines_take_longer_and_more_cores_less():
    listed = plans(checked(CONFIG))
    table, slow = cost.estimate(listed), cost.estimate(listed, 3.0)
    assert slow["core_seconds"].sum() == pytest.approx(3 * table["core_seconds"].sum())
    two, eight = cost.totals(table, 2), cost.totals(table, 8)
    assert eight["wall_seconds"] < two["wall_seconds"] / 2 and eight["memory_mb"] > two["memory_mb"]
    assert cost.totals(table, 10**4)["wall_seconds"] > table["longest_seconds"].max()
    assert 0.1 < cost.slowness() < 10


def test_memory_is_that_of_the_parameters_where_they_are_many():
    few, many = Stream(64, 2, 1, 10, 10), Stream(64, 2, 1000, 10**6, 10**9)
    assert many.memory() / 4e9 > 1 > few.memory() / 1e9  # 10^9 parameters of four bytes
    large, small = (cost.Load("sgd_runs", streams=[few, one]).cost() for one in (many, few))
    assert large["memory"] > many.memory() and small["memory"] < 1e9


def work(load):
    return sum(one.samples * one.replicates * one.total for one in load.streams)


# Closed forms of fixed samples take no steps; the others copy their inputs, once an epoch.
COPIED = {"data_reuse": (CLOSED, 3)}
# Settings that are run one by one, where others share their streams: targets, and label noises.
APART = {"uniform_spectrum": [POWER_LAW, SPARSE, DENSE], "robustness": list(NOISES)}


@cache
def smoke():
    return read([str(SMOKE)])


@pytest.mark.workflow
@pytest.mark.parametrize("name", SIMULATED)
def test_what_a_study_simulates_is_counted_exactly(undisturbed, name):
    config, one = smoke(), study(name)
    rows = one.rows(for_study(config, name))
    (load,) = [load for load in simulated(config, name) if load.rule == "sgd_runs"]
    streams = load.streams
    every = design = pd.read_parquet(undisturbed / OUTPUT / f"results/{name}/design.parquet")
    # The rows, counted without step sizes, are those of the design that was run.
    assert [stream_of(point) for point in points(rows)] == [
        stream_of(point) for point in points(design)
    ]
    closed, times = COPIED.get(name, ((), 1))
    if closed:
        every = design = design[~design["setting"].isin(closed)]
    written = list((undisturbed / OUTPUT / f"results/{name}/runs").glob("*.parquet"))
    assert load.jobs == len(written) > 0
    if "method" in design:  # runs in leaps update no coordinate at every step
        in_leaps = design["method"] != "steps"
        assert (sum(one.leaps for one in streams) > 0) == in_leaps.any()
        design = design[~in_leaps]
    features = design["model"].map(lambda model: MODELS[model].width).astype(float)
    lanes = design["replicates"] * features  # a feature costs as much as a lane
    number = 1.0
    if "draw" in design:  # each replicate meets one of its point's matrices
        number = design.groupby(STREAM)["draw"].transform("nunique")
    expected = times * (lanes / number * design["samples"] * design["model_size"]).sum()
    lanes = design["replicates"] / number
    if "draw" in design:  # their products count too
        assert expected < work(load) < 5 * expected
    else:
        assert work(load) == expected and (expected > 0) == (len(design) > 0)
    assert sum(one.replicates * one.lanes for one in streams) == pytest.approx(lanes.sum())
    setting = every.get("setting", pd.Series("", every.index))
    apart = setting.where(setting.isin(APART.get(name, [])), "")
    apart = every.index if closed else apart  # lanes run one after the other
    groups = every.assign(apart=apart).groupby([*STREAM, "apart"], as_index=False)
    assert sum(one.replicates for one in streams) == groups.first()["replicates"].sum()
    # A point that takes long is split, none of the smoke run's.
    assert len(streams) == groups.ngroups


@pytest.mark.workflow
def test_the_estimate_is_that_of_the_run_to_a_factor(undisturbed):
    """Of CPU time, which other work on the machine changes little."""
    took = pd.read_csv(undisturbed / OUTPUT / "results/benchmark.csv").set_index("rule")
    table = cost.estimate(plans(smoke()), cost.slowness())
    table = table.set_index("rule").drop("figure")  # whose kernels alone say how long they took
    assert set(table.index) == set(took.index) - {"figure"}
    assert 1 / 3 < table["core_seconds"].sum() / took.loc[table.index, "cpu_seconds"].sum() < 3
    memory = (table["memory_mb"] / took["peak_memory_mb"]).dropna()
    assert memory.between(1 / 3, 3).all()
