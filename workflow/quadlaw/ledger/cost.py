"""What a configuration costs before it is run: core time, wall time, memory and disk.

The work is counted from the rows of the studies (:mod:`quadlaw.sgd.workload`) and multiplied by
constants, which were measured on one core of an AMD EPYC (AVX-512). Another machine differs by one
factor, its :func:`slowness`.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.ledger.plans import SOLVE, Plan, effort, tuned_works, tuning
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import simulate
from quadlaw.sgd.workload import PROCESS, Stream, stream_of

# Seconds of one core.
PARTICLES, LOOK = 0.055, 1.0e-5
KERNEL = 7.0e-11  # a kernel's value in one feature, and what is done with that
JOB = 1.3  # imports, reading and writing
JOBS = {"figure": 7.3, "spectrum": 0.9, "rate_fits": 4.3}
LAST = ("claims", "mean_field_table")
START = 8.0  # Snakemake's own, once
PROBE = 0.097  # of the simulation that is timed on other machines

# Bytes.
NOTEBOOK, ROW, NUMBER = 1160e6, 500, 4
TABLES = dict.fromkeys(("spectrum", "mean_field_table"), 200e6)  # which load no compiler
RUN, LOOK_ON_DISK, FIGURE, JOB_ON_DISK = 120, 10, 0.96e6, 5e3

MOST_HOURS = 64.0  # core-hours on this machine, beyond which a run must be asked for


@dataclass(frozen=True)
class Load:
    """The work of one rule for one study.

    ``streams`` are simulated; ``solves`` counts the theory's risks, in units of one at ``T = 10``
    (:func:`quadlaw.ledger.plans.effort`); ``looks`` are rows of weights over time; ``particles`` is
    the sum of ``sqrt(T)`` over the accurate solutions of the mean field; ``kernels`` are the values
    of kernels that are computed, each as many times as features are made of it, and ``numbers``
    those of the rows that are held at once.
    """

    rule: str
    jobs: int = 1
    streams: Sequence[Stream] = ()
    solves: float = 0.0
    looks: int = 0
    particles: float = 0.0
    kernels: float = 0.0
    numbers: float = 0.0

    def seconds(self) -> float:
        """Of one core, without what each job takes."""
        work = sum(stream.seconds() for stream in self.streams) + self.solves * SOLVE
        return work + self.particles * PARTICLES + self.looks * LOOK + self.kernels * KERNEL

    def cost(self) -> dict:
        """``jobs, seconds, longest``, and bytes of ``memory`` and ``disk``."""
        seconds = self.seconds() + self.jobs * JOBS.get(self.rule, JOB)
        runs = sum(stream.replicates * stream.lanes for stream in self.streams)
        disk = runs * RUN + self.looks * LOOK_ON_DISK
        disk += self.jobs * (FIGURE if self.rule == "figure" else JOB_ON_DISK)
        longest = max([seconds / self.jobs, *(stream.seconds() for stream in self.streams)])
        memory = self._memory((runs + self.looks) / self.jobs)
        times = {"seconds": seconds, "longest": longest}
        return {"jobs": self.jobs, "memory": memory, "disk": disk} | times

    def _memory(self, rows: float) -> float:
        """Of one job, whose table has that many rows."""
        if self.rule == "figure":
            return NOTEBOOK
        least = TABLES.get(self.rule, PROCESS)
        most = max((stream.memory() for stream in self.streams), default=least)
        return most + ROW * rows + NUMBER * self.numbers


def loads(plans: dict[str, Plan]) -> list[Load]:
    """All the work of :func:`quadlaw.ledger.plans.plans`, but for the last rules, which only
    collect tables.
    """
    works = [load for plan in plans.values() for load in _study(plan)]
    return [Load("figure", len(plans)), *works]


def _study(plan: Plan) -> list[Load]:
    extra = plan.study.extra(plan.settings)
    result = _simulated(plan, extra) if plan.study.simulates else []
    if "grid" in plan.settings:
        works = tuned_works(plan.settings["grid"])
        result.append(Load("tuned", len(plan.tuned), solves=sum(works)))
    return [*result, Load("rate_fits", **extra.get("rate_fits", {}))]


def _simulated(plan: Plan, extra: dict) -> list[Load]:
    once = [one for one in plan.points if one["range"][0] == 0]  # though it is split
    solves = sum((stream_of(one).lanes + _leaping(one)) * effort(one["samples"]) for one in once)
    streams = plan.study.streams(plan.rows, plan.points)
    return [
        Load("spectrum"),
        Load("design", solves=_steps(plan.rows)),
        Load("theory", solves=solves, **extra.get("theory", {})),
        Load("sgd_runs", len(plan.runs), streams, **extra.get("sgd_runs", {})),
    ]


def _leaping(point: dict) -> int:
    """Lanes in leaps."""
    return sum(lane.get("method", "steps") != "steps" for lane in point["lanes"])


def _steps(rows: pd.DataFrame) -> float:
    """Step sizes that the theory has to choose."""
    if "tuning" in rows:
        known = set(rows["tuning"].dropna())
        return sum(tuning(one.problem.alpha, one.problem.beta, one.samples) for one in known)
    if "step_size" in rows:
        return 0.0
    keys = ["model", "alpha", "beta", "sigma", "samples", "model_size"]
    each = rows[keys].drop_duplicates()
    return sum(tuning(row.alpha, row.beta, row.samples) for row in each.itertuples())


def estimate(plans: dict[str, Plan], slow: float = 1.0) -> pd.DataFrame:
    """One row a rule, the costly ones first.

    Parameters
    ----------
    plans : dict
        As from :func:`quadlaw.ledger.plans.plans`.
    slow : float, default 1
        This machine's :func:`slowness`.

    Returns
    -------
    DataFrame
        ``rule, jobs, core_seconds, longest_seconds``, ``memory_mb`` of the largest job and
        ``disk_mb``.
    """
    every = sorted([*loads(plans), *map(Load, LAST)], key=lambda load: load.rule)
    rows = [_rule(name, list(some)) for name, some in groupby(every, lambda one: one.rule)]
    table = pd.DataFrame(rows)
    times = ["core_seconds", "longest_seconds"]
    table[times] *= slow
    return table.sort_values("core_seconds", ascending=False, ignore_index=True)


def _rule(name: str, parts: list[Load]) -> dict:
    costs = [part.cost() for part in parts]
    return {
        "rule": name,
        "jobs": sum(cost["jobs"] for cost in costs),
        "core_seconds": sum(cost["seconds"] for cost in costs),
        "longest_seconds": max(cost["longest"] for cost in costs),
        "memory_mb": max(cost["memory"] for cost in costs) / 1e6,
        "disk_mb": sum(cost["disk"] for cost in costs) / 1e6,
    }


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


def require_affordable_plans(plans: dict[str, Plan], force: bool) -> None:
    """The same for all studies of a configuration."""
    table = estimate(plans)
    largest = table.loc[table["memory_mb"].idxmax()]
    seconds, memory = table["core_seconds"].sum(), largest["memory_mb"] * 1e6
    require_affordable(seconds, memory, force, f"a job of {largest['rule']}")
