"""One point of a study's design: its runs, and the key under which they are kept.

A module of its own, so that the key's hash of the code is that of what makes the runs.
"""

import hashlib

import pandas as pd

from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.run import run_lanes
from quadlaw.sgd.schedules import named


def replicates_of(point: dict, first: int = 0, every: int = 1) -> range:
    """The replicates of a point, or every so many of them, counted from the ``first``."""
    low, stop = point.get("range", (0, point["replicates"]))
    return range(low + (first - low) % every, stop, every)


def labels_of(point: dict) -> dict:
    """What all lanes of a point have."""
    return {key: value for key, value in point.items() if key not in ("lanes", "range")}


def run_point(
    point: dict, seed: int, dtype: str, problem: PowerLaw | Finite | None = None
) -> pd.DataFrame:
    """Runs of one point, as of :func:`quadlaw.sgd.run.run_lanes`, with the lanes' labels.

    ``problem`` is by default the power law of the point's ``alpha, beta, sigma``.
    """
    lanes = pd.DataFrame(point["lanes"])
    problem = problem or PowerLaw(point["alpha"], point["beta"], point["sigma"])
    runs = run_lanes(
        problem.spectrum(lanes["model_size"].max()), lanes, point["samples"],
        replicates=replicates_of(point), seed=seed, dtype=dtype,
        schedule=named(point["schedule"]),
    )  # fmt: skip
    return runs.assign(replicates=point["replicates"])


def point_key(point: dict, seed: int, dtype: str, code: str) -> dict:
    """All that a point's runs depend on."""
    lanes = hashlib.sha256(repr(point["lanes"]).encode()).hexdigest()
    return {"point": point | {"lanes": lanes}, "seed": seed, "dtype": dtype, "code": code}
