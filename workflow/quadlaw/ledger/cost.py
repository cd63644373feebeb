"""What a configuration costs before it is run: core time, wall time, memory and disk.

The work is counted (:mod:`quadlaw.ledger.workload`) and multiplied by constants, which were
measured on one core of an AMD EPYC (AVX-512). Another machine differs by one factor, its
:func:`slowness`.
"""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.fit.experiments import POINT_SECONDS, SECONDS_PER_DRAW, SECONDS_PER_UPDATE
from quadlaw.ledger.workload import Load, Stream, loads
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import simulate

# Seconds of one core.
DRAW, UPDATE = 1.1e-9, 7.5e-11  # an input, a coordinate of a lane trained on it
STEP, LANE_STEP = 6.0e-8, 4.0e-9  # a sample, and each lane's share in it
REPLICATE, LANE = 1.0e-3, 3.0e-4  # a stream, and each of its lanes
POINT = 0.126  # kept in the store, with the hash of the code
SOLVE, PARTICLES, LOOK, SURVEY = 2.3e-4, 0.055, 1.0e-5, 1.0e-2
KERNEL = 7.0e-11  # a kernel's value in one feature, and what is done with that
JOB = 1.3  # imports, reading and writing
JOBS = {"figure": 7.3, "spectrum": 0.9, "fit_sweep": 2.3, "study_results": 4.3}
LAST = ("collect_fits", "theory_vs_sgd", "extinction", "claims")
START = 8.0  # Snakemake's own, once
PROBE = 0.097  # of the simulation that is timed on other machines

# Bytes.
PROCESS, NOTEBOOK = 330e6, 1160e6
COORDINATE, ROW, NUMBER = 40, 500, 4
RUN, LOOK_ON_DISK, FIGURE, JOB_ON_DISK = 120, 10, 0.96e6, 5e3

MOST_HOURS = 64.0  # core-hours on this machine, beyond which a run must be asked for


def estimate(config: dict, slow: float = 1.0) -> pd.DataFrame:
    """One row a rule, the costly ones first.

    Parameters
    ----------
    config : dict
        As from :func:`quadlaw.ledger.config.checked`.
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
    work += load.kernels * KERNEL
    jobs = load.jobs or _batches(load.streams, batch_seconds)
    seconds = work + jobs * JOBS.get(load.rule, JOB)
    longest = max(seconds / jobs, *points, 0) if load.jobs else min(seconds, 1.2 * POINT_SECONDS)
    runs = sum(stream.replicates * stream.lanes for stream in load.streams)
    disk = runs * RUN + load.looks * LOOK_ON_DISK
    disk += jobs * (FIGURE if load.rule == "figure" else JOB_ON_DISK)
    memory = _memory(load, (runs + load.looks) / jobs)
    times = {"seconds": seconds, "longest": longest}
    return {"jobs": jobs, "memory": memory, "disk": disk} | times


def _batches(streams: Sequence[Stream], seconds: float) -> int:
    """About as many as :func:`quadlaw.fit.experiments.batches` makes, by its own count of
    seconds."""
    costs = [
        one.samples * one.replicates
        * (one.largest * SECONDS_PER_DRAW + one.total * SECONDS_PER_UPDATE)
        for one in streams
    ]  # fmt: skip
    points = sum(max(1.0, cost / POINT_SECONDS) for cost in costs)  # a costly one is split
    return int(np.ceil(min(points, max(1.0, sum(costs) / seconds))))


def _memory(load: Load, rows: float) -> float:
    """Bytes of one job, whose table has that many rows."""
    if load.rule == "figure":
        return NOTEBOOK
    most = max(map(memory, load.streams), default=PROCESS)
    return most + ROW * rows + NUMBER * load.numbers


def memory(stream: Stream) -> float:
    """Bytes of a process that trains a stream's lanes."""
    return PROCESS + COORDINATE * (stream.total + stream.largest)


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


def require_affordable(seconds: float, memory: float, force: bool, job: str = "the run") -> None:
    """Refuse what does not fit into this machine, or takes ``MOST_HOURS`` of it, unless forced.

    Parameters
    ----------
    seconds, memory : float
        Core time on the machine measured, and bytes of the largest job.
    force : bool
        Whether to let it pass.
    job : str
        What to call the largest job.

    Raises
    ------
    ValueError
        ``force = False: reason``, with the estimate.
    """
    if force:
        return
    room, hours = machine_memory(), seconds / 3600
    needed = f"{job} needs about {memory / 1e9:.3g} GB of memory, this machine has {room / 1e9:.3g}"
    require(memory <= room, "force", force, needed)
    if hours > MOST_HOURS / 8:  # no machine is eight times as slow
        hours *= slowness()
    needed = f"all takes about {hours:.3g} core-hours of this machine, more than {MOST_HOURS:g}"
    require(hours <= MOST_HOURS, "force", force, needed)


def require_affordable_config(config: dict) -> None:
    """The same for a configuration, as from :func:`quadlaw.ledger.config.checked`."""
    table = estimate(config)
    largest = table.loc[table["memory_mb"].idxmax()]
    seconds, memory = table["core_seconds"].sum(), largest["memory_mb"] * 1e6
    require_affordable(seconds, memory, config["force"], f"a job of {largest['rule']}")
