"""What a configuration costs before it is run: core time, wall time, memory and disk.

The work is counted (:mod:`quadlaw.workload`) and multiplied by constants, which were measured on one
core of an AMD EPYC (AVX-512). Another machine differs by one factor, its :func:`slowness`.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import groupby

import numpy as np
import pandas as pd

from quadlaw.checks import require
from quadlaw.problem import PowerLaw
from quadlaw.sgd import simulate
from quadlaw.workload import Load, Stream, loads

# Seconds of one core.
DRAW, UPDATE = 1.1e-9, 7.5e-11  # an input, a coordinate of a lane trained on it
STEP, LANE_STEP = 6.0e-8, 4.0e-9  # a sample, and each lane's share in it
REPLICATE, LANE = 1.0e-3, 3.0e-4  # a stream, and each of its lanes
POINT = 0.126  # kept in the store, with the hash of the code
POINT_SECONDS = 30.0  # the work of a job of sweeps, and the longest point
SOLVE, PARTICLES, LOOK, SURVEY = 2.3e-4, 0.055, 1.0e-5, 1.0e-2
JOB = 1.3  # imports, reading and writing
JOBS = {"figure": 7.3, "spectrum": 0.9, "fit_sweep": 2.3, "study_results": 4.3}
LAST = ("collect_fits", "theory_vs_sgd", "extinction", "claims")
START = 8.0  # Snakemake's own, once
PROBE = 0.12  # of the simulation that is timed elsewhere

# Bytes.
PROCESS, NOTEBOOK = 330e6, 1160e6
COORDINATE, ROW = 40, 500
RUN, LOOK_ON_DISK, FIGURE, JOB_ON_DISK = 120, 10, 0.96e6, 5e3

MOST_HOURS = 64.0  # core-hours on this machine, beyond which a run must be asked for


def estimate(config: dict, slow: float = 1.0) -> pd.DataFrame:
    """One row a rule, the costly ones first.

    Parameters
    ----------
    config : dict
        As from :func:`quadlaw.config.checked`.
    slow : float, default 1
        This machine's :func:`slowness`.

    Returns
    -------
    DataFrame
        ``rule, jobs, core_seconds, longest_seconds``, ``memory_mb`` of the largest job and
        ``disk_mb``.
    """
    every = sorted(loads(config) + [Load(rule, 1) for rule in LAST], key=lambda load: load.rule)
    rows = [_rule(name, list(some), config) for name, some in groupby(every, lambda one: one.rule)]
    table = pd.DataFrame(rows)
    times = ["core_seconds", "longest_seconds"]
    table[times] *= slow
    return table.sort_values("core_seconds", ascending=False, ignore_index=True)


def _rule(name: str, parts: list[Load], config: dict) -> dict:
    costs = [_load(part, config["batch_seconds"]) for part in parts]
    return {
        "rule": name,
        "jobs": sum(cost["jobs"] for cost in costs),
        "core_seconds": sum(cost["seconds"] for cost in costs),
        "longest_seconds": max(cost["longest"] for cost in costs),
        "memory_mb": max(cost["memory"] for cost in costs) / 1e6,
        "disk_mb": sum(cost["disk"] for cost in costs) / 1e6,
    }


def _load(load: Load, batch_seconds: float) -> dict:
    points = [simulation(stream) for stream in load.streams]
    work = sum(points) + load.solves * SOLVE + load.particles * PARTICLES + load.looks * LOOK
    jobs = load.jobs or _batches(points, batch_seconds)
    seconds = work + jobs * JOBS.get(load.rule, JOB)
    longest = max(seconds / jobs, *points, 0) if load.jobs else min(seconds, 1.2 * POINT_SECONDS)
    runs = sum(stream.replicates * stream.lanes for stream in load.streams)
    disk = runs * RUN + load.looks * LOOK_ON_DISK + jobs * JOB_ON_DISK
    return {
        "jobs": jobs, "seconds": seconds, "longest": longest, "memory": _memory(load, (runs + load.looks) / jobs),
        "disk": disk + FIGURE * jobs * (load.rule == "figure"),
    }  # fmt: skip


def _batches(points: list[float], seconds: float) -> int:
    """About as many as :func:`quadlaw.experiments.batches` makes; a costly point is split."""
    parts = sum(max(1.0, point / POINT_SECONDS) for point in points)
    return int(np.ceil(min(parts, max(1.0, sum(points) / seconds))))


def _memory(load: Load, rows: float) -> float:
    """Bytes of one job, whose table has that many rows."""
    if load.rule == "figure":
        return NOTEBOOK
    widest = max((stream.total + stream.largest for stream in load.streams), default=0)
    return PROCESS + COORDINATE * widest + ROW * rows


def simulation(stream: Stream) -> float:
    """Seconds of one core for all replicates of a stream."""
    sample = STEP + stream.largest * DRAW + stream.lanes * LANE_STEP + stream.total * UPDATE
    once = REPLICATE + stream.lanes * LANE
    return POINT + stream.replicates * (once + stream.samples * sample)


def totals(table: pd.DataFrame, cores: int) -> dict:
    """``core_seconds, wall_seconds, memory_mb, disk_mb`` of :func:`estimate`'s table on ``cores``.

    Memory: as many of the largest jobs at once as there are cores.
    """
    work = table["core_seconds"].sum()
    largest = table.sort_values("memory_mb", ascending=False)
    largest = largest.loc[largest.index.repeat(largest["jobs"].clip(upper=cores))]
    wall = START + max(work / cores, table["longest_seconds"].max())
    return {
        "cores": cores,
        "core_seconds": work,
        "wall_seconds": wall,
        "memory_mb": largest["memory_mb"].head(cores).sum(),
        "disk_mb": table["disk_mb"].sum(),
    }


def slowness() -> float:
    """How much longer this machine takes than the one measured: a short simulation, timed."""
    probe = partial(
        simulate, PowerLaw(2.5, 1.5, 0.5), model_size=1024, samples=8192,
        step_size=np.geomspace(1e-3, 1e-2, 16), init=0.1, replicates=4,
    )  # fmt: skip
    probe()  # compiled, or loaded
    return min(_seconds(probe) for _ in range(5)) / PROBE


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def machine_memory() -> float:
    """Bytes of memory of this machine."""
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def require_affordable(seconds: float, memory: float, key: str, force: object) -> None:
    """Refuse work that this machine could not hold, or that takes ``MOST_HOURS`` of its cores.

    Parameters
    ----------
    seconds, memory : float
        Of one core of the machine measured, and bytes of the largest job.
    key : str
        What the user sets to run it all the same.
    force : object
        Its value now.

    Raises
    ------
    ValueError
        ``key = value: reason`` with the estimate.
    """
    room, hours = machine_memory(), seconds / 3600
    reason = f"a job would take about {memory / 1e9:.3g} GB of this machine's {room / 1e9:.3g} GB"
    require(memory <= room, key, force, reason)
    if hours > MOST_HOURS / 8:  # no machine is eight times as slow
        hours *= slowness()
    reason = f"it would take about {hours:.3g} core-hours of this machine (at most {MOST_HOURS:g})"
    require(hours <= MOST_HOURS, key, force, reason)


def require_affordable_config(config: dict) -> None:
    """Refuse a configuration that costs too much, as :func:`require_affordable`, unless forced."""
    if not config["force"]:
        table = estimate(config)
        memory = table["memory_mb"].max() * 1e6
        require_affordable(table["core_seconds"].sum(), memory, "force", config["force"])
