"""Speed of `quadlaw.simulate` beside NumPy, PyTorch and JAX doing the same work on one core.

Rounds alternate between the implementations, and ratios are taken round by round, so that a
machine that slows down slows all. Before anything is timed, all must reach the same risk. Writes
speed.md, speed.json and the figure speed.{png,pdf,svg}.
"""

import os

# Before any library starts its threads. What binds all of them is the last line.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import argparse
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

import numpy as np

import report
from anatomy import ceiling, fitted, growth, parts, seconds
from rivals import PROBLEM, QUADLAW, Work, available

# Small and long enough that schedule, order of the step sizes and noise beyond the model all show.
GUARD, GUARD_SEEDS = Work(size=8, lanes=4, samples=1024, step_size=0.1), 48
TOLERANCE = 0.2  # of the risk above its least value: about four standard errors
LIBRARIES = ("numpy", "numba", "llvmlite", "torch", "jax", "jaxlib", "quadlaw")


@dataclass(frozen=True)
class Plan:
    """What to measure; ``target`` is the length of one measurement in seconds."""

    sizes: tuple[int, ...] = (256, 1024, 4096)
    lanes: tuple[int, ...] = (1, 16, 64, 128)
    rounds: int = 5
    target: float = 0.16
    growth: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("size", (256, 512, 1024, 2048, 4096, 8192)),
        ("samples", (2048, 4096, 8192, 16384, 32768, 65536)),
        ("lanes", (1, 4, 16, 64, 256)),
    )
    base: tuple[tuple[str, int], ...] = (("size", 1024), ("samples", 8192), ("lanes", 16))


QUICK = Plan(
    sizes=(32, 64),
    lanes=(1, 4),
    rounds=2,
    target=0.01,
    growth=(("size", (16, 32)), ("samples", (64, 128)), ("lanes", (1, 2))),
    base=(("size", 32), ("samples", 64), ("lanes", 2)),
)


def check_agreement(found: dict) -> dict[str, float]:
    """Largest relative difference of a lane's mean risk, above its least value, from quadlaw's.

    Ends the program where it is beyond the tolerance, since then the work is not the same.
    """
    reference = _learnable_risk(found[QUADLAW], 4 * GUARD_SEEDS)
    others = [name for name in found if name != QUADLAW]
    differences = {}
    for name in others:
        ratio = _learnable_risk(found[name], GUARD_SEEDS) / reference
        differences[name] = float(np.max(np.abs(ratio - 1)))
        if not differences[name] <= TOLERANCE:  # also for nan
            sys.exit(
                f"{name}: mean final risk differs from quadlaw's by {differences[name]:.1%}, "
                f"more than {TOLERANCE:.0%}: not the same work, nothing was timed"
            )
    return differences


def _learnable_risk(prepare: Callable, seeds: int) -> np.ndarray:
    """Mean final risk of each lane less what lies beyond any model of this size."""
    run = prepare(GUARD)
    return np.mean([run(seed) for seed in range(seeds)], axis=0) - PROBLEM.tail(GUARD.size)


def compare(found: dict, size: int, lanes: int, plan: Plan) -> list[dict]:
    """Nanoseconds a coordinate-update of every implementation, and the ratio to quadlaw's."""
    ready = {name: fitted(prepare, size, lanes, plan.target) for name, prepare in found.items()}
    times = {name: [] for name in ready}
    for seed in range(1, plan.rounds + 1):
        for name, (work, run) in ready.items():
            times[name].append(1e9 * seconds(run, seed) / work.updates)
    return [
        {"size": size, "lanes": lanes, "implementation": name, "samples": ready[name][0].samples}
        | _spread("ns", np.array(taken))
        | _spread("ratio", np.array(taken) / np.array(times[QUADLAW]))
        for name, taken in times.items()
    ]


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0, 0.5, 1]).tolist()
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def machine() -> dict:
    """The processor's name and the versions of what is compared."""
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = None
    return {"processor": _processor(), "versions": versions}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def measure(plan: Plan) -> dict:
    """All measurements, as the JSON file has them."""
    found, missing = available()
    for name, reason in missing.items():
        print(f"{name} is skipped: {reason}", file=sys.stderr)
    results = machine() | {"skipped": missing, "tolerance": TOLERANCE}
    results["differences"] = check_agreement(found)
    cases = list(product(plan.sizes, plan.lanes))
    results["comparison"], results["parts"] = [], []
    for size, lanes in cases:
        print(f"M = {size}, lanes: {lanes}", file=sys.stderr)
        results["comparison"] += compare(found, size, lanes, plan)
        results["parts"].append(parts(size, lanes, plan.target, plan.rounds))
    results["growth"] = [
        row
        for vary, values in plan.growth
        for row in growth(vary, list(values), dict(plan.base), plan.rounds)
    ]
    results["growth_base"] = dict(plan.base)
    results["ceiling"] = ceiling(plan.target / 4, plan.rounds)
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, in seconds, for a test")
    parser.add_argument("--output", default="figures", type=Path, help="folder (default figures)")
    arguments = parser.parse_args()
    report.write(measure(QUICK if arguments.quick else Plan()), arguments.output)
